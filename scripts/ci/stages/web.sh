#!/usr/bin/env bash
# The page: types and lint, tests, and its committed build is what its source gives.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_file examples/server/web/package-lock.json
need_command git git
page=examples/server/web
npm_ci "$page"
npm run --prefix "$page" check
npm run --prefix "$page" --if-present test
npm run --prefix "$page" build

need_file "$page/dist/index.html"
git diff --exit-code --stat -- "$page/dist" || die "$page/dist is not what the source builds: commit the build"
untracked=$(git ls-files --others --exclude-standard -- "$page/dist")
[[ -z $untracked ]] || die "not committed: $untracked"
