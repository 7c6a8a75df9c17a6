"""What a type checker makes of programs that use the installed package."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest


def test_programs_are_typed(tmp_path: pathlib.Path) -> None:
    pytest.importorskip("mypy")
    cases = pathlib.Path(__file__).with_name("typing_cases.py")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", str(cases)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
