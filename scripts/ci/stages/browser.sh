#!/usr/bin/env bash
# The page in a real browser against the server.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_file tests/browser/package-lock.json
need_command chromium chromium fonts-liberation
npm_ci tests/browser
need_server
npm test --prefix tests/browser
