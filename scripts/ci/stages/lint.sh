#!/usr/bin/env bash
# Clippy on everything.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_rust
cargo clippy --workspace --all-targets --all-features -- -D warnings
