"""What several tests use."""

from __future__ import annotations

import os
from typing import Any, NoReturn

import pytest

import scorpio

WAIT = 20.0
"""Seconds after which what was expected to happen counts as missing. Nothing waits this long when all is well."""

NEVER = 3600.0
"""Seconds that something takes which is stopped long before."""


def calling(*calls: tuple[str, dict[str, Any]], then: str = "Done.") -> scorpio.ScriptedModel:
    """A model that calls tools at once, and then says something."""
    return scorpio.ScriptedModel([scorpio.ScriptedTurn(tool_calls=calls), then])


def stuck(*turns: str | scorpio.ScriptedTurn, begins: str = "Wait") -> scorpio.ScriptedModel:
    """A model that begins to answer and does not go on. After that it plays `turns`."""
    return scorpio.ScriptedModel([scorpio.ScriptedTurn(text=begins, linger=NEVER), *turns])


def agent_of(model: scorpio.ScriptedModel, *tools: Any, **options: Any) -> scorpio.Agent:
    """An agent of a model and tools."""
    return scorpio.Agent("test", model=model, tools=tools, **options)


def result_of(tool: Any, **arguments: Any) -> scorpio.ToolResultPart:
    """What the model reads when it calls a tool."""
    name = tool.name if isinstance(tool, scorpio.Tool) else tool.__name__
    model = calling((name, arguments))
    agent_of(model, tool).run_sync("Go.")
    part = model.requests[1].messages[-1].parts[0]
    assert isinstance(part, scorpio.ToolResultPart)
    return part


def missing(variable: str, what: str) -> NoReturn:
    """Ends a test that needs something beside the package, in CI as a failure."""
    reason = f"{variable} is not set: it is {what}"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
