#!/usr/bin/env bash
# The book, with every chapter of its table of contents in place.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_file docs/book.toml
need_mdbook
book=$CARGO_TARGET_DIR/book
log=$(mktemp)
trap 'rm -f "$log"' EXIT
mdbook build docs --dest-dir "$book" 2>&1 | tee "$log"
! grep -qE '\b(WARN|ERROR)\b' "$log" || die 'the book has warnings'
