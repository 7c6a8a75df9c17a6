"""The examples of the documentation do what it says."""

from __future__ import annotations

import ast
import asyncio
import doctest
import importlib
import inspect
import pathlib
import pkgutil
import re
import sys
import types
from collections.abc import Iterator

import pytest

import scorpio

from .support import WAIT
from .test_openai import Server, server

__all__ = ["server"]

PROJECT = pathlib.Path(__file__).parents[1]
MODULES = [f"scorpio.{module.name}" for module in pkgutil.iter_modules(scorpio.__path__) if module.name != "_scorpio"]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS).failed == 0


def test_there_are_docstrings_to_test() -> None:
    finder = doctest.DocTestFinder()
    examples = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(examples) >= 7


def blocks(page: pathlib.Path) -> Iterator[str]:
    yield from re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [PROJECT / "README.md", PROJECT.parent / "docs/src/python.md"], ids=["readme", "book"])
def test_pages(page: pathlib.Path, server: Server, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    program = types.ModuleType("page")
    # Where classes look for the names in their annotations.
    monkeypatch.setitem(sys.modules, "page", program)

    async def main() -> None:
        for index, block in enumerate(blocks(page)):
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(block, f"{page.name}[{index}]", "exec", flags, dont_inherit=True)
            result = eval(code, program.__dict__)
            if inspect.iscoroutine(result):
                await asyncio.wait_for(result, WAIT)

    asyncio.run(main())
    assert server.requests
