"""Where sessions are kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from scorpio import _messages
from scorpio._scorpio import StoreCore

if TYPE_CHECKING:
    import datetime
    import os

    from scorpio._messages import Message


@dataclass(frozen=True, slots=True)
class Session:
    """A durable thread of messages.

    Attributes:
        id: Its id.
        owner: Whose it is.
        title: What it is called; empty until somebody gives it a title.
        created_at: When it was made.
        updated_at: When a message was last appended.
        metadata: Whatever the program keeps with it.
    """

    id: str
    owner: str
    title: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    metadata: Any = None


class Store:
    """Sessions and their messages. `SqliteStore` and `MemoryStore` are stores.

    Each method is there twice: to await, and with the ending ``_sync`` for programs without an event loop. Every
    session belongs to an owner; programs without users leave it at ``"local"``. Somebody else's session is as absent
    as a missing one.
    """

    _core: StoreCore

    def __init__(self) -> None:
        """Use `SqliteStore` or `MemoryStore`."""
        raise TypeError("use scorpio.SqliteStore or scorpio.MemoryStore")

    @classmethod
    def _of(cls, core: StoreCore) -> Store:
        store = object.__new__(cls)
        store._core = core
        return store

    async def sessions(self, *, limit: int = 100, before: str | None = None, owner: str = "local") -> list[Session]:
        """The sessions, the one with the newest activity first.

        Args:
            limit: At most this many.
            before: The id of the last session of the page before.
            owner: Whose.
        """
        return cast("list[Session]", await self._core.sessions(owner, limit, before).future())

    def sessions_sync(self, *, limit: int = 100, before: str | None = None, owner: str = "local") -> list[Session]:
        """As `sessions`, without an event loop."""
        return cast("list[Session]", self._core.sessions(owner, limit, before).wait())

    async def session(self, id: str, *, owner: str = "local") -> Session | None:
        """One session, or `None`."""
        return _one(await self._core.session(owner, id).future())

    def session_sync(self, id: str, *, owner: str = "local") -> Session | None:
        """As `session`, without an event loop."""
        return _one(self._core.session(owner, id).wait())

    async def messages(self, session: str, *, owner: str = "local") -> list[Message]:
        """The messages of a session, oldest first; empty when there is no such session."""
        return cast("list[Message]", await self._core.messages(owner, session).future())

    def messages_sync(self, session: str, *, owner: str = "local") -> list[Message]:
        """As `messages`, without an event loop."""
        return cast("list[Message]", self._core.messages(owner, session).wait())

    async def delete_session(self, id: str, *, owner: str = "local") -> bool:
        """Deletes a session with its messages. Answers whether it was there."""
        return _one(await self._core.delete_session(owner, id).future()) is not None

    def delete_session_sync(self, id: str, *, owner: str = "local") -> bool:
        """As `delete_session`, without an event loop."""
        return _one(self._core.delete_session(owner, id).wait()) is not None


class MemoryStore(Store):
    """Keeps sessions for as long as the process lives.

    Example:
        >>> import scorpio
        >>> store = scorpio.MemoryStore()
        >>> agent = scorpio.Agent("greeter", model=scorpio.ScriptedModel(["Hello."]), store=store)
        >>> outcome = agent.run_sync("Hi.", session="chat-1")
        >>> [session.id for session in store.sessions_sync()]
        ['chat-1']
    """

    def __init__(self) -> None:
        """Makes an empty store."""
        self._core = StoreCore.memory()

    def __repr__(self) -> str:
        """Its kind."""
        return "scorpio.MemoryStore()"


class SqliteStore(Store):
    """Keeps sessions in a SQLite file. Several processes may use one file at once.

    What a run has returned is on disk: it outlives a crash of the process and of the machine. A session whose process
    was killed in the middle of a run takes the next message after half a minute.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        """Opens the file, and makes it if it is not there.

        Args:
            path: The file. Its folder must be there.

        Raises:
            StoreError: When it cannot be opened, or is no database of Scorpio. The message names the file.
        """
        self._core = StoreCore.sqlite(path)
        self._path = path

    def __repr__(self) -> str:
        """Its file."""
        return f"scorpio.SqliteStore({str(self._path)!r})"

    async def close(self) -> None:
        """Closes the file. Runs on it fail from then on.

        Programs need not do so: what was returned is on disk already. It moves SQLite's log into the file.
        """
        await self._core.close().settled()

    def close_sync(self) -> None:
        """As `close`, without an event loop."""
        self._core.close().wait_settled()


def sessions_from_engine(text: str) -> list[Session]:
    """Reads the engine's JSON text of sessions, which calls this."""
    return [
        Session(
            id=session["id"],
            owner=session["owner"],
            title=session["title"],
            created_at=_messages.read_time(session["created_at"]),
            updated_at=_messages.read_time(session["updated_at"]),
            metadata=session["metadata"],
        )
        for session in json.loads(text)
    ]


def _one(sessions: object) -> Session | None:
    return next(iter(cast("list[Session]", sessions)), None)
