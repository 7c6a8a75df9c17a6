#!/usr/bin/env bash
# No other toolchain is at hand, so the promised minimum Rust version is checked on paper: the lock
# file is current, every package of ours states the version, and no dependency wants a newer one.
# (Clippy adds its part in `lint`: it warns of standard library calls newer than that version.)
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_rust
need_python
cargo metadata --locked --format-version 1 | python3 scripts/ci/check_msrv.py
