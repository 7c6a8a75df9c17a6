# shellcheck shell=bash
# Sourced by scripts/test and by every stage: where things are, and how they are built.

set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cd "$ROOT"
export ROOT

# One target folder for all stages, so that none compiles what another already has.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$ROOT/target}
export SCORPIO_TOOLS=${SCORPIO_TOOLS:-$ROOT/.cache/tools}
# Once only: build scripts that look at PATH run again when it changes.
[[ $PATH == "$SCORPIO_TOOLS/bin:"* ]] || export PATH=$SCORPIO_TOOLS/bin:$PATH

export RUFF_CACHE_DIR=$ROOT/.cache/ruff
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PYTHONUTF8=1
export npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false

if [[ ${CI-} == true ]]; then
  # A fresh clone is built once: no use for incremental state or for debug information.
  export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_TERM_PROGRESS_WHEN=never
fi

die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# A part of the project that a stage cannot do without.
need_file() {
  [[ -e $ROOT/$1 ]] || die "$1 is missing, and this stage tests it"
}
