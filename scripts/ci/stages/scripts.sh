#!/usr/bin/env bash
# The scripts themselves, and the lock files of npm.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_command shellcheck shellcheck
need_command git git

mapfile -t scripts < <(git grep --untracked -lE '^#!.*\bbash\b|^# shellcheck shell=bash')
echo "shellcheck of ${#scripts[@]} scripts"
shellcheck --external-sources "${scripts[@]}"

# A lock file with download addresses ties the project to one registry host.
if git grep --untracked -n '"resolved": *"http' -- '*package-lock.json'; then
  die 'these lock files hold download addresses: npm install --omit-lockfile-registry-resolved'
fi
