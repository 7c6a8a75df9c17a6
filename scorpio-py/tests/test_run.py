"""Runs: answers, sessions, limits, shapes, many at once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import pydantic
import pytest

import scorpio

from .support import NEVER, WAIT, agent_of, calling, stuck


def test_an_outcome_tells_how_it_went() -> None:
    turn = scorpio.ScriptedTurn(reasoning="Hm.", text="Hello there.", usage=(1000, 500))
    prices = {"scripted:*": scorpio.Price(input=1.0, output=2.0)}
    agent = agent_of(scorpio.ScriptedModel([turn]), prices=prices, instructions="Greet.")
    outcome = agent.run_sync("Hi.", session="chat-1")
    assert outcome.text == "Hello there."
    assert (outcome.status, outcome.reason, outcome.turns) == ("done", "stop", 1)
    assert (outcome.usage.input, outcome.usage.output, outcome.usage.total) == (1000, 500, 1500)
    assert (outcome.usage.cache_read, outcome.usage.cache_write, outcome.usage.reasoning) == (0, 0, 0)
    assert outcome.cost_usd == pytest.approx(0.002)
    assert outcome.session == "chat-1"
    assert len(outcome.run_id) == 36
    assert outcome.output is None
    assert repr(outcome) == "<scorpio.Outcome done (stop): 'Hello there.'>"
    (message,) = outcome.messages
    assert message.role == "assistant"
    assert message.parts == (scorpio.ReasoningPart("Hm."), scorpio.TextPart("Hello there."))
    assert message.run_id == outcome.run_id
    assert message.model == "scripted:script"


def test_usage_is_a_value() -> None:
    def usage() -> scorpio.Usage:
        model = scorpio.ScriptedModel([scorpio.ScriptedTurn(text="Hi.", usage=(3, 4))])
        return agent_of(model).run_sync("Hi.").usage

    assert usage() == usage()
    assert usage() != agent_of(scorpio.ScriptedModel(["Hi."])).run_sync("Hi.").usage
    assert repr(usage()) == "Usage(input=3, cache_read=0, cache_write=0, output=4, reasoning=0)"
    match usage():
        case scorpio.Usage(input=3, output=4):
            pass
        case other:
            pytest.fail(repr(other))


def test_await() -> None:
    async def main() -> str:
        return (await agent_of(scorpio.ScriptedModel(["Hello."])).run("Hi.")).text

    assert asyncio.run(main()) == "Hello."


def test_sessions_remember() -> None:
    model = scorpio.ScriptedModel(["Hello, Ada.", "You are Ada.", "Who knows."])
    agent = agent_of(model)
    agent.run_sync("I am Ada.", session="chat-1")
    assert agent.run_sync("Who am I?", session="chat-1").text == "You are Ada."
    assert [message.text for message in model.requests[1].messages] == ["I am Ada.", "Hello, Ada.", "Who am I?"]
    agent.run_sync("Who am I?")
    assert len(model.requests[2].messages) == 1
    assert [message.role for message in agent.messages_sync("chat-1")] == ["user", "assistant"] * 2

    async def main() -> None:
        assert await agent.messages("chat-1") == agent.messages_sync("chat-1")
        assert await agent.messages("nowhere") == []
        assert await agent.messages("chat-1", owner="somebody-else") == []

    asyncio.run(main())


def test_the_model_sees_the_instructions_and_the_tools() -> None:
    def add(a: int) -> int:
        return a

    model = scorpio.ScriptedModel(["Hi."])
    agent_of(model, add, instructions="Be brief.").run_sync("Hi.")
    (request,) = model.requests
    assert (request.instructions, request.tools) == ("Be brief.", ["add"])
    assert model.remaining == 0


def test_messages_with_images_and_ids() -> None:
    model = scorpio.ScriptedModel(["A cat."])
    picture = scorpio.MediaPart("image/png", data=b"\x89PNG", filename="cat.png")
    message = scorpio.Message.user("What is this?", picture, id="message-1", metadata={"from": "app"})
    agent = agent_of(model)
    agent.run_sync(message, session="chat-1")
    first = agent.messages_sync("chat-1")[0]
    assert (first.id, first.parts, first.metadata) == ("message-1", message.parts, {"from": "app"})
    assert first.text == "What is this?"
    assert first.created_at is not None
    assert first.created_at.tzinfo is not None
    with pytest.raises(scorpio.ConflictError):
        agent.run_sync(message, session="chat-1")
    with pytest.raises(ValueError, match="messages of the user"):
        agent.run_sync(first.__class__("assistant", ()), session="chat-1")
    with pytest.raises(ValueError, match="either `data` or a `url`"):
        scorpio.MediaPart("image/png")


def test_answering_again_after_a_failure() -> None:
    broken = scorpio.ScriptedTurn(error=scorpio.ScriptedError(kind="overloaded"))
    model = scorpio.ScriptedModel([broken, "Better now."])
    agent = agent_of(model)
    with pytest.raises(scorpio.ModelError):
        agent.run_sync("Hi.", session="chat-1")
    assert agent.run_sync(None, session="chat-1").text == "Better now."
    assert [message.role for message in model.requests[1].messages] == ["user"]
    with pytest.raises(scorpio.ConfigurationError, match="there must be a session"):
        agent.run_sync(None)


def test_a_limit_is_an_outcome() -> None:
    def again() -> str:
        return "more"

    call = scorpio.ScriptedTurn(tool_calls=[("again", {})], usage=(10, 10))
    agent = agent_of(scorpio.ScriptedModel([call] * 6), again, limits=scorpio.Limits(turns=2))
    outcome = agent.run_sync("Go.")
    assert (outcome.status, outcome.reason, outcome.turns) == ("stopped", "turns", 2)
    outcome = agent.run_sync("Go.", limits=scorpio.Limits(tokens=25))
    assert (outcome.status, outcome.reason, outcome.usage.total) == ("stopped", "tokens", 40)
    outcome = agent_of(stuck()).run_sync("Go.", limits=scorpio.Limits(wall=0.05))
    assert (outcome.status, outcome.reason) == ("stopped", "wall_clock")


@dataclass
class Item:
    name: str
    count: int


class Order(pydantic.BaseModel):
    items: list[str]


def test_answers_with_a_shape() -> None:
    model = scorpio.ScriptedModel(
        [
            '{"name": "tea", "count": "two"}',
            'Sure!\n{"name": "tea", "count": 2}',
            '```json\n{"name": "tea", "count": 2}\n```',
            '{"items": ["tea"]}',
            '{"value": ["a", "b"]}',
            '{"value": "low"}',
        ]
    )
    agent = agent_of(model)
    outcome = agent.run_sync("Two teas.", output=Item)
    assert outcome.output == Item("tea", 2)
    told = [request.messages[-1].text for request in model.requests[1:]]
    assert "at `count`: expected an integer, got a string" in told[0]
    assert "it is no JSON" in told[1]

    async def main() -> None:
        assert (await agent.run("Tea.", output=Order)).output == Order(items=["tea"])
        assert (await agent.stream("Letters.", output=list[str]).outcome()).output == ["a", "b"]
        level: Literal["low", "high"] = (await agent.run("How?", output=Literal["low", "high"])).output  # type: ignore[arg-type]
        assert level == "low"

    asyncio.run(main())


def test_shapes_that_cannot_be_had() -> None:
    with pytest.raises(scorpio.ModelError, match="does not have the shape") as caught:
        agent_of(scorpio.ScriptedModel(["no"] * 3)).run_sync("Tea.", output=Item)
    assert caught.value.detail is not None
    assert "it is no JSON" in caught.value.detail
    with pytest.raises(scorpio.ConflictError, match="wall_clock"):
        agent_of(stuck()).run_sync("Tea.", output=Item, limits=scorpio.Limits(wall=0.05))
    with pytest.raises(scorpio.ConfigurationError, match="`output`: `complex` has no JSON schema"):
        agent_of(scorpio.ScriptedModel([])).run_sync("Tea.", output=complex)


def test_cancelling_the_task_cancels_the_run() -> None:
    cancelled = threading.Event()

    async def main() -> None:
        started = asyncio.Event()

        @scorpio.tool
        async def wait() -> None:
            started.set()
            try:
                await asyncio.sleep(NEVER)
            except asyncio.CancelledError:
                cancelled.set()
                raise

        agent = agent_of(calling(("wait", {}), then="Welcome back."), wait)
        task = asyncio.create_task(agent.run("Go.", session="chat-1"))
        await asyncio.wait_for(started.wait(), WAIT)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, WAIT)
        # The session is in order at once: the call is answered, and the next run may begin.
        result = (await agent.messages("chat-1"))[-1].parts[0]
        assert isinstance(result, scorpio.ToolResultPart)
        assert result.outcome == "interrupted"
        assert (await agent.run("Again.", session="chat-1")).text == "Welcome back."

    asyncio.run(main())
    assert cancelled.is_set()


def test_a_timeout_around_a_run() -> None:
    async def main() -> None:
        agent = agent_of(stuck("Now."))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(agent.run("Go.", session="chat-1"), 0.05)
        assert (await agent.run("Again.", session="chat-1")).text == "Now."
        assert (await agent.messages("chat-1"))[0].text == "Go."

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["plain", "async"])
def test_fifty_runs_at_once(kind: str) -> None:
    """AT-29: no deadlock on the global lock, with tools that meet each other and Python that is busy."""
    runs = 50

    async def main() -> None:
        arrived = 0
        everybody = asyncio.Event()
        lock = threading.Lock()
        loop = asyncio.get_running_loop()

        def arrive() -> None:
            nonlocal arrived
            with lock:
                arrived += 1
                if arrived == runs:
                    loop.call_soon_threadsafe(everybody.set)

        @scorpio.tool
        def plain(number: int) -> int:
            arrive()
            asyncio.run_coroutine_threadsafe(everybody.wait(), loop).result(WAIT)
            return sum(range(number))

        @scorpio.tool
        async def later(number: int) -> int:
            arrive()
            await asyncio.wait_for(everybody.wait(), WAIT)
            return sum(range(number))

        tool = plain if kind == "plain" else later
        agents = [
            agent_of(calling((tool.name, {"number": 1000 + index}), then=f"Number {index}."), tool)
            for index in range(runs)
        ]
        outcomes = await asyncio.gather(*(agent.run("Go.") for agent in agents))
        assert [outcome.text for outcome in outcomes] == [f"Number {index}." for index in range(runs)]

    asyncio.run(asyncio.wait_for(main(), 3 * WAIT))


def test_fifty_streams_at_once() -> None:
    async def text_of(index: int) -> str:
        model = scorpio.ScriptedModel([f"Stream number {index} has a few words to say."])
        text = ""
        async for event in agent_of(model).stream("Go."):
            if isinstance(event, scorpio.TextDelta):
                text += event.delta
        return text

    async def main() -> None:
        texts = await asyncio.gather(*(text_of(index) for index in range(50)))
        assert texts == [f"Stream number {index} has a few words to say." for index in range(50)]

    asyncio.run(asyncio.wait_for(main(), 3 * WAIT))


def test_runs_of_many_threads() -> None:
    def double(number: int) -> int:
        return 2 * number

    def one(index: int) -> object:
        model = calling(("double", {"number": index}))
        agent_of(model, double).run_sync("Go.")
        return model.requests[1].messages[-1].parts[0].output  # type: ignore[union-attr]

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(one, range(50), timeout=3 * WAIT)) == [2 * index for index in range(50)]


def test_one_agent_serves_many_runs_at_once() -> None:
    async def main() -> None:
        agent = scorpio.Agent("demo", model="scripted:demo")
        outcomes = await asyncio.gather(*(agent.run("Hello.", session=f"chat-{index}") for index in range(20)))
        assert {outcome.session for outcome in outcomes} == {f"chat-{index}" for index in range(20)}
        assert all(outcome.text for outcome in outcomes)

    asyncio.run(asyncio.wait_for(main(), 3 * WAIT))


def test_the_loop_stays_free_while_the_engine_works() -> None:
    async def main() -> None:
        task = asyncio.create_task(agent_of(stuck()).run("Go."))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not task.done()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_run_sync_inside_of_a_running_loop_blocks_it() -> None:
    @scorpio.tool
    async def later() -> str:
        await asyncio.sleep(0)
        return "later"

    async def main() -> str:
        return agent_of(calling(("later", {})), later).run_sync("Go.").text

    assert asyncio.run(main()) == "Done."


def test_run_sync_in_a_thread_beside_a_running_loop() -> None:
    async def main() -> str:
        agent = agent_of(scorpio.ScriptedModel(["Hello."]))
        return (await asyncio.to_thread(agent.run_sync, "Hi.")).text

    assert asyncio.run(main()) == "Hello."
