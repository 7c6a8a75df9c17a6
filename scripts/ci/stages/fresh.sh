#!/usr/bin/env bash
# A new project outside the workspace, on the bare core: the program that the documentation marks
# with `<!-- ci: fresh-project -->` is short, compiles, runs and drags in no I/O.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_rust
need_python
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT

mkdir "$project/src"
python3 scripts/ci/extract_block.py fresh-project README.md docs/src >"$project/src/main.rs"
lines=$(wc -l <"$project/src/main.rs")
[[ $lines -lt 30 ]] || die "the program has $lines lines, and we promise under 30"

cat >"$project/Cargo.toml" <<TOML
[package]
name = "fresh"
version = "0.0.0"
edition = "2024"

[dependencies]
scorpio = { path = "$ROOT", default-features = false }
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

[workspace]
TOML
# The versions that we test with, so that a release elsewhere cannot break this run.
cp Cargo.lock "$project/Cargo.lock"

cd "$project"
output=$(cargo run --quiet)
[[ -n $output ]] || die 'the program printed nothing'
echo "$lines lines printed: $output"

tree=$(cargo tree --edges normal --prefix none --format '{p}')
if grep -E '^(reqwest|sqlx[a-z-]*|axum[a-z-]*|bollard[a-z-]*|rmcp[a-z-]*) ' <<<"$tree"; then
  die 'a project with default-features = false must not depend on these'
fi
