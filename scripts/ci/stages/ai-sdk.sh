#!/usr/bin/env bash
# The AI SDK's own client against the server.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_file tests/ai-sdk/package-lock.json
npm_ci tests/ai-sdk
need_server
npm test --prefix tests/ai-sdk
