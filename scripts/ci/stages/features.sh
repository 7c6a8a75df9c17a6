#!/usr/bin/env bash
# The facade with each feature alone, with none, and as it comes; warnings denied. Clippy rather
# than check, as only it can deny the warnings of our crates without rebuilding all the others.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_rust
need_python
mapfile -t features < <(
  cargo metadata --no-deps --format-version 1 | python3 -c '
import json, sys
packages = json.load(sys.stdin)["packages"]
facade = next(package for package in packages if package["name"] == "scorpio")
print(*sorted(set(facade["features"]) - {"default"}), sep="\n")'
)
[[ ${#features[@]} -gt 0 ]] || die 'the facade has no features to check'

lint() {
  echo "--- $*"
  cargo clippy --quiet --package scorpio "$@" -- -D warnings
}

lint --no-default-features
lint
for feature in "${features[@]}"; do lint --no-default-features --features "$feature"; done
