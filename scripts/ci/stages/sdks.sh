#!/usr/bin/env bash
# The vendors' own SDKs hold a conversation with the test kit's strict provider.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

python_venv oracle "$ROOT/tests/oracle/requirements.txt"
build_binaries
"$SCORPIO_TOOLS/oracle/bin/python" tests/sdks/conversations.py "$CARGO_TARGET_DIR/debug/scorpio-testkit"
