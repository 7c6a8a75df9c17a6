#!/usr/bin/env bash
# with_mock_openai.sh COMMAND...: under tests/rigs/run, COMMAND finds the mock where it expects OpenAI.
set -euo pipefail
export OPENAI_BASE_URL=$SCORPIO_RIG_AIMOCK_URL/v1 OPENAI_API_KEY=rig-key
exec "$@"
