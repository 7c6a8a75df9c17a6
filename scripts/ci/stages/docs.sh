#!/usr/bin/env bash
# The API documentation, warnings (such as a broken link) denied.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_rust
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --workspace --all-features
