"""What any process may do with the runs in a store, whichever process began them."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from scorpio import _approvals, _limits, _messages
from scorpio._scorpio import RuntimeCore
from scorpio._stores import Store

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable
    from types import TracebackType

    from typing_extensions import Self

    from scorpio._agent import Agent
    from scorpio._approvals import Decision, PendingApproval
    from scorpio._event_log import EventLog
    from scorpio._messages import Message


@dataclass(frozen=True, slots=True)
class Run:
    """A run, as it stands in a store.

    Attributes:
        id: Its id.
        session: Its session.
        owner: Whose session it is.
        agent: The name of its agent.
        status: ``"running"`` while a process is busy with it or is to take it up, ``"waiting"`` while it waits for a
            decision, ``"finished"`` when it is over.
        end: How it ended: as `RunFinished.status`.
        reason: Why the model stopped, or which limit stopped it.
        turn: How many times the model was asked.
        recoveries: How often a process took it up because the one before was gone.
        started_at: When it began.
        finished_at: When it ended.
        wakes_at: When one that waits goes on by itself.
    """

    id: str
    session: str
    owner: str
    agent: str
    status: Literal["running", "waiting", "finished"]
    end: Literal["done", "stopped", "failed", "interrupted"] | None
    reason: str | None
    turn: int
    recoveries: int
    started_at: datetime.datetime
    finished_at: datetime.datetime | None
    wakes_at: datetime.datetime | None


class Runtime:
    """The runs in a store, for any number of processes that share it.

    It takes up runs whose process is gone and runs that somebody has decided about, and goes on with them in the
    background. Tools that were started are dealt with as they declare: see ``retry`` and ``on_unknown`` of `tool`. Runs
    that it has taken up go on when it is stopped.

    Example:
        >>> import scorpio
        >>> store = scorpio.MemoryStore()
        >>> agent = scorpio.Agent("clerk", model="scripted:demo", store=store)
        >>> with scorpio.Runtime(store, agents=[agent]) as runtime:
        ...     outcome = agent.run_sync("Hello.")
        >>> runtime.run_sync(outcome.run_id).status
        'finished'
    """

    def __init__(
        self,
        store: Store,
        *,
        agents: Iterable[Agent] = (),
        event_log: EventLog | None = None,
        interval: float | datetime.timedelta | None = None,
        sole_user: bool = False,
    ) -> None:
        """Makes one. It does nothing until it is asked or started.

        Args:
            store: Where the runs are.
            agents: Agents whose runs may go on here. Runs know their agents by name.
            event_log: Where runs that end here without an agent say so.
            interval: How many seconds pass between two looks for runs; 5 unless set.
            sole_user: Whether no other process can be using the store: then whoever else holds a run is dead, and
                `recover` need not wait until leases have run out.
        """
        if not isinstance(store, Store):
            raise TypeError(f"`store` is a store, not {type(store).__name__}")
        self._core = RuntimeCore(
            store._core,
            agents=[agent._core for agent in agents],
            event_log=event_log._core if event_log else None,
            interval=_limits.seconds(interval),
            sole_user=sole_user,
        )

    async def recover(self) -> int:
        """Takes up what nobody is busy with, in the background.

        Returns:
            How many runs that were.
        """
        return cast("int", await self._core.recover(asyncio.get_running_loop()).future())

    def recover_sync(self) -> int:
        """As `recover`, without an event loop. ``async`` tools run on a loop of the package's own."""
        return cast("int", self._core.recover().wait())

    async def start(self) -> None:
        """Begins to look for such runs again and again. ``async`` tools run on the event loop of the caller."""
        self._core.start(asyncio.get_running_loop())

    def start_sync(self) -> None:
        """As `start`, without an event loop."""
        self._core.start()

    async def stop(self) -> None:
        """Looks for no more runs."""
        await self._core.stop().future()

    def stop_sync(self) -> None:
        """As `stop`, without an event loop."""
        self._core.stop().wait()

    async def __aenter__(self) -> Self:
        """Starts it."""
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops it."""
        await self.stop()

    def __enter__(self) -> Self:
        """Starts it."""
        self.start_sync()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops it."""
        self.stop_sync()

    async def run(self, run_id: str, *, owner: str = "local") -> Run:
        """A run, as it stands in the store.

        Raises:
            NotFoundError: When `owner` has no such run.
        """
        return cast("Run", await self._core.run(owner, run_id).future())

    def run_sync(self, run_id: str, *, owner: str = "local") -> Run:
        """As `run`, without an event loop."""
        return cast("Run", self._core.run(owner, run_id).wait())

    async def approvals(self, session: str, *, owner: str = "local") -> list[PendingApproval]:
        """The calls of a session that wait for somebody's decision."""
        return cast("list[PendingApproval]", await self._core.approvals(owner, session).future())

    def approvals_sync(self, session: str, *, owner: str = "local") -> list[PendingApproval]:
        """As `approvals`, without an event loop."""
        return cast("list[PendingApproval]", self._core.approvals(owner, session).wait())

    async def decide(
        self, run_id: str, call_id: str, decision: Decision, *, by: str | None = None, owner: str = "local"
    ) -> None:
        """Decides about a call that waits. Its run goes on: here, if its agent is known here, else elsewhere.

        Args:
            run_id: The run.
            call_id: The call, or the ``approval_id``.
            decision: ``"approve"``, ``"deny"``, an `Approve` or a `Deny`.
            by: Who decides, in the program's own words. It is kept with the decision.
            owner: Whose run it is.

        Raises:
            NotFoundError: When there is no such live run, or nobody is asked about this call.
            ConflictError: When somebody has decided already.
        """
        written = _approvals.written_decision(decision)
        await self._core.decide(owner, run_id, call_id, written, by, asyncio.get_running_loop()).future()

    def decide_sync(
        self, run_id: str, call_id: str, decision: Decision, *, by: str | None = None, owner: str = "local"
    ) -> None:
        """As `decide`, without an event loop."""
        self._core.decide(owner, run_id, call_id, _approvals.written_decision(decision), by).wait()

    async def steer(self, run_id: str, message: str | Message, *, owner: str = "local") -> None:
        """Adds a message to a run, whichever process is busy with it: the model sees it at its next turn.

        Raises:
            NotFoundError: When `owner` has no such live run.
        """
        await self._core.steer(owner, run_id, _messages.to_engine(message)).future()

    def steer_sync(self, run_id: str, message: str | Message, *, owner: str = "local") -> None:
        """As `steer`, without an event loop."""
        self._core.steer(owner, run_id, _messages.to_engine(message)).wait()

    async def stop_run(self, run_id: str, *, owner: str = "local") -> None:
        """Stops a run, whichever process is busy with it. What was done is kept.

        Raises:
            NotFoundError: When `owner` has no such live run.
        """
        await self._core.stop_run(owner, run_id).future()

    def stop_run_sync(self, run_id: str, *, owner: str = "local") -> None:
        """As `stop_run`, without an event loop."""
        self._core.stop_run(owner, run_id).wait()


def run_from_engine(text: str) -> Run:
    """Reads the engine's JSON text of a run, which calls this."""
    run = json.loads(text)
    end = run["end"] or {}
    for time in ("started_at", "finished_at", "wakes_at"):
        run[time] = run[time] and _messages.read_time(run[time])
    return Run(**{**run, "end": end.get("end"), "reason": end.get("reason")})
