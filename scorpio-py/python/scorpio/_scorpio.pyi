"""The native half of the package `scorpio`."""

from asyncio import AbstractEventLoop, Future, Task
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime
from os import PathLike
from typing import Any, ClassVar, Final, Literal, final

from scorpio._limits import WrittenLimits, WrittenPrice
from scorpio._messages import Message, Part
from scorpio._stream import Event
from scorpio._tool import Answer, Tool

__all__ = [
    "AgentCore",
    "DataSent",
    "FellBack",
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
    "RunStarted",
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
    def outcome(self) -> Literal["completed", "failed", "interrupted"]:
        """`"completed"`, `"failed"`, or `"interrupted"` when the run ended before the tool did."""
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
    def usage(self) -> Usage: ...
    @property
    def cost_usd(self) -> float: ...
    @property
    def turns(self) -> int: ...
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
    def sqlite(path: str | PathLike[str]) -> StoreCore: ...
    def close(self) -> Operation: ...
    def sessions(self, owner: str, limit: int, before: str | None) -> Operation: ...
    def session(self, owner: str, id: str) -> Operation: ...
    def delete_session(self, owner: str, id: str) -> Operation: ...
    def messages(self, owner: str, id: str) -> Operation: ...

@final
class AgentCore:
    def __new__(
        cls,
        name: str,
        *,
        model: str | ScriptedCore | ModelCore,
        tools: list[Tool[..., Any]],
        instructions: str | None,
        store: StoreCore | None,
        limits: WrittenLimits | None,
        prices: list[WrittenPrice],
        max_output_tokens: int | None,
        temperature: float | None,
        reasoning_effort: str | None,
        parallel_tools: int | None,
        tool_timeout: float | None,
    ) -> AgentCore: ...
    def store(self) -> StoreCore: ...
    def run(
        self,
        message: str | None,
        *,
        watched: bool,
        session: str | None,
        owner: str,
        limits: WrittenLimits | None,
        shape: tuple[str, dict[str, Any], Callable[[str], str | None]] | None,
    ) -> RunCore: ...
