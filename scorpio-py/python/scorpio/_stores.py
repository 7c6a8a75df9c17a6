"""Where sessions are kept."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from scorpio import _messages
from scorpio._errors import ConfigurationError
from scorpio._event_log import EventLog
from scorpio._scorpio import StoreCore

if TYPE_CHECKING:
    import datetime

    from scorpio._messages import Message

_POSTGRES = ("postgres://", "postgresql://")
_MONGO = ("mongodb://", "mongodb+srv://")


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
        approved_tools: Tools that may run in it without anybody being asked again.
    """

    id: str
    owner: str
    title: str
    created_at: datetime.datetime
    updated_at: datetime.datetime
    metadata: Any = None
    approved_tools: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a session went on.

    Attributes:
        seq: The place of its first message, for `Store.switch_branch`.
        message_id: The id of its first message.
        is_current: Whether the history goes this way now.
    """

    seq: int
    message_id: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class BranchPoint:
    """A place where a session went on in more than one way.

    Attributes:
        after: The ``seq`` of the message after which the ways part; 0 for the beginning.
        ways: The ways, oldest first.
    """

    after: int
    ways: tuple[Way, ...]


class Store:
    """Sessions and their messages. `SqliteStore`, `PostgresStore`, `MongoStore` and `MemoryStore` are stores.

    Each method is there twice: to await, and with the ending ``_sync`` for programs without an event loop. Every
    session belongs to an owner; programs without users leave it at ``"local"``. Somebody else's session is as absent
    as a missing one.
    """

    _core: StoreCore

    def __init__(self) -> None:
        """Use `Store.open`, or the class of a store of one kind."""
        raise TypeError("use scorpio.Store.open, or the class of a store such as scorpio.SqliteStore")

    @staticmethod
    async def open(url: str | os.PathLike[str]) -> Store:
        """Opens a store.

        Args:
            url: The path of a SQLite file, ``"sqlite://chat.db"``, ``"postgres://user@host/database"`` or
                ``"mongodb://user@host/database"``.

        Raises:
            StoreError: When it cannot be opened. The message says why, without a password.
            ConfigurationError: When nothing keeps sessions at such a URL.
        """
        place = os.fspath(url)
        return _opened(place, await StoreCore.open(place).future())

    @staticmethod
    def open_sync(url: str | os.PathLike[str]) -> Store:
        """As `open`, without an event loop."""
        place = os.fspath(url)
        return _opened(place, StoreCore.open(place).wait())

    @property
    def events(self) -> EventLog:
        """The log of events in the same place.

        Raises:
            ConfigurationError: When it keeps none, as MongoDB does not.
        """
        return EventLog._of(self._core.events())

    async def close(self) -> None:
        """Closes what is open. Runs on it fail from then on.

        Programs need not do so: what was returned is durable already. It moves SQLite's log into the file.
        """
        await self._core.close().settled()

    def close_sync(self) -> None:
        """As `close`, without an event loop."""
        self._core.close().wait_settled()

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

    async def rename_session(self, id: str, title: str, *, owner: str = "local") -> Session | None:
        """Gives a session a title. Answers the session, or `None` when there is no such one."""
        return _one(await self._core.rename_session(owner, id, title).future())

    def rename_session_sync(self, id: str, title: str, *, owner: str = "local") -> Session | None:
        """As `rename_session`, without an event loop."""
        return _one(self._core.rename_session(owner, id, title).wait())

    async def branches(self, session: str, *, owner: str = "local") -> list[BranchPoint]:
        """The places where a session went on in more than one way, in order.

        ``branch_after=`` of `Agent.run` makes a branch.
        """
        return _branches(await self._core.branches(owner, session).future())

    def branches_sync(self, session: str, *, owner: str = "local") -> list[BranchPoint]:
        """As `branches`, without an event loop."""
        return _branches(self._core.branches(owner, session).wait())

    async def switch_branch(self, session: str, to: Way | int, *, owner: str = "local") -> Session | None:
        """Makes another branch the history of a session.

        Args:
            session: The session.
            to: A way of `branches`, or the ``seq`` of a message that the history is to go through.
            owner: Whose session it is.

        Returns:
            The session, or `None` when there is no such one.

        Raises:
            NotFoundError: When the session has no such message.
            ConflictError: When an answer is being written in it.
        """
        return _one(await self._core.switch_branch(owner, session, _seq(to)).future())

    def switch_branch_sync(self, session: str, to: Way | int, *, owner: str = "local") -> Session | None:
        """As `switch_branch`, without an event loop."""
        return _one(self._core.switch_branch(owner, session, _seq(to)).wait())

    async def fork_session(
        self, id: str, *, at: int | None = None, to: str | None = None, owner: str = "local"
    ) -> Session:
        """Makes a session of its own that begins as another one did. Other branches stay behind.

        Args:
            id: The session that it begins as.
            at: The ``seq`` of the last message that it takes over; the newest of the history unless set.
            to: The id of the new session; the engine chooses one unless set.
            owner: Whose sessions they are.

        Raises:
            NotFoundError: When there is no such session or message.
            ConflictError: When the id is taken.
        """
        return _some(await self._core.fork_session(owner, id, at, to).future())

    def fork_session_sync(
        self, id: str, *, at: int | None = None, to: str | None = None, owner: str = "local"
    ) -> Session:
        """As `fork_session`, without an event loop."""
        return _some(self._core.fork_session(owner, id, at, to).wait())

    async def export_session(self, id: str, *, owner: str = "local") -> str | None:
        """A session with all its branches and tool calls as JSON Lines, or `None` when there is no such one."""
        return cast("str | None", await self._core.export_session(owner, id).future())

    def export_session_sync(self, id: str, *, owner: str = "local") -> str | None:
        """As `export_session`, without an event loop."""
        return cast("str | None", self._core.export_session(owner, id).wait())

    async def import_session(self, text: str, *, id: str | None = None, owner: str = "local") -> Session:
        """Puts in a session that `export_session` has written, in whichever store.

        Args:
            text: The JSON Lines.
            id: What it is to be called by, in place of the id that it has.
            owner: Whose it is to be.

        Raises:
            ConflictError: When the id is taken.
            ConfigurationError: When the text is not right. The message names the line.
        """
        return _some(await self._core.import_session(owner, text, id).future())

    def import_session_sync(self, text: str, *, id: str | None = None, owner: str = "local") -> Session:
        """As `import_session`, without an event loop."""
        return _some(self._core.import_session(owner, text, id).wait())

    async def verify_journal(self, run_id: str, *, owner: str = "local") -> int:
        """Checks that nobody has changed what is recorded of a run: each step is chained to the one before by a hash.

        Returns:
            How many steps there are.

        Raises:
            JournalError: When a step is missing, out of order, or not what it was.
            NotFoundError: When there is no such run.
        """
        return cast("int", await self._core.verify_journal(owner, run_id).future())

    def verify_journal_sync(self, run_id: str, *, owner: str = "local") -> int:
        """As `verify_journal`, without an event loop."""
        return cast("int", self._core.verify_journal(owner, run_id).wait())

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
        self._path = os.fspath(path)
        self._core = cast("StoreCore", StoreCore.open(f"sqlite://{self._path}").wait())

    def __repr__(self) -> str:
        """Its file."""
        return f"scorpio.SqliteStore({self._path!r})"


class PostgresStore(Store):
    """Keeps sessions in a PostgreSQL database, which any number of processes on any number of machines may share.

    Its tables are made when they are not there.
    """

    def __init__(self, url: str) -> None:
        """Connects to the database; in a program with an event loop, `Store.open` does so without blocking it.

        Args:
            url: ``"postgres://user:password@host:5432/database"``. ``?sslmode=verify-full`` insists on encryption.

        Raises:
            StoreError: When it does not answer or does not let the program in. The message names no password.
            ConfigurationError: When that is no URL of PostgreSQL.
        """
        if not url.startswith(_POSTGRES):
            raise ConfigurationError("the URL of a PostgresStore begins with `postgres://`")
        self._core = cast("StoreCore", StoreCore.open(url).wait())

    def __repr__(self) -> str:
        """Its kind: a URL may hold a password."""
        return "<scorpio.PostgresStore>"


class MongoStore(Store):
    """Keeps sessions in a MongoDB database, which any number of processes on any number of machines may share.

    It keeps no events: ``event_log=`` takes an `EventLog` that is elsewhere.
    """

    def __init__(self, url: str) -> None:
        """Connects to the database; in a program with an event loop, `Store.open` does so without blocking it.

        Args:
            url: ``"mongodb://user:password@host/database?replicaSet=rs0"``.

        Raises:
            StoreError: When it does not answer or does not let the program in. The message names no password.
            ConfigurationError: When that is no URL of MongoDB.
        """
        if not url.startswith(_MONGO):
            raise ConfigurationError("the URL of a MongoStore begins with `mongodb://`")
        self._core = cast("StoreCore", StoreCore.open(url).wait())

    def __repr__(self) -> str:
        """Its kind: a URL may hold a password."""
        return "<scorpio.MongoStore>"


def _opened(place: str, core: object) -> Store:
    """The store that an open core belongs to."""
    store: Store
    if place.startswith(_POSTGRES):
        store = object.__new__(PostgresStore)
    elif place.startswith(_MONGO):
        store = object.__new__(MongoStore)
    else:
        store = sqlite = object.__new__(SqliteStore)
        sqlite._path = place.removeprefix("sqlite:").removeprefix("//")
    store._core = cast("StoreCore", core)
    return store


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
            approved_tools=tuple(session.get("approved_tools", ())),
        )
        for session in json.loads(text)
    ]


def _one(sessions: object) -> Session | None:
    return next(iter(cast("list[Session]", sessions)), None)


def _some(sessions: object) -> Session:
    (session,) = cast("list[Session]", sessions)
    return session


def _seq(to: Way | int) -> int:
    return to.seq if isinstance(to, Way) else to


def _branches(points: object) -> list[BranchPoint]:
    written = cast("list[tuple[int, list[tuple[int, str, bool]]]]", points)
    return [BranchPoint(after, tuple(Way(*way) for way in ways)) for after, ways in written]
