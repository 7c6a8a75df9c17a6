#!/usr/bin/env bash
# The dependency rule: the core stays free of I/O, library crates never know each other.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_rust
need_python
python3 scripts/ci/check_dependencies.py
