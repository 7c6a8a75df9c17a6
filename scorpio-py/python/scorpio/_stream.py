"""A run that is watched while it goes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar, cast

from scorpio import _messages
from scorpio._scorpio import (
    ApprovalRequested,
    ApprovalResolved,
    Compacted,
    DataSent,
    FellBack,
    MessageSteered,
    OutcomeCore,
    PartFinished,
    PartStarted,
    ReasoningDelta,
    Retrying,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    StreamReset,
    TextDelta,
    ToolCallDelta,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    UnknownEvent,
    WaitingForStore,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from types import TracebackType

    from scorpio._messages import Message
    from scorpio._outcome import Outcome
    from scorpio._scorpio import RunCore

T_co = TypeVar("T_co", covariant=True)

Event: TypeAlias = (
    RunStarted
    | TurnStarted
    | PartStarted
    | TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | PartFinished
    | TurnFinished
    | Retrying
    | FellBack
    | StreamReset
    | ToolStarted
    | ToolProgress
    | ToolFinished
    | DataSent
    | ApprovalRequested
    | ApprovalResolved
    | RunPaused
    | RunResumed
    | WaitingForStore
    | Compacted
    | MessageSteered
    | RunFailed
    | RunFinished
    | UnknownEvent
)
"""One thing that happened in a run. Each has ``type``, ``seq``, ``run_id``, ``session``, ``at`` and ``to_json()``."""


class RunStream(Generic[T_co]):
    """A run as a stream of its events, by `Agent.stream` or `Agent.resume_stream`.

    The run begins when the first event is asked for.

    Iterate over it with ``async for``, or with ``for`` where there is no event loop. When the run fails, its exception
    is raised after the last event. Dropping the stream cancels the run, and ``async with`` (or ``with``) does so at
    the end of the block:

    Example:
        >>> import asyncio, scorpio
        >>> agent = scorpio.Agent("greeter", model=scorpio.ScriptedModel(["Hello there."]))
        >>> async def main():
        ...     async with agent.stream("Hi.") as stream:
        ...         async for event in stream:
        ...             match event:
        ...                 case scorpio.TextDelta(delta):
        ...                     print(delta, end="|")
        >>> asyncio.run(main())
        Hello |there.|
    """

    __slots__ = ("_core", "_read")

    def __init__(self, core: RunCore, read: Callable[[OutcomeCore], Outcome[T_co]]) -> None:
        """Agents make streams; programs do not."""
        self._core = core
        self._read = read

    @property
    def run_id(self) -> str:
        """The run."""
        return self._core.run_id

    def cancel(self) -> None:
        """Stops the run. What was done until then is kept; the events of its end follow."""
        self._core.cancel()

    def steer(self, message: str | Message) -> bool:
        """Adds a message to the run: the model sees it at its next turn.

        Returns:
            Whether the run takes it. Once it is over, the message belongs into a run of its own.
        """
        return self._core.steer(_messages.to_engine(message))

    async def outcome(self) -> Outcome[T_co]:
        """Waits until the run is over and tells how it went. The events can still be read.

        Raises:
            ScorpioError: When the run failed.
        """
        operation = self._core.begin(asyncio.get_running_loop())
        return self._read(cast("OutcomeCore", await operation.future()))

    def outcome_sync(self) -> Outcome[T_co]:
        """As `outcome`, without an event loop."""
        return self._read(cast("OutcomeCore", self._core.begin().wait()))

    def __aiter__(self) -> AsyncIterator[Event]:
        """The events, in order."""
        # The native object is the iterator: no Python runs between it and the `async for`.
        return self._core

    def __anext__(self) -> Awaitable[Event]:
        """The next event."""
        return self._core.__anext__()

    def __iter__(self) -> Iterator[Event]:
        """The events, in order, without an event loop. `async` tools then run on a loop of the package's own."""
        return self._core

    def __next__(self) -> Event:
        """The next event, without an event loop."""
        return self._core.__next__()

    async def __aenter__(self) -> RunStream[T_co]:
        """The stream itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops the run, if it is going, and waits for its end."""
        if self._core.has_begun:
            self._core.cancel()
            await self._core.begin().settled()

    def __enter__(self) -> RunStream[T_co]:
        """The stream itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops the run, if it is going, and waits for its end."""
        if self._core.has_begun:
            self._core.cancel()
            self._core.begin().wait_settled()

    def __repr__(self) -> str:
        """Its run."""
        return f"<scorpio.RunStream of run {self.run_id}>"
