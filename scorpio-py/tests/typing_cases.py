"""What a type checker makes of programs that use the package. It is checked (mypy --strict), not run."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import scorpio

if TYPE_CHECKING:
    from typing_extensions import assert_never, assert_type


@dataclass
class Order:
    item: str
    count: int


@scorpio.tool
def add(a: float, b: float = 1.0) -> float:
    "Add two numbers."
    return a + b


@scorpio.tool(retry="pure", timeout=2.5)
async def look(cx: scorpio.ToolContext, word: str) -> list[str]:
    "Look."
    cx.progress({"at": word})
    return [word]


class Counter:
    @scorpio.tool
    def step(self, size: int) -> int:
        return size


def tools() -> None:
    assert_type(add(1, b=2), float)
    assert_type(add.name, str)
    assert_type(add.parameters, dict[str, Any])
    add("1")  # type: ignore[arg-type]
    add(1, c=2)  # type: ignore[call-arg]
    scorpio.tool(retry="sometimes")  # type: ignore[call-overload]
    scorpio.tool(timeout=datetime.timedelta(seconds=3))
    assert_type(Counter().step(3), int)


agent = scorpio.Agent("typed", model="scripted:demo", tools=[add, look, Counter().step, len])


async def runs() -> None:
    outcome = await agent.run("Hi.")
    assert_type(outcome, scorpio.Outcome[None])
    assert_type(outcome.text, str)
    assert_type(outcome.status, Literal["done", "paused", "stopped"])
    assert_type(outcome.usage, scorpio.Usage)
    assert_type(outcome.messages, list[scorpio.Message])
    assert_type(await look(scorpio.ToolContext.detached(), "a"), list[str])
    shaped = await agent.run("Two teas.", output=Order, session="chat-1", limits=scorpio.Limits(turns=3))
    assert_type(shaped.output, Order)
    assert_type(agent.run_sync("Two teas.", output=list[int]).output, list[int])
    assert_type(await agent.stream("Two teas.", output=Order).outcome(), scorpio.Outcome[Order])
    await agent.run(3)  # type: ignore[call-overload]
    scorpio.Agent("typed")  # type: ignore[call-arg]


async def events() -> None:
    async with agent.stream("Hi.") as stream:
        assert_type(stream.steer("Be brief."), bool)
        async for event in stream:
            assert_type(event, scorpio.Event)
            assert_type(event.seq, int)
            assert_type(event.at, datetime.datetime)
            # Told apart by class, with nothing left over.
            match event:
                case scorpio.TextDelta(delta) | scorpio.ReasoningDelta(delta):
                    assert_type(delta, str)
                case scorpio.ToolStarted(call_id, arguments=arguments):
                    assert_type(call_id, str)
                    assert_type(arguments, Any)
                case scorpio.ToolFinished():
                    assert_type(event.outcome, Literal["completed", "failed", "denied", "interrupted"])
                case scorpio.TurnFinished(usage=usage):
                    assert_type(usage, scorpio.Usage)
                case scorpio.PartFinished(part):
                    assert_type(part, scorpio.Part)
                case scorpio.RunFinished(reason=reason):
                    assert_type(reason, str | None)
                case scorpio.RunStarted() | scorpio.TurnStarted() | scorpio.PartStarted() | scorpio.ToolCallDelta():
                    pass
                case scorpio.ToolProgress() | scorpio.DataSent() | scorpio.MessageSteered() | scorpio.RunFailed():
                    pass
                case scorpio.Retrying(attempt, after):
                    assert_type(attempt, int)
                    assert_type(after, float)
                case scorpio.FellBack(model=model):
                    assert_type(model, str)
                case scorpio.StreamReset(error):
                    assert_type(error, str)
                case scorpio.ApprovalRequested(call_id, reason=reason):
                    assert_type(call_id, str)
                    assert_type(reason, Literal["policy", "outcome_unknown"])
                case scorpio.ApprovalResolved(decision=decision):
                    assert_type(decision, scorpio.Approve | scorpio.Deny)
                case scorpio.RunPaused() | scorpio.RunResumed() | scorpio.WaitingForStore() | scorpio.Compacted():
                    pass
                case scorpio.UnknownEvent(content):
                    assert_type(content, dict[str, Any])
                case other:
                    assert_never(other)
            # Told apart by `type`.
            if event.type == "text_delta":
                assert_type(event, scorpio.TextDelta)
            event.seq = 3  # type: ignore[misc]
    for event in agent.stream("Hi."):
        assert_type(event, scorpio.Event)


def refuse_all(call: scorpio.ProposedCall) -> scorpio.Deny:
    return scorpio.Deny(call.name)


def ask_or_allow(call: scorpio.ProposedCall) -> Literal["allow", "ask"]:
    return "ask" if call.effects == "egress" else "allow"


async def approvals(store: scorpio.Store) -> None:
    scorpio.tool(approval=True, on_unknown="fail", retry="transactional")
    scorpio.tool(on_unknown="hope")  # type: ignore[call-overload]
    scorpio.Agent("typed", model="scripted:demo", approve=["add"], approval_patience=None)
    scorpio.Agent("typed", model="scripted:demo", approve=refuse_all, lease=5)
    scorpio.Agent("typed", model="scripted:demo", approve=ask_or_allow, event_log=store.events)
    scorpio.Agent("typed", model="scripted:demo", approve="destructive", compaction=scorpio.Compaction(keep=100))
    scorpio.Agent("typed", model="scripted:demo", approve=3)  # type: ignore[arg-type]
    outcome = await agent.run("Hi.")
    assert_type(outcome.pending, list[scorpio.PendingApproval])
    decisions: dict[str, scorpio.Decision] = {call.call_id: "approve" for call in outcome.pending}
    assert_type(await agent.resume(outcome.run_id, decisions), scorpio.Outcome[None])
    assert_type(await agent.resume(outcome.run_id, {"c": scorpio.Deny("No.")}, output=Order), scorpio.Outcome[Order])
    assert_type(agent.resume_sync(outcome.run_id, {"c": scorpio.Approve(always=True)}), scorpio.Outcome[None])
    assert_type(agent.resume_stream(outcome.run_id, output=Order), scorpio.RunStream[Order])
    await agent.resume(outcome.run_id, {"c": "maybe"})  # type: ignore[dict-item]
    async with scorpio.Runtime(store, agents=[agent]) as runtime:
        assert_type(await runtime.recover(), int)
        assert_type((await runtime.run(outcome.run_id)).status, Literal["running", "waiting", "finished"])
        assert_type(runtime.approvals_sync("chat-1"), list[scorpio.PendingApproval])
        await runtime.decide(outcome.run_id, "c", "deny", by="grace")
    async for event in store.events.follow(outcome.run_id):
        assert_type(event, scorpio.Event)


async def models() -> None:
    registry = scorpio.Models.from_env()
    assert_type(registry.chat, scorpio.Model)
    assert_type(registry["deep"], scorpio.Model)
    assert_type(registry.choices[0].audience, Literal["guests", "registered"])
    scorpio.Agent("typed", model=registry.title)
    assert_type(await scorpio.doctor(registry), scorpio.Report)
    assert_type(scorpio.doctor_sync().findings[0].severity, Literal["ok", "doubtful", "wrong"])


async def sessions(store: scorpio.Store) -> None:
    assert_type(await store.sessions(limit=10), list[scorpio.Session])
    assert_type(store.session_sync("chat-1"), scorpio.Session | None)
    assert_type(await store.delete_session("chat-1"), bool)
    assert_type(await agent.messages("chat-1"), list[scorpio.Message])
    assert_type(await scorpio.Store.open("sqlite://chat.db"), scorpio.Store)
    assert_type(scorpio.EventLog.open_sync("redis://localhost"), scorpio.EventLog)
    assert_type((await store.branches("chat-1"))[0].ways[0].seq, int)
    assert_type(await store.verify_journal("run"), int)
    for message in agent.messages_sync("chat-1"):
        for part in message.parts:
            if part.type == "tool_call":
                assert_type(part, scorpio.ToolCallPart)


def errors() -> None:
    try:
        agent.run_sync("Hi.")
    except scorpio.RateLimitError as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.status, int | None)
    except scorpio.ScorpioError as error:
        assert_type(error.code, str)
        assert_type(error.retryable, bool)
