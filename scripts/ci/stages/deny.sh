#!/usr/bin/env bash
# Bans, licences and sources of all dependencies. Advisories are left out: their database is fetched
# from a place that this run may not reach.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_cargo_deny
cargo deny --workspace --all-features check --hide-inclusion-graph bans licenses sources
