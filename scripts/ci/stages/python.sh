#!/usr/bin/env bash
# The Python package as a user gets it: built as a wheel, installed into an empty environment, then
# tested with real services at its side, type-checked and driven by the README's own program.
# shellcheck source=scripts/ci/env.sh
source "$(dirname "${BASH_SOURCE[0]}")/../env.sh"
# shellcheck source=scripts/ci/tools.sh
source "$ROOT/scripts/ci/tools.sh"

need_file scorpio-py/pyproject.toml
need_rust
python_venv python "$ROOT/scripts/ci/requirements/python.txt"
tools=$SCORPIO_TOOLS/python/bin

"$tools/ruff" check scorpio-py
"$tools/ruff" format --check scorpio-py
"$tools/ruff" check scripts tests
"$tools/ruff" format --check --line-length 110 scripts tests

wheels=$CARGO_TARGET_DIR/wheels
rm -rf "$wheels"
# The development profile: what is tested is behaviour, and it shares the compiled dependencies.
"$tools/maturin" build --profile dev --interpreter "$tools/python" \
  --manifest-path scorpio-py/Cargo.toml --target-dir "$CARGO_TARGET_DIR" --out "$wheels"

clean=$CARGO_TARGET_DIR/python-environment
rm -rf "$clean"
python3 -m venv "$clean"
"$clean/bin/pip" install --quiet --requirement scripts/ci/requirements/wheel.txt "$wheels"/*.whl
if [[ -e scorpio-py/tests/requirements.txt ]]; then
  "$clean/bin/pip" install --quiet --requirement scorpio-py/tests/requirements.txt
fi

# What the package talks to: a strict provider, and the services of its stores.
cargo build --locked --package scorpio-testkit
export SCORPIO_TESTKIT_BIN=$CARGO_TARGET_DIR/debug/scorpio-testkit

# From elsewhere, so that what is imported is the wheel and not the source folder.
cd "$CARGO_TARGET_DIR"
export MYPY_CACHE_DIR=$CARGO_TARGET_DIR/mypy
"$ROOT/tests/services/run" --only mongodb,postgres,redis "$clean/bin/python" -m pytest -p no:cacheprovider "$ROOT/scorpio-py/tests"
"$clean/bin/python" -m mypy --strict --package scorpio
"$clean/bin/python" -m mypy.stubtest scorpio

# The program names a real provider: a mock of it answers.
quickstart=$CARGO_TARGET_DIR/quickstart.py
python3 "$ROOT/scripts/ci/extract_block.py" python-quickstart "$ROOT/README.md" >"$quickstart"
"$clean/bin/python" -m mypy --strict "$quickstart"
output=$("$ROOT/tests/rigs/run" bash "$ROOT/scripts/ci/with_mock_openai.sh" "$clean/bin/python" "$quickstart")
echo "the README's program printed: $output"
[[ $output == *42* ]] || die "want 42 in the output of the README's Python program"
