"""Where sessions are kept."""

from __future__ import annotations

import asyncio
import datetime
import pathlib
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

import scorpio

from .support import WAIT, agent_of, calling

MakeStore = Callable[[], scorpio.Store]


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> scorpio.Store:
    return scorpio.MemoryStore() if request.param == "memory" else scorpio.SqliteStore(tmp_path / "chat.db")


def hello(store: scorpio.Store, *sessions: str, owner: str = "local") -> None:
    agent = agent_of(scorpio.ScriptedModel(["Hello."] * len(sessions)), store=store)
    for session in sessions:
        agent.run_sync("Hi.", session=session, owner=owner)


def test_sessions(store: scorpio.Store) -> None:
    assert store.sessions_sync() == []
    hello(store, "chat-1", "chat-2", "chat-3")
    hello(store, "chat-4", owner="ada")
    assert [session.id for session in store.sessions_sync()] == ["chat-3", "chat-2", "chat-1"]
    assert [session.id for session in store.sessions_sync(limit=2)] == ["chat-3", "chat-2"]
    assert [session.id for session in store.sessions_sync(limit=2, before="chat-2")] == ["chat-1"]
    assert [session.id for session in store.sessions_sync(owner="ada")] == ["chat-4"]
    session = store.session_sync("chat-1")
    assert session is not None
    assert (session.owner, session.title, session.metadata) == ("local", "", None)
    assert session.created_at <= session.updated_at <= datetime.datetime.now(datetime.timezone.utc)
    assert store.session_sync("chat-4") is None
    with pytest.raises(scorpio.NotFoundError):
        store.sessions_sync(before="nowhere")


def test_deleting(store: scorpio.Store) -> None:
    hello(store, "chat-1", "chat-2")
    assert not store.delete_session_sync("chat-1", owner="ada")
    assert store.delete_session_sync("chat-1")
    assert not store.delete_session_sync("chat-1")
    assert store.messages_sync("chat-1") == []
    assert [session.id for session in store.sessions_sync()] == ["chat-2"]


def test_the_same_to_await(store: scorpio.Store) -> None:
    hello(store, "chat-1")

    async def main() -> None:
        assert await store.sessions() == store.sessions_sync()
        assert await store.session("chat-1") == store.session_sync("chat-1")
        assert await store.messages("chat-1") == store.messages_sync("chat-1")
        assert await store.delete_session("chat-1")
        assert await store.sessions() == []

    asyncio.run(main())


def test_two_agents_share_a_store(store: scorpio.Store) -> None:
    model = scorpio.ScriptedModel(["Hello.", "Indeed."])
    first, second = agent_of(model, store=store), agent_of(model, store=store)
    first.run_sync("Hi.", session="chat-1")
    second.run_sync("Well?", session="chat-1")
    assert [message.text for message in model.requests[1].messages] == ["Hi.", "Hello.", "Well?"]
    assert first.store is store


def test_what_is_stored_is_what_was_said(store: scorpio.Store) -> None:
    def look(word: str) -> list[str]:
        return [word, "grüezi 🦂"]

    agent = agent_of(calling(("look", {"word": "a\u0000b"}), then="Fine."), look, store=store)
    picture = scorpio.MediaPart("image/png", data=bytes(range(256)))
    outcome = agent.run_sync(scorpio.Message.user("Look!", picture), session="chat-1")
    messages = store.messages_sync("chat-1")
    assert messages[0].parts == (scorpio.TextPart("Look!"), picture)
    assert messages[1:] == outcome.messages
    assert messages[2].parts == (scorpio.ToolResultPart("call_1", "look", ["a\u0000b", "grüezi 🦂"], "completed"),)


def test_a_long_session_is_read_whole(store: scorpio.Store) -> None:
    turns = 600

    def step() -> None: ...

    call = scorpio.ScriptedTurn(tool_calls=[("step", {})])
    agent = agent_of(
        scorpio.ScriptedModel([call] * turns), step, store=store, limits=scorpio.Limits(turns=turns, tool_calls=turns)
    )
    agent.run_sync("Go.", session="chat-1")
    messages = store.messages_sync("chat-1")
    assert len(messages) == 1 + 2 * turns
    assert [message.role for message in messages[1:]] == ["assistant", "tool"] * turns
    assert len({message.id for message in messages}) == len(messages)


PROCESS = """
import sys, scorpio
store = scorpio.SqliteStore(sys.argv[1])
model = scorpio.ScriptedModel([sys.argv[3]])
agent = scorpio.Agent("test", model=model, store=store)
print([message.text for message in store.messages_sync("chat-1")])
print(agent.run_sync(sys.argv[2], session="chat-1").text)
"""


def test_sqlite_persists_across_processes(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "chat.db"

    def process(message: str, answer: str) -> list[str]:
        command = [sys.executable, "-c", PROCESS, str(path), message, answer]
        done = subprocess.run(command, capture_output=True, text=True, timeout=WAIT, check=True)
        assert done.stderr == ""
        return done.stdout.splitlines()

    assert process("I am Ada.", "Hello, Ada.") == ["[]", "Hello, Ada."]
    assert process("Who am I?", "You are Ada.") == ["['I am Ada.', 'Hello, Ada.']", "You are Ada."]
    store = scorpio.SqliteStore(path)
    assert repr(store) == f"scorpio.SqliteStore({str(path)!r})"
    texts = [message.text for message in store.messages_sync("chat-1")]
    assert texts == ["I am Ada.", "Hello, Ada.", "Who am I?", "You are Ada."]


KILLED = """
import os, sys, scorpio

def wait() -> None:
    print("ready", flush=True)
    sys.stdin.read()

turn = scorpio.ScriptedTurn(text="Let me see.", tool_calls=[("wait", {})])
agent = scorpio.Agent(
    "test", model=scorpio.ScriptedModel([turn]), tools=[wait], store=scorpio.SqliteStore(sys.argv[1])
)
agent.run_sync("Go.", session="chat-1")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_loses_nothing(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "chat.db"
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.kill()
    messages = scorpio.SqliteStore(path).messages_sync("chat-1")
    assert [message.text for message in messages[:2]] == ["Go.", "Let me see."]
    assert messages[1].tool_calls[0].name == "wait"


def test_a_database_that_cannot_be_opened(tmp_path: pathlib.Path) -> None:
    with pytest.raises(scorpio.StoreError, match="nowhere") as caught:
        scorpio.SqliteStore(tmp_path / "nowhere" / "chat.db")
    assert caught.value.code == "internal:database"
    other = tmp_path / "other.db"
    other.write_text("This is no database. " * 100)
    with pytest.raises(scorpio.StoreError, match="other"):
        scorpio.SqliteStore(other)
    assert other.read_text().startswith("This is no database.")


def test_closing(tmp_path: pathlib.Path) -> None:
    store = scorpio.SqliteStore(tmp_path / "chat.db")
    hello(store, "chat-1")
    store.close_sync()
    assert [path.name for path in tmp_path.iterdir()] == ["chat.db"]
    with pytest.raises(scorpio.StoreError) as caught:
        store.sessions_sync()
    # Users may be shown the text: it tells nothing about the store.
    assert str(caught.value) == "Something went wrong. Please try again later."
    asyncio.run(store.close())
    assert len(scorpio.SqliteStore(tmp_path / "chat.db").messages_sync("chat-1")) == 2


def test_many_runs_on_one_file(tmp_path: pathlib.Path) -> None:
    store = scorpio.SqliteStore(tmp_path / "chat.db")

    def work(number: int) -> str:
        return threading.current_thread().name

    async def one(index: int) -> str:
        agent = agent_of(calling(("work", {"number": index}), then=f"Number {index}."), work, store=store)
        return (await agent.run("Go.", session=f"chat-{index}")).text

    async def main() -> None:
        assert await asyncio.gather(*map(one, range(50))) == [f"Number {index}." for index in range(50)]
        assert len(await store.sessions(limit=100)) == 50

    asyncio.run(asyncio.wait_for(main(), 3 * WAIT))
