"""Runs that another process began: looked at, told something, taken up when their process was killed."""

from __future__ import annotations

import asyncio
import json
import pathlib
import signal
import sqlite3
import subprocess
import sys
import textwrap
from typing import Any

import pytest

import scorpio

from .support import WAIT, agent_of, calling, stuck

# What both processes know: the agent and its tool, which notes each call. The first one never answers.
PROGRAM = """
import pathlib, sys, time
import scorpio

folder, retry, on_unknown = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def note(line):
    with (folder / "calls").open("a") as calls:
        calls.write(line + "\\n")

@scorpio.tool(retry=retry, on_unknown=on_unknown)
async def charge(context: scorpio.ToolContext, amount: int) -> str:
    "Charge the customer."
    first = not (folder / "calls").exists()
    if retry == "transactional":
        context.execute("insert into charges (amount) values (?)", amount)
    note(context.idempotency_key)
    if first:
        print("started", flush=True)
        time.sleep(3600)
    return f"charged {amount}"

store = scorpio.SqliteStore(folder / "chat.db")
def clerk(model):
    return scorpio.Agent("clerk", model=model, tools=[charge], store=store, event_log=store.events, lease=0.3)
"""
FIRST = """
turn = scorpio.ScriptedTurn(tool_calls=[("charge", {"amount": 5})])
clerk(scorpio.ScriptedModel([turn])).run_sync("Charge 5.", session="chat-1")
"""
SECOND = """
import asyncio, json
async def main():
    agent = clerk(scorpio.ScriptedModel(["Charged."]))
    (question, *_) = await agent.messages("chat-1")
    async with scorpio.Runtime(store, agents=[agent], interval=0.05) as runtime:
        async for event in store.events.follow(question.run_id):
            if event.type == "run_paused":
                break
        run = await runtime.run(question.run_id)
        pending = await runtime.approvals("chat-1")
        print(json.dumps([run.status, run.end, run.recoveries, [call.reason for call in pending]]))
        if pending:
            await runtime.decide(run.id, "call_1", sys.argv[4], by="grace")
            async for event in store.events.follow(run.id):
                pass
    messages = await agent.messages("chat-1")
    part = messages[2].parts[0]
    resumed = [event.recovered for event in await store.events.read(run.id) if event.type == "run_resumed"]
    print(json.dumps([messages[-1].text, part.outcome, part.output, resumed]))
asyncio.run(main())
"""


def start(folder: pathlib.Path, program: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM + textwrap.dedent(program), str(folder), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed(folder: pathlib.Path, *arguments: str) -> None:
    """Runs a process that is killed in the middle of its tool."""
    process = start(folder, FIRST, *arguments)
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=WAIT)
    assert process.returncode == -signal.SIGKILL


def taken_up(folder: pathlib.Path, *arguments: str) -> tuple[list[Any], list[Any]]:
    """What the process finds that takes the run up."""
    process = start(folder, SECOND, *arguments)
    out, err = process.communicate(timeout=WAIT)
    assert (process.returncode, err) == (0, "")
    found, left = map(json.loads, out.splitlines())
    return found, left


DONE: list[Any] = ["finished", "done", 1, []]
ASKED: list[Any] = ["waiting", None, 1, ["outcome_unknown"]]
CASES: list[tuple[list[str], int, list[Any], str]] = [
    (["pure", "ask"], 2, DONE, "completed"),
    (["idempotent", "ask"], 2, DONE, "completed"),
    (["at_most_once", "ask", "approve"], 2, ASKED, "completed"),
    (["at_most_once", "ask", "deny"], 1, ASKED, "interrupted"),
    (["at_most_once", "fail"], 1, DONE, "interrupted"),
]


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
@pytest.mark.parametrize(("arguments", "calls", "found", "outcome"), CASES, ids=["-".join(case[0]) for case in CASES])
def test_a_process_is_killed_in_the_middle_of_a_tool(
    tmp_path: pathlib.Path, arguments: list[str], calls: int, found: list[Any], outcome: str
) -> None:
    killed(tmp_path, *arguments)
    assert (tmp_path / "calls").read_text().count("\n") == 1
    was_found, (text, was_outcome, output, resumed) = taken_up(tmp_path, *arguments)
    assert (was_found, text, was_outcome) == (found, "Charged.", outcome)
    assert (output == "charged 5") == (outcome == "completed")
    assert resumed == ([True, False] if found is ASKED else [True])
    keys = (tmp_path / "calls").read_text().split()
    assert len(keys) == calls
    assert len(set(keys)) == 1, "each attempt has the same key"
    store = scorpio.SqliteStore(tmp_path / "chat.db")
    run = store.messages_sync("chat-1")[0].run_id
    assert run is not None
    assert store.verify_journal_sync(run) >= 4


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ")
def test_a_transactional_tool_takes_effect_once(tmp_path: pathlib.Path) -> None:
    # The program's own table, in the database of the store.
    scorpio.SqliteStore(tmp_path / "chat.db").close_sync()
    database = sqlite3.connect(tmp_path / "chat.db")
    database.execute("create table charges (amount integer not null)")
    database.commit()
    killed(tmp_path, "transactional", "ask")
    assert database.execute("select count(*) from charges").fetchone() == (0,)
    found, left = taken_up(tmp_path, "transactional", "ask")
    assert (found[0], left[:2]) == ("finished", ["Charged.", "completed"])
    assert database.execute("select amount from charges").fetchall() == [(5,)]
    database.close()


@scorpio.tool(approval=True)
async def send(to: str) -> str:
    "Send an e-mail."
    return f"sent to {to}"


def waiting(store: scorpio.Store, *turns: str) -> tuple[scorpio.Agent, scorpio.ScriptedModel, str]:
    model = scorpio.ScriptedModel([scorpio.ScriptedTurn(tool_calls=[("send", {"to": "ada"})]), *turns])
    agent = agent_of(model, send, store=store, event_log=store.events)
    return agent, model, agent.run_sync("Write to Ada.", session="chat-1").run_id


def test_a_decision_lets_a_run_go_on_here() -> None:
    async def main() -> None:
        store = scorpio.MemoryStore()
        agent, model, run_id = await asyncio.to_thread(waiting, store, "Done.")
        runtime = scorpio.Runtime(store, agents=[agent])
        await runtime.steer(run_id, "And be quick.")
        run = await runtime.run(run_id)
        assert (run.id, run.session, run.owner, run.agent) == (run_id, "chat-1", "local", "test")
        assert (run.status, run.end, run.turn, run.recoveries) == ("waiting", None, 1, 0)
        assert run.wakes_at is not None
        await runtime.decide(run_id, "call_1", "approve", by="grace")
        assert [event.type async for event in store.events.follow(run_id)][-1] == "run_finished"
        assert (await agent.messages("chat-1"))[-1].text == "Done."
        assert any(message.text == "And be quick." for message in model.requests[1].messages)
        with pytest.raises(scorpio.NotFoundError):
            await runtime.decide(run_id, "call_1", "approve")

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_a_decision_is_left_for_whoever_knows_the_agent() -> None:
    store = scorpio.MemoryStore()
    agent, _, run_id = waiting(store, "Done.")
    scorpio.Runtime(store).decide_sync(run_id, "call_1", scorpio.Deny("No."))
    runtime = scorpio.Runtime(store, agents=[agent])
    assert runtime.run_sync(run_id).status == "waiting"
    assert runtime.recover_sync() == 1
    assert [event.type for event in store.events.follow_sync(run_id)][-1] == "run_finished"
    assert runtime.run_sync(run_id).status == "finished"
    assert runtime.recover_sync() == 0


def test_a_run_is_stopped_from_elsewhere() -> None:
    async def main() -> None:
        store = scorpio.MemoryStore()
        runtime = scorpio.Runtime(store)
        stream = agent_of(stuck(), store=store).stream("Go.", session="chat-1")
        async for event in stream:
            if event.type == "text_delta":
                await runtime.stop_run(stream.run_id)
        outcome = await stream.outcome()
        assert (outcome.status, outcome.reason, outcome.text) == ("stopped", "cancelled", "Wait")
        with pytest.raises(scorpio.NotFoundError):
            await runtime.stop_run(stream.run_id)

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_a_run_that_waits_stops_at_once() -> None:
    store = scorpio.MemoryStore()
    _, _, run_id = waiting(store)
    runtime = scorpio.Runtime(store)
    with pytest.raises(scorpio.NotFoundError):
        runtime.stop_run_sync(run_id, owner="ada")
    runtime.stop_run_sync(run_id)
    run = runtime.run_sync(run_id)
    assert (run.status, run.end) == ("finished", "stopped")
    assert run.finished_at is not None


def test_what_is_not_there() -> None:
    runtime = scorpio.Runtime(scorpio.MemoryStore())
    missing = "01890000-0000-7000-8000-000000000000"
    with pytest.raises(scorpio.NotFoundError):
        runtime.run_sync(missing)
    with pytest.raises(scorpio.NotFoundError):
        runtime.steer_sync(missing, "Hello.")
    assert runtime.approvals_sync("chat-1") == []
    with pytest.raises(TypeError):
        scorpio.Runtime("chat.db")  # type: ignore[arg-type]


def test_starting_and_stopping_twice() -> None:
    async def main() -> None:
        runtime = scorpio.Runtime(scorpio.MemoryStore())
        await runtime.start()
        await runtime.start()
        await runtime.stop()
        await runtime.stop()

    asyncio.run(main())
    with scorpio.Runtime(scorpio.MemoryStore()) as runtime:
        assert runtime.recover_sync() == 0


def test_a_long_history_is_summed_up() -> None:
    async def main() -> None:
        summaries = scorpio.ScriptedModel(["They greeted each other."])
        model = scorpio.ScriptedModel([scorpio.ScriptedTurn(text="Hello. " * 400, usage=(10, 800)), "Indeed."])
        compaction = scorpio.Compaction(threshold=300, keep=10, model=summaries, instructions="Sum up.")
        agent = scorpio.Agent("patient", model=model, compaction=compaction)
        await agent.run("Hi.", session="chat-1")
        events = [event async for event in agent.stream("And?", session="chat-1")]
        (compacted,) = [event for event in events if isinstance(event, scorpio.Compacted)]
        messages = await agent.messages("chat-1")
        (summary,) = [message for message in messages if message.replaces]
        assert summary.id == compacted.message_id
        assert summary.text.endswith("They greeted each other.")
        assert summaries.requests[0].instructions == "Sum up."
        assert not any("Hello." in message.text for message in model.requests[1].messages)

    asyncio.run(main())
    with pytest.raises(scorpio.ConfigurationError, match="`keep` must be less"):
        scorpio.Compaction(threshold=10)


def test_a_tool_without_a_transaction_cannot_write_to_the_database() -> None:
    @scorpio.tool
    def write(context: scorpio.ToolContext) -> None:
        context.execute("delete from messages")

    model = calling(("write", {}))
    agent_of(model, write).run_sync("Go.")
    part = model.requests[1].messages[-1].parts[0]
    assert isinstance(part, scorpio.ToolResultPart)
    assert (part.outcome, "not transactional" in part.output) == ("failed", True)
    context = scorpio.ToolContext.detached()
    context.execute("insert into charges values (?, ?)", 5, None)
    assert context.executed == [("insert into charges values (?, ?)", [5, None])]
