#!/usr/bin/env bash
# Unit and integration tests, with the services for stores and the third-party provider mocks at their side.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_nextest
# Before they start, so that they do not wait for a compiler.
build_binaries
tests/services/run tests/rigs/run cargo nextest run --workspace --all-features --no-fail-fast
