"""A model whose answers are written down beforehand, for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from scorpio import _json, _messages
from scorpio._messages import Message, ToolCallPart
from scorpio._scorpio import ScriptedCore

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedError:
    """A failure of the model.

    Attributes:
        kind: What goes wrong.
        message: What the operator reads.
        status: The HTTP status.
        request_id: The provider's id of the request.
        retry_after: How many seconds the provider asks to wait.
    """

    kind: Literal[
        "unreachable",
        "truncated",
        "timeout",
        "rate_limited",
        "quota",
        "overloaded",
        "auth",
        "not_found",
        "invalid_request",
        "context_overflow",
        "protocol",
        "too_large",
        "configuration",
    ]
    message: str = "scripted"
    status: int | None = None
    request_id: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedTurn:
    """One answer of a `ScriptedModel`: reasoning, then text, then tool calls, then an error.

    Attributes:
        text: A text, streamed word by word, or the pieces that it is streamed in.
        reasoning: What the model thinks first.
        tool_calls: Pairs of a tool's name and its arguments, or whole calls with an id and arguments as JSON text.
        delay: How many seconds to wait before the first part.
        pace: How many seconds to wait before each piece.
        linger: How many seconds to wait after the last part, before the answer ends or fails.
        usage: Input and output tokens.
        error: How the answer fails after its parts.
        cut: Whether the stream breaks off, with the last part unfinished.
    """

    text: str | Sequence[str] | None = None
    reasoning: str | None = None
    tool_calls: Sequence[tuple[str, dict[str, Any]] | ToolCallPart] = ()
    delay: float = 0.0
    pace: float = 0.0
    linger: float = 0.0
    usage: tuple[int, int] | None = None
    error: ScriptedError | None = None
    cut: bool = False


@dataclass(frozen=True, slots=True)
class ScriptedRequest:
    """What a `ScriptedModel` was asked.

    Attributes:
        messages: The conversation.
        instructions: What it was told before the conversation.
        tools: The names of the tools that it may call.
    """

    messages: list[Message] = field(repr=False)
    instructions: str | None
    tools: list[str]


class ScriptedModel:
    """A model that plays turns in order, one for each model call, and remembers what it was asked.

    Example:
        >>> import scorpio
        >>> @scorpio.tool
        ... def add(a: float, b: float) -> float:
        ...     "Add two numbers."
        ...     return a + b
        >>> turn = scorpio.ScriptedTurn(tool_calls=[("add", {"a": 2, "b": 40})])
        >>> model = scorpio.ScriptedModel([turn, "It is 42."])
        >>> scorpio.Agent("test", model=model, tools=[add]).run_sync("What is 2 + 40?").text
        'It is 42.'
        >>> model.requests[1].messages[-1].parts[0].output
        42.0
    """

    def __init__(self, turns: Iterable[str | ScriptedTurn]) -> None:
        """Makes a model.

        Args:
            turns: The turns. A `str` is a turn of one text.
        """
        self._core = ScriptedCore(json.dumps([_written(turn) for turn in turns]))

    @property
    def requests(self) -> list[ScriptedRequest]:
        """What it was asked so far."""
        return [
            ScriptedRequest(_messages.read_all(request["messages"]), request["instructions"], request["tools"])
            for request in json.loads(self._core.requests())
        ]

    @property
    def remaining(self) -> int:
        """How many turns have not been played."""
        return self._core.remaining

    def __repr__(self) -> str:
        """How many turns are left."""
        return f"<scorpio.ScriptedModel, {self.remaining} turns left>"


def _written(turn: str | ScriptedTurn) -> dict[str, Any]:
    if isinstance(turn, str):
        turn = ScriptedTurn(text=turn)
    error = turn.error
    return {
        "reasoning": turn.reasoning,
        "text": _pieces(turn.text) if isinstance(turn.text, str) else turn.text and list(turn.text),
        "tool_calls": [_written_call(index, call) for index, call in enumerate(turn.tool_calls, 1)],
        "delay": turn.delay,
        "pace": turn.pace,
        "linger": turn.linger,
        "usage": turn.usage,
        "error": error and {name: getattr(error, name) for name in error.__slots__},
        "cut": turn.cut,
    }


def _pieces(text: str) -> list[str]:
    words = text.split(" ")
    return [word + " " for word in words[:-1]] + words[-1:]


def _written_call(index: int, call: tuple[str, dict[str, Any]] | ToolCallPart) -> dict[str, str]:
    if isinstance(call, ToolCallPart):
        return {"call_id": call.call_id, "name": call.name, "arguments": call.arguments}
    name, arguments = call
    return {"call_id": f"call_{index}", "name": name, "arguments": _json.dumps(arguments)}
