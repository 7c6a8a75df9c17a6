"""Logs of events: what happened in runs, for those who look at it later or from elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from scorpio._scorpio import EventLogCore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scorpio._stream import Event


class EventLog:
    """The events of runs, kept for those who come back to a stream. `Agent` writes to it with ``event_log=``.

    Losing it costs the resuming of streams, never a message. A store keeps events as well: ``store.events``.

    Example:
        >>> import scorpio
        >>> store = scorpio.MemoryStore()
        >>> model = scorpio.ScriptedModel(["Hello."])
        >>> agent = scorpio.Agent("greeter", model=model, store=store, event_log=store.events)
        >>> outcome = agent.run_sync("Hi.")
        >>> store.events.read_sync(outcome.run_id)[-1].type
        'run_finished'
    """

    _core: EventLogCore

    def __init__(self) -> None:
        """Use `EventLog.open`, or `Store.events`."""
        raise TypeError("use scorpio.EventLog.open, or the `events` of a store")

    @classmethod
    def _of(cls, core: EventLogCore) -> EventLog:
        log = object.__new__(cls)
        log._core = core
        return log

    @classmethod
    async def open(cls, url: str) -> EventLog:
        """Opens a log.

        Args:
            url: ``"redis://host"``, ``"rediss://…"``, or whatever `Store.open` takes.

        Raises:
            StoreError: When it does not answer, or does not let the program in.
            ConfigurationError: When nothing keeps events at such a URL.
        """
        return cls._of(cast("EventLogCore", await EventLogCore.open(url).future()))

    @classmethod
    def open_sync(cls, url: str) -> EventLog:
        """As `open`, without an event loop."""
        return cls._of(cast("EventLogCore", EventLogCore.open(url).wait()))

    async def read(self, run_id: str, *, after: int = 0, limit: int = 10_000) -> list[Event]:
        """The events of a run that are there.

        Args:
            run_id: The run.
            after: The ``seq`` of the last event that is known already.
            limit: At most this many.
        """
        return cast("list[Event]", await self._core.read(run_id, after, limit).future())

    def read_sync(self, run_id: str, *, after: int = 0, limit: int = 10_000) -> list[Event]:
        """As `read`, without an event loop."""
        return cast("list[Event]", self._core.read(run_id, after, limit).wait())

    async def follow(self, run_id: str, *, after: int = 0) -> AsyncIterator[Event]:
        """The events of a run: those that are there, then each as it happens, until the run is over.

        Args:
            run_id: The run, whichever process is busy with it.
            after: The ``seq`` of the last event that is known already.
        """
        following = self._core.follow(run_id, after)
        while (event := cast("Event | None", await following.next().future())) is not None:
            yield event

    def follow_sync(self, run_id: str, *, after: int = 0) -> Iterator[Event]:
        """As `follow`, without an event loop."""
        following = self._core.follow(run_id, after)
        while (event := cast("Event | None", following.next().wait())) is not None:
            yield event
