"""Tools: what is declared, what is called with, and what the model learns of it."""

from __future__ import annotations

import asyncio
import contextvars
import datetime
import enum
import functools
import json
import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional

import pytest

import scorpio

from .support import WAIT, agent_of, calling, result_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Unit(enum.Enum):
    CELSIUS = "c"
    FAHRENHEIT = "f"


@dataclass
class Place:
    city: str
    country: str = "CH"


@scorpio.tool
def weather(
    place: Place,
    unit: Unit = Unit.CELSIUS,
    days: Annotated[int, "How many days ahead."] = 1,
    detail: Literal["low", "high"] = "low",
    station: Optional[str] = None,
) -> str:
    """Tells the weather.

    Args:
        place: Where.
        unit: In which unit.
        station: Which station.
    """
    return f"{place.city} {place.country} {unit.name} {days} {detail} {station}"


def test_what_a_tool_declares() -> None:
    assert weather.name == "weather"
    assert weather.description == "Tells the weather."
    assert not weather.is_async
    assert weather.parameters["required"] == ["place"]
    properties = weather.parameters["properties"]
    assert properties["place"]["description"] == "Where."
    assert properties["place"]["properties"]["country"] == {"type": "string", "default": "CH"}
    assert properties["unit"] == {"type": "string", "enum": ["c", "f"], "description": "In which unit."}
    assert properties["days"] == {"type": "integer", "description": "How many days ahead.", "default": 1}
    assert properties["station"] == {"type": ["string", "null"], "description": "Which station.", "default": None}
    assert repr(weather) == "<scorpio.Tool weather(place, unit, days, detail, station)>"


def test_options() -> None:
    @scorpio.tool(
        name="send-mail",
        description="Sends.",
        timeout=datetime.timedelta(seconds=5),
        retry="idempotent",
        effects="egress",
        trusted=True,
    )
    async def mail(to: str) -> None:
        "Not this."

    assert (mail.name, mail.description, mail.timeout) == ("send-mail", "Sends.", 5.0)
    assert (mail.retry, mail.effects, mail.trusted, mail.is_async) == ("idempotent", "egress", True, True)


def test_a_tool_can_still_be_called() -> None:
    assert weather(Place("Bern"), days=2) == "Bern CH CELSIUS 2 low None"
    assert weather.__doc__ is not None
    assert weather.__wrapped__.__name__ == "weather"  # type: ignore[attr-defined]


def test_arguments_are_converted() -> None:
    result = result_of(weather, place={"city": "Oslo", "country": "NO"}, unit="f", station="Blindern")
    assert result.output == "Oslo NO FAHRENHEIT 1 low Blindern"
    assert result.outcome == "completed"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "The arguments are wrong: `place` is missing."),
        ({"place": {"city": 1}}, "The arguments are wrong at `place.city`: expected a string, got an integer."),
        (
            {"place": {"city": "Bern"}, "unit": "k"},
            "The arguments are wrong at `unit`: expected one of 'c', 'f', got 'k'.",
        ),
    ],
)
def test_wrong_arguments_go_back_to_the_model(arguments: dict[str, Any], sentence: str) -> None:
    result = result_of(weather, **arguments)
    assert (result.outcome, result.output) == ("failed", sentence)


def test_arguments_that_are_no_json_go_back_to_the_model() -> None:
    call = scorpio.ToolCallPart("call_1", "weather", '{"place":')
    model = scorpio.ScriptedModel([scorpio.ScriptedTurn(tool_calls=[call]), "Sorry."])
    agent_of(model, weather).run_sync("Go.")
    output = model.requests[1].messages[-1].parts[0].output  # type: ignore[union-attr]
    assert output.startswith("The arguments are not one JSON object:")


def test_plain_functions_are_tools_too() -> None:
    def double(number: int) -> int:
        "Twice."
        return 2 * number

    assert result_of(double, number=21).output == 42


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "text"),
        (None, None),
        ([1, {"a": True}], [1, {"a": True}]),
        (Place("Bern"), {"city": "Bern", "country": "CH"}),
        ([Unit.CELSIUS], ["c"]),
        ({"day": datetime.date(2026, 1, 31)}, {"day": "2026-01-31"}),
        ((1, 2), [1, 2]),
        ("grüezi 🦂", "grüezi 🦂"),
    ],
)
def test_answers(value: object, shown: object) -> None:
    @scorpio.tool
    def answer() -> object:
        return value

    assert result_of(answer).output == shown


@pytest.mark.parametrize("value", [object(), b"bytes", float("nan"), {1: object()}])
def test_answers_without_a_json_form_fail(value: object, caplog: pytest.LogCaptureFixture) -> None:
    @scorpio.tool
    def answer() -> object:
        return value

    result = result_of(answer)
    assert (result.outcome, result.output) == ("failed", "The tool failed.")
    assert "tool answer failed" in caplog.text


def test_half_a_surrogate_pair_is_replaced() -> None:
    @scorpio.tool
    def answer() -> str:
        return "a\ud800b"

    output = result_of(answer).output
    assert output.startswith("a")
    assert output.endswith("b")


def test_the_model_reads_the_text_of_a_tool_error_alone(caplog: pytest.LogCaptureFixture) -> None:
    @scorpio.tool
    def find(order: int) -> str:
        if order == 1:
            raise scorpio.ToolError("There is no order 1.")
        raise RuntimeError("postgres://user:secret@db/orders")

    @scorpio.tool
    async def seek(order: int) -> str:
        await asyncio.sleep(0)
        return find(order)

    for tool in (find, seek):
        caplog.clear()
        assert result_of(tool, order=1).output == "There is no order 1."
        assert caplog.text == ""
        result = result_of(tool, order=2)
        assert (result.outcome, result.output) == ("failed", "The tool failed.")
        record = caplog.records[0]
        assert (record.name, record.levelno) == ("scorpio", logging.ERROR)
        assert "postgres://" in caplog.text


def test_a_tool_that_exits_ends_itself_alone() -> None:
    @scorpio.tool
    def leave() -> None:
        raise SystemExit(3)

    assert result_of(leave).output == "The tool failed."


def test_a_tool_without_a_name_that_a_model_can_use_is_refused() -> None:
    @scorpio.tool(name="no spaces")
    def spaces() -> None: ...

    with pytest.raises(scorpio.ConfigurationError, match="`no spaces` is no name for a tool"):
        scorpio.Agent("test", model="scripted:demo", tools=[spaces])


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(scorpio.ConfigurationError, match="two tools named `weather`"):
        scorpio.Agent("test", model="scripted:demo", tools=[weather, weather])


def test_declarations_that_make_no_sense() -> None:
    def plain(a: int) -> None: ...
    def unannotated(a) -> None: ...  # type: ignore[no-untyped-def]
    def variable(*rest: int) -> None: ...
    def complicated(a: complex) -> None: ...
    def unresolved(a: Missing) -> None: ...  # type: ignore[name-defined]  # noqa: F821
    def generator() -> Iterator[int]:
        yield 1

    async def async_generator() -> AsyncIterator[int]:
        yield 1

    for function, words in [
        (unannotated, "tool `unannotated`: the argument `a` has no type annotation"),
        (variable, "tool `variable`: a model cannot fill in"),
        (complicated, "tool `complicated`: `a`: `complex` has no JSON schema"),
        (unresolved, "tool `unresolved`: an annotation could not be resolved"),
        (generator, "`generator` is a generator"),
        (async_generator, "`async_generator` is a generator"),
    ]:
        with pytest.raises(TypeError, match=words):
            scorpio.tool(function)
    with pytest.raises(TypeError, match="a tool is a function"):
        scorpio.tool(3)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="`retry` must be one of"):
        scorpio.tool(retry="never")(plain)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="timeout"):
        scorpio.tool(timeout=0)(plain)


def test_annotations_may_name_what_is_local() -> None:
    @dataclass
    class Inner:
        number: int

    @dataclass
    class Outer:
        inner: Inner

    @scorpio.tool
    def local(outer: Outer) -> int:
        return outer.inner.number

    assert result_of(local, outer={"inner": {"number": 7}}).output == 7


def test_positional_arguments_and_defaults() -> None:
    @scorpio.tool
    def place(a: int, b: int = 2, /, *, c: int = 3) -> list[int]:
        return [a, b, c]

    assert result_of(place, a=1).output == [1, 2, 3]
    assert result_of(place, a=1, b=5, c=6).output == [1, 5, 6]


class Counter:
    def __init__(self) -> None:
        self.count = 0

    @scorpio.tool
    def add(self, number: int) -> int:
        "Adds to the count."
        self.count += number
        return self.count

    @scorpio.tool
    async def read(self) -> int:
        "Reads the count."
        return self.count


def test_methods() -> None:
    counter = Counter()
    assert list(Counter.add.parameters["properties"]) == ["number"]
    model = calling(("add", {"number": 4}))
    agent_of(model, counter.add, counter.read).run_sync("Go.")
    assert counter.count == 4
    assert result_of(counter.read).output == 4
    assert counter.add(number=1) == 5


def test_partial_functions_need_a_name() -> None:
    def power(base: int, exponent: int) -> int:
        return int(base**exponent)

    square = scorpio.tool(name="square")(functools.partial(power, exponent=2))
    assert list(square.parameters["properties"]) == ["base"]
    assert result_of(square, base=5).output == 25


def test_a_context_tells_about_the_call() -> None:
    seen: dict[str, Any] = {}

    @scorpio.tool
    def look(cx: scorpio.ToolContext, word: str) -> str:
        seen.update(
            run_id=cx.run_id,
            session=cx.session,
            owner=cx.owner,
            call_id=cx.call_id,
            key=cx.idempotency_key,
            cancelled=cx.cancelled,
        )
        cx.progress({"percent": 50})
        cx.emit_data("chart", [1, 2], id="a")
        return word

    assert list(look.parameters["properties"]) == ["word"]
    agent = agent_of(calling(("look", {"word": "hi"})), look)
    events = list(agent.stream("Go.", session="chat-1", owner="ada"))
    assert seen["run_id"] == events[0].run_id
    assert (seen["session"], seen["owner"], seen["call_id"]) == ("chat-1", "ada", "call_1")
    assert seen["key"]
    assert seen["cancelled"] is False
    (progress,) = [event for event in events if isinstance(event, scorpio.ToolProgress)]
    assert (progress.call_id, progress.progress) == ("call_1", {"percent": 50})
    (data,) = [event for event in events if isinstance(event, scorpio.DataSent)]
    assert (data.name, data.data, data.id) == ("chart", [1, 2], "a")


def test_a_context_by_hand() -> None:
    cx = scorpio.ToolContext.detached()
    cx.progress("nobody listens")
    assert not cx.cancelled
    with pytest.raises(TypeError, match="has no JSON form"):
        cx.progress(object())


def test_tools_of_a_turn_run_at_once() -> None:
    barrier = threading.Barrier(3)

    @scorpio.tool
    def meet() -> str:
        barrier.wait(WAIT)
        return threading.current_thread().name

    model = calling(("meet", {}), ("meet", {}), ("meet", {}))
    agent_of(model, meet).run_sync("Go.")
    results = model.requests[1].messages[-1].parts
    assert [part.outcome for part in results] == ["completed"] * 3  # type: ignore[union-attr]
    assert threading.current_thread().name not in [part.output for part in results]  # type: ignore[union-attr]


def test_async_tools_run_on_the_loop_that_awaits_the_run() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    @scorpio.tool
    async def where() -> None:
        loops.append(asyncio.get_running_loop())

    async def main() -> None:
        await agent_of(calling(("where", {})), where).run("Go.")
        async for _ in agent_of(calling(("where", {})), where).stream("Go."):
            pass
        assert loops == [asyncio.get_running_loop()] * 2

    asyncio.run(main())
    agent_of(calling(("where", {})), where).run_sync("Go.")
    agent_of(calling(("where", {})), where).run_sync("Go.")
    assert loops[2] is loops[3]
    assert loops[2].is_running()


def test_tools_see_the_context_variables_of_the_caller() -> None:
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")

    @scorpio.tool
    def plain() -> str:
        seen = user.get()
        user.set("changed")
        return seen

    @scorpio.tool
    async def later() -> str:
        return user.get()

    user.set("Ada")
    assert result_of(plain).output == "Ada"
    assert result_of(later).output == "Ada"
    assert user.get() == "Ada"


def test_a_tool_may_ask_another_agent() -> None:
    expert = scorpio.ScriptedModel(["It is blue."] * 2)

    @scorpio.tool
    def ask(question: str) -> str:
        return scorpio.Agent("expert", model=expert).run_sync(question).text

    @scorpio.tool
    async def ask_async(question: str) -> str:
        return (await scorpio.Agent("expert", model=expert).run(question)).text

    assert result_of(ask, question="Why?").output == "It is blue."
    assert result_of(ask_async, question="Why?").output == "It is blue."


def test_a_tool_that_takes_too_long() -> None:
    let_go = threading.Event()
    saw = threading.Event()
    cancelled = threading.Event()

    @scorpio.tool(timeout=0.05)
    def slow(cx: scorpio.ToolContext) -> str:
        let_go.wait(WAIT)
        if cx.cancelled:
            saw.set()
        return "too late"

    @scorpio.tool(timeout=0.05)
    async def slow_async() -> None:
        try:
            await asyncio.sleep(WAIT)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    result = result_of(slow)
    let_go.set()
    assert result.outcome == "failed"
    assert "did not answer within" in result.output
    assert saw.wait(WAIT)
    assert "did not answer within" in result_of(slow_async).output
    assert cancelled.wait(WAIT)


def test_the_agents_timeout_holds_for_tools_without_one() -> None:
    @scorpio.tool
    async def slow() -> None:
        await asyncio.sleep(WAIT)

    model = calling(("slow", {}))
    agent_of(model, slow, tool_timeout=0.05).run_sync("Go.")
    assert "did not answer within" in json.dumps(model.requests[1].messages[-1].parts[0].output)  # type: ignore[union-attr]


def test_an_async_tool_that_is_cancelled_from_inside() -> None:
    @scorpio.tool
    async def give_up() -> None:
        raise asyncio.CancelledError

    assert result_of(give_up).output == "The tool was cancelled."


def test_no_more_tools_at_once_than_allowed() -> None:
    lock = threading.Lock()
    pair = threading.Barrier(2)
    running = most = 0

    @scorpio.tool
    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pair.wait(WAIT)
        with lock:
            running -= 1

    agent_of(calling(*[("work", {})] * 8), work, parallel_tools=2).run_sync("Go.")
    assert most == 2
