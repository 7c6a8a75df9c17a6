"""Stores and logs of events by their URLs, and what only stores that outlive a process can do."""

from __future__ import annotations

import asyncio
import os
import pathlib
import sqlite3
import subprocess
import sys
import uuid

import pytest

import scorpio

from .support import WAIT, agent_of, calling, missing


@pytest.fixture
def postgres() -> str:
    """A database of this test's own."""
    url = os.environ.get("SCORPIO_TEST_POSTGRES_URL")
    if url is None:
        missing("SCORPIO_TEST_POSTGRES_URL", "a PostgreSQL server; see tests/services")
    name = f"python_{uuid.uuid4().hex}"
    programs = pathlib.Path(os.environ["SCORPIO_TEST_POSTGRES_PROGRAMS"])
    subprocess.run([programs / "psql", url, "-qc", f"create database {name}"], check=True)
    return f"{url.rpartition('/')[0]}/{name}"


@pytest.fixture
def mongo() -> str:
    """A database of this test's own."""
    url = os.environ.get("SCORPIO_TEST_MONGODB_URL")
    if url is None:
        missing("SCORPIO_TEST_MONGODB_URL", "a MongoDB server; see tests/services")
    return f"{url}/python_{uuid.uuid4().hex}"


@pytest.fixture
def redis() -> str:
    url = os.environ.get("SCORPIO_TEST_REDIS_URL")
    if url is None:
        missing("SCORPIO_TEST_REDIS_URL", "a Redis server; see tests/services")
    return url


def hello(store: scorpio.Store, log: scorpio.EventLog | None = None) -> scorpio.Outcome[None]:
    agent = agent_of(scorpio.ScriptedModel(["Hello."]), store=store, event_log=log)
    return agent.run_sync("Hi.", session="chat-1")


def texts(store: scorpio.Store) -> list[str]:
    return [message.text for message in store.messages_sync("chat-1")]


@pytest.mark.parametrize("form", ["{path}", "sqlite://{path}", "sqlite:{path}"])
def test_a_file(form: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "chat.db"
    store = scorpio.Store.open_sync(form.format(path=path))
    assert repr(store) == f"scorpio.SqliteStore({str(path)!r})"
    hello(store)
    store.close_sync()
    with pytest.raises(scorpio.StoreError):
        store.sessions_sync()

    async def main() -> None:
        store = await scorpio.Store.open(path)
        assert isinstance(store, scorpio.SqliteStore)
        assert [message.text for message in await store.messages("chat-1")] == ["Hi.", "Hello."]
        await store.close()

    asyncio.run(main())


def test_a_relative_path(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scorpio.Store.open_sync("sqlite://chat.db").close_sync()
    assert (tmp_path / "chat.db").exists()


def test_places_that_will_not_do(tmp_path: pathlib.Path) -> None:
    with pytest.raises(scorpio.ConfigurationError, match="nothing keeps sessions at `ftp://…`") as caught:
        scorpio.Store.open_sync("ftp://user:hunter2@host/path")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(scorpio.ConfigurationError, match="nothing keeps sessions"):
        scorpio.Store.open_sync("mysql://127.0.0.1:1/agents")
    with pytest.raises(scorpio.StoreError) as failed:
        scorpio.Store.open_sync("postgres://ada:hunter2@127.0.0.1:1/agents")
    assert "127.0.0.1" in str(failed.value)
    assert "hunter2" not in str(failed.value)
    with pytest.raises(scorpio.StoreError):
        scorpio.EventLog.open_sync("redis://:hunter2@127.0.0.1:1")
    with pytest.raises(scorpio.ConfigurationError, match="begins with `mongodb://`"):
        scorpio.MongoStore("chat.db")
    with pytest.raises(scorpio.StoreError, match="nowhere"):
        scorpio.Store.open_sync(tmp_path / "nowhere" / "chat.db")
    with pytest.raises(scorpio.ConfigurationError, match="begins with `postgres://`"):
        scorpio.PostgresStore("chat.db")
    for cls in (scorpio.Store, scorpio.EventLog):
        with pytest.raises(TypeError, match="use scorpio"):
            cls()
    with pytest.raises(TypeError, match="`event_log` is an EventLog"):
        scorpio.Agent("test", model="scripted:demo", event_log="redis://host")  # type: ignore[arg-type]


def test_postgres(postgres: str) -> None:
    store = scorpio.Store.open_sync(postgres)
    assert isinstance(store, scorpio.PostgresStore)
    assert postgres not in repr(store)
    outcome = hello(store, store.events)
    store.close_sync()
    store = scorpio.PostgresStore(postgres)
    assert texts(store) == ["Hi.", "Hello."]
    assert store.verify_journal_sync(outcome.run_id) >= 2
    assert store.events.read_sync(outcome.run_id)[-1].type == "run_finished"


def test_postgres_lets_another_process_decide(postgres: str) -> None:
    sent: list[str] = []

    @scorpio.tool(approval=True)
    def send(to: str) -> str:
        "Send an e-mail."
        sent.append(to)
        return f"sent to {to}"

    store = scorpio.PostgresStore(postgres)
    agent = agent_of(calling(("send", {"to": "ada"})), send, store=store)
    outcome = agent.run_sync("Write to Ada.", session="chat-1")
    program = """if True:
        import sys, scorpio
        runtime = scorpio.Runtime(scorpio.PostgresStore(sys.argv[1]))
        (call,) = runtime.approvals_sync("chat-1")
        runtime.decide_sync(call.run_id, call.call_id, "approve", by="grace")
    """
    subprocess.run([sys.executable, "-c", program, postgres], check=True, timeout=WAIT)
    assert agent.resume_sync(outcome.run_id).text == "Done."
    assert sent == ["ada"]


def test_mongo(mongo: str) -> None:
    store = scorpio.Store.open_sync(mongo)
    assert isinstance(store, scorpio.MongoStore)
    assert mongo not in repr(store)
    with pytest.raises(scorpio.ConfigurationError, match="no events"):
        _ = store.events
    outcome = hello(store)
    store = scorpio.MongoStore(mongo)
    assert texts(store) == ["Hi.", "Hello."]
    assert store.verify_journal_sync(outcome.run_id) >= 2


def test_redis_keeps_no_sessions(redis: str) -> None:
    with pytest.raises(scorpio.ConfigurationError, match="events and no sessions"):
        scorpio.Store.open_sync(redis)


def test_events_on_redis(redis: str) -> None:
    async def main() -> None:
        log = await scorpio.EventLog.open(redis)
        agent = agent_of(scorpio.ScriptedModel(["Hello there."]), event_log=log)
        stream = agent.stream("Hi.")
        watched = [event async for event in stream]
        elsewhere = await scorpio.EventLog.open(redis)
        followed = [event async for event in elsewhere.follow(stream.run_id, after=2)]
        assert [event.to_json() for event in followed] == [event.to_json() for event in watched[2:]]
        assert [type(event) for event in followed] == [type(event) for event in watched[2:]]
        read = await elsewhere.read(stream.run_id, after=2, limit=1)
        assert [event.to_json() for event in read] == [watched[2].to_json()]

    asyncio.run(asyncio.wait_for(main(), WAIT))


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> scorpio.Store:
    return scorpio.MemoryStore() if request.param == "memory" else scorpio.SqliteStore(tmp_path / "chat.db")


def test_branches(store: scorpio.Store) -> None:
    model = scorpio.ScriptedModel(["Bern.", "Fine.", "Zurich.", "Basel."])
    agent = agent_of(model, store=store)
    agent.run_sync("Where?", session="chat-1")
    agent.run_sync("And how?", session="chat-1")
    question, answer, *_ = store.messages_sync("chat-1")
    assert (question.seq, answer.seq) == (1, 2)
    assert store.branches_sync("chat-1") == []
    # The question is put otherwise, and the first answer given anew.
    agent.run_sync("Where, exactly?", session="chat-1", branch_after=0)
    assert texts(store) == ["Where, exactly?", "Zurich."]
    (point,) = store.branches_sync("chat-1")
    assert (point.after, [way.is_current for way in point.ways]) == (0, [False, True])
    assert point.ways[0] == scorpio.Way(1, str(question.id), False)
    assert store.switch_branch_sync("chat-1", point.ways[0]) is not None
    assert texts(store) == ["Where?", "Bern.", "And how?", "Fine."]
    list(agent.stream(None, session="chat-1", branch_after=1))
    assert texts(store) == ["Where?", "Basel."]

    async def main() -> None:
        points = await store.branches("chat-1")
        assert [point.after for point in points] == [0, 1]
        await store.switch_branch("chat-1", 2)
        assert texts(store) == ["Where?", "Bern.", "And how?", "Fine."]
        with pytest.raises(scorpio.NotFoundError):
            await store.switch_branch("chat-1", 99)
        assert await store.switch_branch("chat-9", 1) is None
        assert await store.branches("chat-1", owner="ada") == []

    asyncio.run(main())


def test_forks(store: scorpio.Store) -> None:
    model = scorpio.ScriptedModel(["Bern.", "Fine.", "Well."])
    agent = agent_of(model, store=store)
    agent.run_sync("Where?", session="chat-1")
    agent.run_sync("And how?", session="chat-1")
    fork = store.fork_session_sync("chat-1", at=2, to="chat-2")
    assert (fork.id, fork.owner) == ("chat-2", "local")
    assert agent.run_sync("And when?", session="chat-2").text == "Well."
    assert [message.text for message in store.messages_sync("chat-2")] == ["Where?", "Bern.", "And when?", "Well."]
    assert texts(store) == ["Where?", "Bern.", "And how?", "Fine."]
    whole = asyncio.run(store.fork_session("chat-1"))
    assert store.messages_sync(whole.id) == store.messages_sync("chat-1")
    for arguments in ({"id": "chat-1", "at": 99}, {"id": "chat-9"}, {"id": "chat-1", "owner": "ada"}):
        with pytest.raises(scorpio.NotFoundError):
            store.fork_session_sync(**arguments)  # type: ignore[arg-type]
    with pytest.raises(scorpio.ConflictError):
        store.fork_session_sync("chat-1", to="chat-2")


def test_exports(store: scorpio.Store) -> None:
    @scorpio.tool
    def look(word: str) -> str:
        return f"{word}: grüezi 🦂"

    agent_of(calling(("look", {"word": "a"})), look, store=store).run_sync("Look!", session="chat-1")
    text = store.export_session_sync("chat-1")
    assert text is not None
    assert asyncio.run(store.export_session("chat-1")) == text
    elsewhere = scorpio.MemoryStore()
    assert elsewhere.import_session_sync(text, owner="ada").owner == "ada"
    assert elsewhere.messages_sync("chat-1", owner="ada") == store.messages_sync("chat-1")
    assert asyncio.run(store.import_session(text, id="chat-2")).id == "chat-2"
    assert store.messages_sync("chat-2") == store.messages_sync("chat-1")
    with pytest.raises(scorpio.ConflictError):
        store.import_session_sync(text)
    assert store.export_session_sync("chat-1", owner="ada") is None
    first, *others = text.splitlines()
    for wrong in ("", "{}", "\n".join(others), f"{first}\n{{}}"):
        with pytest.raises(scorpio.ConfigurationError, match="line"):
            store.import_session_sync(wrong)
    with pytest.raises(scorpio.ConfigurationError, match="follows one that is not there"):
        store.import_session_sync("\n".join([first, *others[1:]]), id="chat-3")


def test_titles(store: scorpio.Store) -> None:
    hello(store)
    renamed = store.rename_session_sync("chat-1", "Greetings")
    assert renamed is not None
    assert renamed.title == "Greetings"
    assert asyncio.run(store.session("chat-1")) == renamed
    assert store.rename_session_sync("chat-1", "Mine", owner="ada") is None


def test_a_journal_that_was_changed(tmp_path: pathlib.Path) -> None:
    store = scorpio.SqliteStore(tmp_path / "chat.db")
    run_id = hello(store).run_id
    steps = store.verify_journal_sync(run_id)
    assert asyncio.run(store.verify_journal(run_id)) == steps >= 2
    store.close_sync()
    database = sqlite3.connect(tmp_path / "chat.db")
    database.execute("update scorpio_journal set payload = '{}' where seq = 2")
    database.commit()
    database.close()
    store = scorpio.SqliteStore(tmp_path / "chat.db")
    with pytest.raises(scorpio.JournalError, match="hash") as caught:
        store.verify_journal_sync(run_id)
    assert caught.value.step == 2
    with pytest.raises(scorpio.NotFoundError):
        store.verify_journal_sync(run_id, owner="ada")
