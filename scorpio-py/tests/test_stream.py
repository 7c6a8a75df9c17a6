"""Runs that are watched: their events, and what can be done to them while they go."""

from __future__ import annotations

import asyncio
import datetime
import gc
import json

import pytest

import scorpio

from .support import WAIT, agent_of, calling, stuck


@scorpio.tool
def add(a: float, b: float) -> float:
    "Add two numbers."
    return a + b


def model() -> scorpio.ScriptedModel:
    call = scorpio.ScriptedTurn(reasoning="Let me add.", tool_calls=[("add", {"a": 2, "b": 40})], usage=(5, 6))
    return scorpio.ScriptedModel([call, "It is 42."])


def check(events: list[scorpio.Event]) -> None:
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [event.type for event in events] == [
        "run_started",
        "turn_started",
        "part_started",
        "reasoning_delta",
        "reasoning_delta",
        "reasoning_delta",
        "part_finished",
        "part_started",
        "tool_call_delta",
        "part_finished",
        "turn_finished",
        "tool_started",
        "tool_finished",
        "turn_started",
        "part_started",
        "text_delta",
        "text_delta",
        "text_delta",
        "part_finished",
        "turn_finished",
        "run_finished",
    ]


def test_events_with_a_loop_and_without() -> None:
    async def main() -> list[scorpio.Event]:
        return [event async for event in agent_of(model(), add).stream("What is 2 + 40?")]

    check(asyncio.run(main()))
    check(list(agent_of(model(), add).stream("What is 2 + 40?")))


def test_what_events_hold() -> None:
    stream = agent_of(model(), add).stream("What is 2 + 40?", session="chat-1")
    seen = []
    for event in stream:
        assert (event.session, event.run_id) == ("chat-1", stream.run_id)
        assert abs(datetime.datetime.now(datetime.timezone.utc) - event.at) < datetime.timedelta(minutes=5)
        assert json.loads(event.to_json())["seq"] == event.seq
        match event:
            case scorpio.RunStarted(message_id):
                assert message_id
            case scorpio.TurnStarted(turn, message_id):
                assert turn in (1, 2)
                assert message_id
            case scorpio.PartStarted(turn, index, kind):
                seen.append((turn, index, kind))
            case scorpio.ReasoningDelta(delta) | scorpio.TextDelta(delta):
                seen.append(delta)
            case scorpio.ToolCallDelta(delta, call_id, name, turn, index):
                seen.append((json.loads(delta), call_id, name, turn, index))
            case scorpio.PartFinished(part):
                seen.append(part)
            case scorpio.TurnFinished(turn, usage, reason):
                seen.append((turn, usage.input, usage.output, reason))
            case scorpio.ToolStarted(call_id, name, arguments):
                seen.append((call_id, name, arguments))
            case scorpio.ToolFinished(call_id, name, output, outcome, duration):
                assert duration >= 0
                seen.append((call_id, name, output, outcome))
            case scorpio.RunFinished(status, reason, usage):
                seen.append((status, reason, usage.total))
            case other:
                pytest.fail(repr(other))
    assert seen == [
        (1, 0, "reasoning"),
        "Let ",
        "me ",
        "add.",
        scorpio.ReasoningPart("Let me add."),
        (1, 1, "tool_call"),
        ({"a": 2, "b": 40}, "call_1", "add", 1, 1),
        scorpio.ToolCallPart("call_1", "add", '{"a":2,"b":40}'),
        (1, 5, 6, "tool_calls"),
        ("call_1", "add", {"a": 2, "b": 40}),
        ("call_1", "add", 42.0, "completed"),
        (2, 0, "text"),
        "It ",
        "is ",
        "42.",
        scorpio.TextPart("It is 42."),
        (2, 0, 0, "stop"),
        ("done", "stop", 11),
    ]


def test_events_are_frozen_and_show_themselves() -> None:
    events = list(agent_of(scorpio.ScriptedModel(["Hi."])).stream("Hi."))
    (delta,) = [event for event in events if isinstance(event, scorpio.TextDelta)]
    assert repr(delta) == "TextDelta(seq=4, delta='Hi.', turn=1, index=0)"
    with pytest.raises(AttributeError):
        delta.delta = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        scorpio.TextDelta()
    assert isinstance(delta, scorpio.Event)


def test_the_outcome_of_a_stream() -> None:
    async def main() -> None:
        stream = agent_of(model(), add).stream("Go.")
        outcome = await stream.outcome()
        assert outcome.text == "It is 42."
        # The events wait for whoever asks; so does the outcome.
        check([event async for event in stream])
        assert (await stream.outcome()).run_id == stream.run_id == outcome.run_id

    asyncio.run(main())
    stream = agent_of(model(), add).stream("Go.")
    assert stream.outcome_sync().text == "It is 42."
    check(list(stream))
    assert list(stream) == []
    assert repr(stream) == f"<scorpio.RunStream of run {stream.run_id}>"


def test_a_stream_does_nothing_until_it_is_asked() -> None:
    script = model()
    agent = agent_of(script, add)
    stream = agent.stream("Go.", session="chat-1")
    assert agent.messages_sync("chat-1") == []
    assert script.requests == []
    next(iter(stream))
    assert len(agent.messages_sync("chat-1")) >= 1


def test_anext() -> None:
    async def main() -> None:
        stream = agent_of(scorpio.ScriptedModel(["Hi."])).stream("Go.")
        assert (await stream.__anext__()).type == "run_started"
        assert (await asyncio.wait_for(anext(stream), WAIT)).type == "turn_started"
        rest = [event async for event in stream]
        assert rest[-1].type == "run_finished"
        assert await anext(aiter(stream), None) is None
        with pytest.raises(StopAsyncIteration):
            await anext(stream)

    asyncio.run(main())


def test_cancel() -> None:
    async def main() -> None:
        stream = agent_of(stuck()).stream("Go.", session="chat-1")
        last = None
        async for event in stream:
            if isinstance(event, scorpio.TextDelta):
                stream.cancel()
            last = event
        assert isinstance(last, scorpio.RunFinished)
        assert (last.status, last.reason) == ("stopped", "cancelled")
        outcome = await stream.outcome()
        assert (outcome.status, outcome.reason, outcome.text) == ("stopped", "cancelled", "Wait")

    asyncio.run(asyncio.wait_for(main(), WAIT))
    stream = agent_of(stuck()).stream("Go.")
    stream.cancel()
    assert stream.outcome_sync().reason == "cancelled"


def test_a_reader_that_gives_up_loses_no_event() -> None:
    async def main() -> None:
        stream = agent_of(stuck()).stream("Go.")
        events = [await anext(stream)]
        while not isinstance(events[-1], scorpio.TextDelta):
            events.append(await anext(stream))
        with pytest.raises(asyncio.TimeoutError):
            while True:
                events.append(await asyncio.wait_for(anext(stream), 0.05))
        stream.cancel()
        events += [event async for event in stream]
        assert events[-1].type == "run_finished"
        assert [event.seq for event in events] == list(range(1, len(events) + 1))

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_steer() -> None:
    async def main() -> None:
        steered = asyncio.Event()

        @scorpio.tool
        async def work() -> str:
            await steered.wait()
            return "done"

        script = calling(("work", {}), then="Fine.")
        stream = agent_of(script, work).stream("Go.")
        async for event in stream:
            if isinstance(event, scorpio.ToolStarted):
                assert stream.steer("Be quick.")
                assert stream.steer(scorpio.Message.user("Be quiet.", id="second"))
                steered.set()
            if isinstance(event, scorpio.MessageSteered):
                assert event.message_id
        assert [message.text for message in script.requests[1].messages[-2:]] == ["Be quick.", "Be quiet."]
        assert not stream.steer("Too late.")

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_dropping_a_stream_cancels_the_run() -> None:
    async def main() -> None:
        agent = agent_of(stuck("Now."))
        stream = agent.stream("Go.", session="chat-1")
        async for event in stream:
            if isinstance(event, scorpio.TextDelta):
                break
        with pytest.raises(scorpio.ConflictError, match="being written"):
            await agent.run("Too early.", session="chat-1")
        del stream, event
        gc.collect()
        while True:
            messages = await agent.messages("chat-1")
            if messages[-1].status == "stopped":
                break
        assert (await agent.run("Again.", session="chat-1")).text == "Now."

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_leaving_a_block_stops_the_run_and_waits_for_its_end() -> None:
    async def main() -> None:
        agent = agent_of(stuck("Now."))
        async with agent.stream("Go.", session="chat-1") as stream:
            async for event in stream:
                if isinstance(event, scorpio.TextDelta):
                    break
        assert (await agent.messages("chat-1"))[-1].status == "stopped"
        assert (await agent.run("Again.", session="chat-1")).text == "Now."
        async with agent.stream("Never begun.", session="chat-2"):
            pass
        assert await agent.messages("chat-2") == []

    asyncio.run(asyncio.wait_for(main(), WAIT))
    agent = agent_of(stuck("Now."))
    with agent.stream("Go.", session="chat-1") as stream:
        for event in stream:
            if isinstance(event, scorpio.TextDelta):
                break
    assert agent.messages_sync("chat-1")[-1].status == "stopped"


def test_a_run_that_fails_raises_after_its_last_event() -> None:
    def failing() -> scorpio.Agent:
        error = scorpio.ScriptedError(kind="rate_limited", status=429, retry_after=7.0)
        # An answer that breaks off is asked for twice more.
        return agent_of(scorpio.ScriptedModel([scorpio.ScriptedTurn(text="Well", error=error)] * 3))

    async def main() -> None:
        events = []
        stream = failing().stream("Go.")
        with pytest.raises(scorpio.RateLimitError):
            async for event in stream:
                events.append(event)
        assert [event.type for event in events[-2:]] == ["error", "run_finished"]
        failed = events[-2]
        assert isinstance(failed, scorpio.RunFailed)
        assert failed.code == "rate_limit:model"
        assert [event async for event in stream] == []
        with pytest.raises(scorpio.RateLimitError):
            await stream.outcome()

    asyncio.run(main())
    stream = failing().stream("Go.")
    with pytest.raises(scorpio.RateLimitError):
        list(stream)
    assert list(stream) == []


def test_a_run_that_cannot_begin_raises_at_once() -> None:
    async def main() -> None:
        agent = agent_of(stuck())
        async with agent.stream("Go.", session="chat-1") as first:
            await anext(first)
            second = agent.stream("Go.", session="chat-1")
            with pytest.raises(scorpio.ConflictError):
                await anext(second)

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_cancelling_the_task_of_a_reader() -> None:
    async def main() -> None:
        agent = agent_of(stuck("Now."))
        began = asyncio.Event()

        async def read() -> None:
            async with agent.stream("Go.", session="chat-1") as stream:
                async for event in stream:
                    if isinstance(event, scorpio.TextDelta):
                        began.set()

        task = asyncio.create_task(read())
        await began.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await agent.run("Again.", session="chat-1")).text == "Now."

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_a_loop_that_closes_in_the_middle_harms_nobody() -> None:
    agent = agent_of(stuck("Now."))

    async def main() -> scorpio.RunStream[None]:
        stream = agent.stream("Go.", session="chat-1")
        await anext(stream)
        return stream

    stream = asyncio.run(main())
    stream.cancel()
    assert stream.outcome_sync().reason == "cancelled"
    assert agent.run_sync("Again.", session="chat-1").text == "Now."
