#!/usr/bin/env bash
# The strict oracle of request bodies catches wrong shapes and accepts right ones.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

python_venv oracle "$ROOT/tests/oracle/requirements.txt"
"$SCORPIO_TOOLS/oracle/bin/python" tests/oracle/oracle.py --self-test
