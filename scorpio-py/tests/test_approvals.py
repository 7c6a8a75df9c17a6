"""Tool calls that somebody is asked about: who is asked, what is decided, and how the run goes on."""

from __future__ import annotations

import asyncio
import datetime
import logging
import pathlib
from dataclasses import dataclass
from typing import Any

import pytest

import scorpio

from .support import WAIT, agent_of, calling


class Mail:
    """Sends e-mails, when somebody lets it."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.looked: list[str] = []

    @scorpio.tool(approval=True)
    def send(self, to: str) -> str:
        "Send an e-mail."
        self.sent.append(to)
        return f"sent to {to}"

    @scorpio.tool(retry="pure", effects="read_private")
    async def look(self, name: str) -> str:
        "Look up an address."
        self.looked.append(name)
        return f"{name}@example.org"


@pytest.fixture
def mail() -> Mail:
    return Mail()


def clerk(mail: Mail, *calls: tuple[str, dict[str, Any]], then: str = "Done.", **options: Any) -> scorpio.Agent:
    return agent_of(calling(*calls, then=then), mail.send, mail.look, **options)


def to_ada(mail: Mail, **options: Any) -> scorpio.Agent:
    return clerk(mail, ("send", {"to": "ada"}), **options)


def test_a_run_waits_and_goes_on_when_it_is_allowed_to(mail: Mail) -> None:
    agent = to_ada(mail)
    before = datetime.datetime.now(datetime.timezone.utc)
    outcome = agent.run_sync("Write to Ada.", session="chat-1")
    assert (outcome.status, outcome.reason, mail.sent) == ("paused", "approval", [])
    (call,) = outcome.pending
    assert (call.call_id, call.name, call.arguments) == ("call_1", "send", {"to": "ada"})
    assert (call.reason, call.run_id) == ("policy", outcome.run_id)
    assert call.expires_at is not None
    # The engine reads its clock more finely than Python shows it.
    second = datetime.timedelta(seconds=1)
    assert before - second <= call.requested_at <= datetime.datetime.now(datetime.timezone.utc)
    assert call.expires_at - call.requested_at == datetime.timedelta(days=1)
    answer = agent.resume_sync(outcome.run_id, {call.call_id: "approve"})
    assert (answer.status, answer.text, answer.pending) == ("done", "Done.", [])
    assert mail.sent == ["ada"]
    assert answer.run_id == outcome.run_id
    assert [message.role for message in agent.messages_sync("chat-1")] == ["user", "assistant", "tool", "assistant"]


def test_a_refusal_is_told_to_the_model(mail: Mail) -> None:
    async def main() -> None:
        agent = to_ada(mail)
        outcome = await agent.run("Write to Ada.")
        await agent.resume(outcome.run_id, {outcome.pending[0].approval_id: scorpio.Deny("Ada is away.")}, by="grace")
        part = (await agent.messages(outcome.session))[2].parts[0]
        assert isinstance(part, scorpio.ToolResultPart)
        assert part.outcome == "denied"
        assert "Ada is away." in part.output
        assert mail.sent == []

    asyncio.run(main())


def test_changed_arguments_are_what_runs(mail: Mail) -> None:
    agent = to_ada(mail)
    outcome = agent.run_sync("Write to Ada.")
    agent.resume_sync(outcome.run_id, {"call_1": scorpio.Approve(arguments={"to": "grace"})})
    assert mail.sent == ["grace"]


def test_always_holds_for_the_session(mail: Mail) -> None:
    turn = scorpio.ScriptedTurn(tool_calls=[("send", {"to": "ada"})])
    agent = agent_of(scorpio.ScriptedModel([turn, "One.", turn, "Two.", turn]), mail.send)
    outcome = agent.run_sync("Write to Ada.", session="chat-1")
    agent.resume_sync(outcome.run_id, {"call_1": scorpio.Approve(always=True)})
    assert agent.run_sync("Again.", session="chat-1").text == "Two."
    assert mail.sent == ["ada", "ada"]
    session = agent.store.session_sync("chat-1")
    assert session is not None
    assert session.approved_tools == ("send",)
    assert agent.run_sync("Write to Ada.", session="chat-2").status == "paused"


def test_what_needs_no_word_runs_meanwhile_and_the_rest_may_wait(mail: Mail) -> None:
    calls = [("send", {"to": "ada"}), ("look", {"name": "ada"}), ("send", {"to": "grace"})]
    agent = clerk(mail, *calls)
    outcome = agent.run_sync("Write to both.")
    assert [call.call_id for call in outcome.pending] == ["call_1", "call_3"]
    assert mail.looked == ["ada"]
    outcome = agent.resume_sync(outcome.run_id, {"call_3": "deny"})
    assert (outcome.status, [call.call_id for call in outcome.pending]) == ("paused", ["call_1"])
    assert agent.resume_sync(outcome.run_id, {"call_1": "approve"}).text == "Done."
    assert mail.sent == ["ada"]


def test_a_decision_counts_once_and_must_fit(mail: Mail) -> None:
    agent = to_ada(mail)
    run = agent.run_sync("Write to Ada.").run_id
    with pytest.raises(scorpio.NotFoundError, match="does not ask about such a call"):
        agent.resume_sync(run, {"call_9": "approve"})
    with pytest.raises(TypeError, match="a decision is"):
        agent.resume_sync(run, {"call_1": True})  # type: ignore[dict-item]
    with pytest.raises(scorpio.ConfigurationError, match="belongs to the agent `test`, not to `other`"):
        other = scorpio.Agent("other", model="scripted:demo", store=agent.store)
        other.resume_sync(run)
    with pytest.raises(scorpio.NotFoundError):
        agent.resume_sync(run, {"call_1": "approve"}, owner="ada")
    assert agent.resume_sync(run, {"call_1": "approve"}).status == "done"
    with pytest.raises(scorpio.NotFoundError, match="it is over"):
        agent.resume_sync(run, {"call_1": "approve"})
    with pytest.raises(scorpio.ConfigurationError):
        agent.resume_sync("no run")
    assert mail.sent == ["ada"]


def test_the_events_of_both_halves(mail: Mail) -> None:
    async def main() -> None:
        store = scorpio.MemoryStore()
        agent = to_ada(mail, store=store, event_log=store.events)
        stream = agent.stream("Write to Ada.")
        first = [event async for event in stream]
        outcome = await stream.outcome()
        assert outcome.status == "paused"
        assert [event.type for event in first[-3:]] == ["approval_requested", "turn_finished", "run_paused"]
        asked = first[-3]
        assert isinstance(asked, scorpio.ApprovalRequested)
        assert (asked.call_id, asked.name, asked.arguments) == ("call_1", "send", {"to": "ada"})
        assert (asked.approval_id, asked.reason) == (outcome.pending[0].approval_id, "policy")
        assert asked.expires_at == outcome.pending[0].expires_at
        async with agent.resume_stream(outcome.run_id, {"call_1": scorpio.Approve()}, by="grace") as resumed:
            second = [event async for event in resumed]
        assert [event.type for event in second[:3]] == ["run_resumed", "approval_resolved", "tool_started"]
        match second[0], second[1]:
            case scorpio.RunResumed(turn, recovered), scorpio.ApprovalResolved(call_id, decision, by):
                assert (turn, recovered, call_id, decision, by) == (1, False, "call_1", scorpio.Approve(), "grace")
            case other:
                raise AssertionError(other)
        assert second[-1].type == "run_finished"
        # One log, without gaps, for whoever comes later.
        whole = first + second
        assert [event.seq for event in whole] == list(range(1, len(whole) + 1))
        log = store.events
        assert [event.to_json() for event in await log.read(outcome.run_id)] == [event.to_json() for event in whole]
        last = [event.type async for event in log.follow(outcome.run_id, after=len(whole) - 1)]
        assert last == ["run_finished"]
        assert [repr(event) for event in log.follow_sync(outcome.run_id)] == [repr(event) for event in whole]

    asyncio.run(asyncio.wait_for(main(), WAIT))


POLICIES: list[tuple[Any, bool, bool]] = [
    ("declared", True, False),
    ("destructive", True, False),
    ("all", True, True),
    (["look"], True, True),
    (lambda call: "allow", True, False),
    (lambda call: "ask" if call.effects == "read_private" else "allow", True, True),
]


@pytest.mark.parametrize(("approve", "send_waits", "look_waits"), POLICIES)
def test_policies(mail: Mail, approve: Any, send_waits: bool, look_waits: bool) -> None:
    agent = clerk(mail, ("send", {"to": "ada"}), ("look", {"name": "ada"}), approve=approve)
    waiting = {call.name for call in agent.run_sync("Go.").pending}
    assert waiting == {name for name, waits in (("send", send_waits), ("look", look_waits)) if waits}


def test_a_policy_sees_the_call_and_may_refuse_it(mail: Mail) -> None:
    seen: list[scorpio.ProposedCall] = []

    def policy(call: scorpio.ProposedCall) -> Any:
        seen.append(call)
        return scorpio.Deny("Nobody is to be looked up.")

    agent = clerk(mail, ("look", {"name": "ada"}), approve=policy)
    outcome = agent.run_sync("Look.", session="chat-1")
    assert outcome.text == "Done."
    assert seen == [scorpio.ProposedCall("look", {"name": "ada"}, "read_private", outcome.run_id, "chat-1")]
    assert mail.looked == []
    part = agent.messages_sync("chat-1")[2].parts[0]
    assert isinstance(part, scorpio.ToolResultPart)
    assert "Nobody is to be looked up." in part.output


def boom(call: scorpio.ProposedCall) -> Any:
    raise ZeroDivisionError("/secret/path")


@pytest.mark.parametrize("policy", [boom, lambda call: True, lambda call: None], ids=["raises", "true", "none"])
def test_a_policy_that_fails_lets_nothing_run(mail: Mail, policy: Any, caplog: pytest.LogCaptureFixture) -> None:
    agent = clerk(mail, ("look", {"name": "ada"}), approve=policy)
    with caplog.at_level(logging.ERROR, logger="scorpio"):
        outcome = agent.run_sync("Look.", session="chat-1")
    assert (outcome.status, mail.looked) == ("done", [])
    assert "policy of approval" in caplog.text
    part = agent.messages_sync("chat-1")[2].parts[0]
    assert isinstance(part, scorpio.ToolResultPart)
    assert "/secret/path" not in str(part.output)


def test_options_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="`approve` is 'declared', 'destructive', 'all'"):
        scorpio.Agent("test", model="scripted:demo", approve="sometimes")
    with pytest.raises(TypeError, match="`approve` is a word"):
        scorpio.Agent("test", model="scripted:demo", approve=[3])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="`on_unknown` must be one of 'ask', 'fail'"):
        scorpio.tool(on_unknown="hope")(lambda: None)  # type: ignore[call-overload]


def test_an_answer_that_comes_too_late_is_a_no(mail: Mail) -> None:
    agent = to_ada(mail, approval_patience=0.001)
    outcome = agent.run_sync("Write to Ada.")
    if outcome.status == "paused":
        expires_at = outcome.pending[0].expires_at
        assert expires_at is not None
        while datetime.datetime.now(datetime.timezone.utc) <= expires_at:
            pass
        outcome = agent.resume_sync(outcome.run_id)
    assert (outcome.text, mail.sent) == ("Done.", [])


def test_patience_without_end(mail: Mail) -> None:
    (call,) = to_ada(mail, approval_patience=None).run_sync("Write to Ada.").pending
    assert call.expires_at is None


@dataclass
class Order:
    item: str


def test_an_answer_with_a_shape_after_a_pause(mail: Mail) -> None:
    turn = scorpio.ScriptedTurn(tool_calls=[("send", {"to": "ada"})])
    model = scorpio.ScriptedModel([turn, '{"item": 3}', '{"item": "tea"}'])
    agent = agent_of(model, mail.send)
    outcome = agent.run_sync("Order.", output=Order)
    assert outcome.status == "paused"
    with pytest.raises(scorpio.ConflictError, match="waits for a decision"):
        _ = outcome.output
    answer = agent.resume_sync(outcome.run_id, {"call_1": "approve"}, output=Order)
    assert answer.output == Order("tea")
    assert model.remaining == 0


def test_a_new_message_ends_a_run_that_waits(mail: Mail) -> None:
    agent = agent_of(calling(("send", {"to": "ada"}), then="Never mind."), mail.send)
    outcome = agent.run_sync("Write to Ada.", session="chat-1")
    assert agent.run_sync("Leave it.", session="chat-1").text == "Never mind."
    with pytest.raises(scorpio.NotFoundError):
        agent.resume_sync(outcome.run_id, {"call_1": "approve"})
    assert mail.sent == []


def test_another_process_decides(tmp_path: pathlib.Path, mail: Mail) -> None:
    """Nothing of the first agent is needed: what it takes is in the store."""
    store = scorpio.SqliteStore(tmp_path / "chat.db")
    outcome = to_ada(mail, store=store).run_sync("Write to Ada.", session="chat-1")
    store.close_sync()
    store = scorpio.SqliteStore(tmp_path / "chat.db")
    runtime = scorpio.Runtime(store)
    (call,) = runtime.approvals_sync("chat-1")
    assert call == outcome.pending[0]
    agent = agent_of(scorpio.ScriptedModel(["Done."]), mail.send, store=store)
    assert agent.resume_sync(call.run_id, {call.call_id: "approve"}).text == "Done."
    assert mail.sent == ["ada"]
    assert runtime.approvals_sync("chat-1") == []
    assert store.verify_journal_sync(call.run_id) >= 4
