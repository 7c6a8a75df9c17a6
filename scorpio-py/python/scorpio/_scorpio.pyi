"""The native half of the package `scorpio`."""

from asyncio import AbstractEventLoop, Future, Task
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from os import PathLike
from typing import Any, ClassVar, Final, Literal, final

from scorpio._approvals import Approve, Deny, PendingApproval, WrittenPolicy
from scorpio._compaction import WrittenCompaction
from scorpio._limits import WrittenLimits, WrittenPrice
from scorpio._messages import Message, Part
from scorpio._stream import Event
from scorpio._tool import Answer, Tool

__all__ = [
    "AgentCore",
    "ApprovalRequested",
    "ApprovalResolved",
    "Compacted",
    "DataSent",
    "EventLogCore",
    "FellBack",
    "FollowCore",
    "MessageSteered",
    "ModelCore",
    "ModelsCore",
    "Operation",
    "OutcomeCore",
    "PartFinished",
    "PartStarted",
    "PendingCall",
    "ReasoningDelta",
    "Retrying",
    "RunCore",
    "RunFailed",
    "RunFinished",
    "RunPaused",
    "RunResumed",
    "RunStarted",
    "RuntimeCore",
    "ScriptedCore",
    "StoreCore",
    "StreamReset",
    "TextDelta",
    "ToolCallDelta",
    "ToolContext",
    "ToolFinished",
    "ToolProgress",
    "ToolStarted",
    "TurnFinished",
    "TurnStarted",
    "UnknownEvent",
    "Usage",
    "WaitingForStore",
    "__version__",
    "_shutdown",
]

__version__: Final[str]

def _shutdown() -> None: ...

@final
class Usage:
    """Tokens of one model call, or of several added up. The counts mean the same for every provider."""

    __match_args__: ClassVar = ("input", "cache_read", "cache_write", "output", "reasoning")
    __hash__: ClassVar[None]  # type: ignore[assignment]
    @property
    def input(self) -> int:
        """Input tokens that came neither from nor went to a cache."""
    @property
    def cache_read(self) -> int:
        """Input tokens that were read from the provider's cache."""
    @property
    def cache_write(self) -> int:
        """Input tokens that were written to the provider's cache."""
    @property
    def output(self) -> int:
        """Output tokens, those of reasoning among them."""
    @property
    def reasoning(self) -> int:
        """Output tokens that were spent on reasoning."""
    @property
    def total(self) -> int:
        """All tokens, in and out."""
    @property
    def raw(self) -> dict[str, Any] | None:
        """The object that the provider sent; sums have none."""
    def __eq__(self, other: object, /) -> bool: ...

@final
class RunStarted:
    """The run begins."""

    __match_args__: ClassVar = ("message_id",)
    @property
    def type(self) -> Literal["run_started"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def message_id(self) -> str:
        """The id of the assistant message that answers: that of the first turn."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class TurnStarted:
    """The model is asked."""

    __match_args__: ClassVar = ("turn", "message_id")
    @property
    def type(self) -> Literal["turn_started"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def turn(self) -> int:
        """Which turn, from 1."""
    @property
    def message_id(self) -> str:
        """The id of the message that the model writes."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class PartStarted:
    """A part of the answer begins."""

    __match_args__: ClassVar = ("turn", "index", "kind")
    @property
    def type(self) -> Literal["part_started"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    @property
    def index(self) -> int:
        """Which part of the turn, from 0."""
    @property
    def kind(self) -> Literal["text", "reasoning", "tool_call"]:
        """`"text"`, `"reasoning"` or `"tool_call"`."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class TextDelta:
    """More text of the answer."""

    __match_args__: ClassVar = ("delta", "turn", "index")
    @property
    def type(self) -> Literal["text_delta"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def delta(self) -> str:
        """The text to append."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    @property
    def index(self) -> int:
        """Which part of the turn, from 0."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class ReasoningDelta:
    """More of what the model thinks."""

    __match_args__: ClassVar = ("delta", "turn", "index")
    @property
    def type(self) -> Literal["reasoning_delta"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def delta(self) -> str:
        """The text to append."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    @property
    def index(self) -> int:
        """Which part of the turn, from 0."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class ToolCallDelta:
    """More of the arguments of a tool call."""

    __match_args__: ClassVar = ("delta", "call_id", "name", "turn", "index")
    @property
    def type(self) -> Literal["tool_call_delta"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def delta(self) -> str:
        """The JSON text to append."""
    @property
    def call_id(self) -> str:
        """The call."""
    @property
    def name(self) -> str:
        """The tool's name."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    @property
    def index(self) -> int:
        """Which part of the turn, from 0."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class PartFinished:
    """A part is whole."""

    __match_args__: ClassVar = ("part", "turn", "index")
    @property
    def type(self) -> Literal["part_finished"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def part(self) -> Part:
        """The part."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    @property
    def index(self) -> int:
        """Which part of the turn, from 0."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class TurnFinished:
    """The model has answered, and its answer is stored."""

    __match_args__: ClassVar = ("turn", "usage", "reason")
    @property
    def type(self) -> Literal["turn_finished"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    @property
    def usage(self) -> Usage:
        """What it cost."""
    @property
    def reason(self) -> str:
        """Why the model stopped, such as `"stop"` or `"tool_calls"`."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class Retrying:
    """The model could not be asked, and is asked again after a while."""

    __match_args__: ClassVar = ("attempt", "after", "error", "turn")
    @property
    def type(self) -> Literal["retrying"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def attempt(self) -> int:
        """The number of the attempt that comes, from 2."""
    @property
    def after(self) -> float:
        """How many seconds it waits before."""
    @property
    def error(self) -> str:
        """What the last attempt failed with, such as `"rate_limited"` or `"overloaded"`."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class FellBack:
    """Another model answers this turn than the one that was asked."""

    __match_args__: ClassVar = ("model", "error", "turn")
    @property
    def type(self) -> Literal["fell_back"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def model(self) -> str:
        """The model that answers, as `provider:name`."""
    @property
    def error(self) -> str:
        """What the model before it failed with."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class StreamReset:
    """The answer of this turn broke off and is asked for again: what was streamed of the turn does not count."""

    __match_args__: ClassVar = ("error", "turn")
    @property
    def type(self) -> Literal["stream_reset"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def error(self) -> str:
        """What it broke off with, such as `"truncated"`."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class ToolStarted:
    """A tool starts."""

    __match_args__: ClassVar = ("call_id", "name", "arguments")
    @property
    def type(self) -> Literal["tool_started"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def call_id(self) -> str:
        """The call."""
    @property
    def name(self) -> str:
        """The tool's name."""
    @property
    def arguments(self) -> Any:
        """The arguments, as the model wrote them."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class ToolProgress:
    """A tool tells how far it is."""

    __match_args__: ClassVar = ("call_id", "progress")
    @property
    def type(self) -> Literal["tool_progress"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def call_id(self) -> str:
        """The call."""
    @property
    def progress(self) -> Any:
        """What it said."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class ToolFinished:
    """A tool has answered, or something has answered for it."""

    __match_args__: ClassVar = ("call_id", "name", "output", "outcome", "duration")
    @property
    def type(self) -> Literal["tool_finished"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def call_id(self) -> str:
        """The call."""
    @property
    def name(self) -> str:
        """The tool's name."""
    @property
    def output(self) -> Any:
        """What the model reads."""
    @property
    def outcome(self) -> Literal["completed", "failed", "denied", "interrupted"]:
        """`"completed"`, `"failed"`, `"denied"`, or `"interrupted"` when the run ended before the tool did."""
    @property
    def duration(self) -> float:
        """How many seconds it took."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class DataSent:
    """A tool sends data to the user interface."""

    __match_args__: ClassVar = ("name", "data", "id")
    @property
    def type(self) -> Literal["data"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def name(self) -> str:
        """What it is."""
    @property
    def data(self) -> Any:
        """The data."""
    @property
    def id(self) -> str | None:
        """A later one of the same name and id replaces it."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class ApprovalRequested:
    """Somebody is asked whether a tool may run."""

    __match_args__: ClassVar = ("call_id", "name", "arguments", "approval_id", "reason", "expires_at")
    @property
    def type(self) -> Literal["approval_requested"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def call_id(self) -> str:
        """The call."""
    @property
    def name(self) -> str:
        """The tool's name."""
    @property
    def arguments(self) -> Any:
        """The arguments, as the model wrote them."""
    @property
    def approval_id(self) -> str:
        """The id by which the answer is given; that of the call does as well."""
    @property
    def reason(self) -> Literal["policy", "outcome_unknown"]:
        """`"policy"`, or `"outcome_unknown"` when nobody knows whether the tool took effect."""
    @property
    def expires_at(self) -> datetime | None:
        """When the answer is no."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class ApprovalResolved:
    """Somebody has answered, or nobody has in time."""

    __match_args__: ClassVar = ("call_id", "decision", "by", "approval_id")
    @property
    def type(self) -> Literal["approval_resolved"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def call_id(self) -> str:
        """The call."""
    @property
    def decision(self) -> Approve | Deny:
        """What was decided."""
    @property
    def by(self) -> str | None:
        """Who decided, in the program's own words."""
    @property
    def approval_id(self) -> str:
        """The id of the question."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class RunPaused:
    """The run waits for somebody, and no process is busy with it. It goes on with a `RunResumed`."""

    __match_args__: ClassVar = ("usage",)
    @property
    def type(self) -> Literal["run_paused"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def usage(self) -> Usage:
        """What it cost so far."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class RunResumed:
    """The run goes on. What was streamed of the present turn and is not stored does not count."""

    __match_args__: ClassVar = ("turn", "recovered")
    @property
    def type(self) -> Literal["run_resumed"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def turn(self) -> int:
        """The turn, from 1."""
    @property
    def recovered(self) -> bool:
        """Whether the process that was busy with it is gone; otherwise it waited for somebody."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class WaitingForStore:
    """The store does not answer. The run waits for it and goes on by itself."""

    __match_args__: ClassVar = ("after",)
    @property
    def type(self) -> Literal["waiting_for_store"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def after(self) -> float:
        """How many seconds it waits before it tries again."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class Compacted:
    """A summary takes the place of the older history, in what the model is sent."""

    __match_args__: ClassVar = ("message_id",)
    @property
    def type(self) -> Literal["compacted"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def message_id(self) -> str:
        """The message that is the summary."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class MessageSteered:
    """A message that was sent while the run was going joins it."""

    __match_args__: ClassVar = ("message_id",)
    @property
    def type(self) -> Literal["steered"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def message_id(self) -> str:
        """The message."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class RunFailed:
    """The run failed: the exception follows the last event."""

    __match_args__: ClassVar = ("code", "message")
    @property
    def type(self) -> Literal["error"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def code(self) -> str:
        """Its code, such as `"rate_limit:model"`."""
    @property
    def message(self) -> str:
        """A sentence that may be shown to a user."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class RunFinished:
    """The run is over. It is the last event."""

    __match_args__: ClassVar = ("status", "reason", "usage")
    @property
    def type(self) -> Literal["run_finished"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def status(self) -> Literal["done", "stopped", "failed", "interrupted"]:
        """`"done"`, `"stopped"`, `"failed"` or `"interrupted"`."""
    @property
    def reason(self) -> str | None:
        """Why the model stopped, or which limit stopped it."""
    @property
    def usage(self) -> Usage:
        """What the run cost."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class UnknownEvent:
    """Something that this version of the package does not know."""

    __match_args__: ClassVar = ("content",)
    @property
    def type(self) -> Literal["unknown"]:
        """What happened."""
    @property
    def seq(self) -> int:
        """Its place in the run, from 1."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def at(self) -> datetime:
        """When it happened."""
    @property
    def content(self) -> dict[str, Any]:
        """What the engine wrote."""
    def to_json(self) -> str:
        """The engine's own form of it, as JSON text."""

@final
class ToolContext:
    """What a tool knows about its call, and can say while it runs.

    A function asks for it by an argument annotated with this class.
    """

    @staticmethod
    def detached() -> ToolContext:
        """A context for calling a tool by hand, as tests do."""
    @property
    def run_id(self) -> str:
        """The run."""
    @property
    def session(self) -> str:
        """The session of the run."""
    @property
    def owner(self) -> str:
        """Whose session it is."""
    @property
    def call_id(self) -> str:
        """The call, as the model named it."""
    @property
    def idempotency_key(self) -> str:
        """The same at every attempt of this call and of no other.

        It is the one to give to a service that takes an `Idempotency-Key`.
        """
    @property
    def cancelled(self) -> bool:
        """Whether nobody waits for the answer any more. A plain function that takes long should look now and then."""
    def progress(self, progress: object, /) -> None:
        """Tells those who watch how far the tool is: anything that has a JSON form."""
    def emit_data(self, name: str, data: object, *, id: str | None = None) -> None:
        """Sends data to the user interface. A later one of the same name and `id` replaces it."""
    def execute(self, sql: str, /, *parameters: object) -> None:
        """Says something to the database of the store, in the transaction that records this call's answer.

        Both happen, or neither does; if the tool fails, nothing is said. It is for tools with `retry="transactional"`,
        in the dialect of the store: `?` for SQLite, `$1` for PostgreSQL. Parameters are `None`, booleans, numbers and
        strings; anything else is stored as its JSON text.

        Raises:
            ToolError: When the tool is not transactional.
        """
    @property
    def executed(self) -> list[tuple[str, list[Any]]]:
        """What was said to the database so far: how a tool is tested that is called by hand."""

@final
class PendingCall:
    @property
    def tool(self) -> Tool[..., Any]: ...
    @property
    def context(self) -> ToolContext: ...
    @property
    def arguments(self) -> str: ...
    @property
    def abandoned(self) -> bool: ...
    def started(self, event_loop: AbstractEventLoop, task: Task[Answer]) -> None: ...
    def finish(self, went_well: bool, text: str, cause: str | None) -> None: ...

@final
class Operation:
    def future(self) -> Future[object]: ...
    def settled(self) -> Future[None]: ...
    def wait(self) -> object: ...
    def wait_settled(self) -> None: ...
    def _resolve(self, future: Future[object]) -> None: ...
    def _release(self, future: Future[None]) -> None: ...

@final
class OutcomeCore:
    @property
    def text(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def pending(self) -> list[PendingApproval]: ...
    @property
    def usage(self) -> Usage: ...
    @property
    def cost_usd(self) -> float: ...
    @property
    def turns(self) -> int: ...
    @property
    def uncertain_calls(self) -> int: ...
    @property
    def run_id(self) -> str: ...
    @property
    def session(self) -> str: ...
    @property
    def messages(self) -> list[Message]: ...

@final
class RunCore:
    @property
    def run_id(self) -> str: ...
    @property
    def has_begun(self) -> bool: ...
    def begin(self, event_loop: AbstractEventLoop | None = None) -> Operation: ...
    def cancel(self) -> None: ...
    def steer(self, text: str) -> bool: ...
    def __aiter__(self) -> AsyncIterator[Event]: ...
    def __anext__(self) -> Awaitable[Event]: ...
    def _wake(self, future: Future[Event]) -> None: ...
    def __iter__(self) -> Iterator[Event]: ...
    def __next__(self) -> Event: ...

@final
class ScriptedCore:
    def __new__(cls, turns: str) -> ScriptedCore: ...
    def requests(self) -> str: ...
    @property
    def remaining(self) -> int: ...

@final
class ModelCore:
    @property
    def name(self) -> str: ...

@final
class ModelsCore:
    @staticmethod
    def read(path: str | PathLike[str]) -> ModelsCore: ...
    @staticmethod
    def parse(toml: str) -> ModelsCore: ...
    @staticmethod
    def from_env() -> ModelsCore: ...
    def role(self, name: str) -> ModelCore: ...
    def chosen(self, id: str) -> ModelCore: ...
    def choices(self) -> list[tuple[str, str, str | None, Literal["guests", "registered"]]]: ...
    def doctor(self) -> Operation: ...

@final
class StoreCore:
    @staticmethod
    def memory() -> StoreCore: ...
    @staticmethod
    def open(place: str) -> Operation: ...
    def events(self) -> EventLogCore: ...
    def close(self) -> Operation: ...
    def sessions(self, owner: str, limit: int, before: str | None) -> Operation: ...
    def session(self, owner: str, id: str) -> Operation: ...
    def rename_session(self, owner: str, id: str, title: str) -> Operation: ...
    def delete_session(self, owner: str, id: str) -> Operation: ...
    def branches(self, owner: str, id: str) -> Operation: ...
    def switch_branch(self, owner: str, id: str, seq: int) -> Operation: ...
    def fork_session(self, owner: str, id: str, at: int | None, to: str | None) -> Operation: ...
    def export_session(self, owner: str, id: str) -> Operation: ...
    def import_session(self, owner: str, text: str, id: str | None) -> Operation: ...
    def verify_journal(self, owner: str, run: str) -> Operation: ...
    def messages(self, owner: str, id: str) -> Operation: ...

@final
class EventLogCore:
    @staticmethod
    def open(place: str) -> Operation: ...
    def read(self, run: str, after: int, limit: int) -> Operation: ...
    def follow(self, run: str, after: int) -> FollowCore: ...

@final
class FollowCore:
    def next(self) -> Operation: ...

@final
class RuntimeCore:
    def __new__(
        cls,
        store: StoreCore,
        *,
        agents: list[AgentCore],
        event_log: EventLogCore | None,
        interval: float | None,
        sole_user: bool,
    ) -> RuntimeCore: ...
    def recover(self, event_loop: AbstractEventLoop | None = None) -> Operation: ...
    def start(self, event_loop: AbstractEventLoop | None = None) -> None: ...
    def stop(self) -> Operation: ...
    def run(self, owner: str, run: str) -> Operation: ...
    def approvals(self, owner: str, session: str) -> Operation: ...
    def stop_run(self, owner: str, run: str) -> Operation: ...
    def steer(self, owner: str, run: str, text: str) -> Operation: ...
    def decide(
        self,
        owner: str,
        run: str,
        call: str,
        decision: str,
        by: str | None,
        event_loop: AbstractEventLoop | None = None,
    ) -> Operation: ...

@final
class AgentCore:
    def __new__(
        cls,
        name: str,
        *,
        model: str | ScriptedCore | ModelCore,
        tools: list[Tool[..., Any]],
        instructions: str | None,
        store: StoreCore,
        limits: WrittenLimits | None,
        prices: list[WrittenPrice],
        max_output_tokens: int | None,
        temperature: float | None,
        reasoning_effort: str | None,
        parallel_tools: int | None,
        tool_timeout: float | None,
        event_log: EventLogCore | None,
        approve: WrittenPolicy,
        approval_patience: float | None,
        compaction: WrittenCompaction | None,
        lease: float | None,
        store_patience: float | None,
    ) -> AgentCore: ...
    def run(
        self,
        message: str | None,
        *,
        watched: bool,
        session: str | None,
        owner: str,
        limits: WrittenLimits | None,
        shape: tuple[str, dict[str, Any], Callable[[str], str | None]] | None,
        branch_after: int | None,
    ) -> RunCore: ...
    def resume(
        self,
        run: str,
        *,
        watched: bool,
        owner: str,
        decisions: list[tuple[str, str]],
        by: str | None,
        shape: tuple[str, dict[str, Any], Callable[[str], str | None]] | None,
    ) -> RunCore: ...
