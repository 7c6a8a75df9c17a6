"""Schemas of types, and what becomes of the values that a model sends."""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import pathlib
import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, NewType, Optional, TypedDict, Union

import pydantic
import pytest
from typing_extensions import NotRequired, Required
from typing_extensions import TypedDict as ExtendedTypedDict

from scorpio import _schema


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Item:
    """A thing that is ordered.

    Attributes:
        name: What it is called.
        count: How many of it.
    """

    name: str
    count: int = 1


@dataclass
class Order:
    items: list[Item]
    note: str | None = None
    color: Color = Color.RED
    tags: set[str] = field(default_factory=set, metadata={"description": "Words."})


@dataclass
class Tree:
    label: str
    children: list[Tree] = field(default_factory=list)


@dataclass
class Even:
    number: int

    def __post_init__(self) -> None:
        if self.number % 2:
            raise ValueError(f"{self.number} is odd")


class Address(TypedDict, total=False):
    street: str
    city: str


class Settings(ExtendedTypedDict, total=False):
    name: Required[str]
    size: NotRequired[Annotated[int, "In metres."]]


class Point(NamedTuple):
    x: float
    y: float = 0.0


class Person(pydantic.BaseModel):
    name: str
    age: Annotated[int, pydantic.Field(ge=0, description="Years.")]
    home: Home | None = None


class Home(pydantic.BaseModel):
    city: str


Person.model_rebuild()
UserId = NewType("UserId", int)


def decoded(annotation: object, value: object) -> object:
    return _schema.compile_type(annotation).decode(value)


def problem(annotation: object, value: object) -> str:
    with pytest.raises(_schema.InvalidValueError) as caught:
        decoded(annotation, value)
    return caught.value.sentence("The arguments")


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (float, {"type": "number"}),
        (bool, {"type": "boolean"}),
        (None, {"type": "null"}),
        (Any, {}),
        (object, {}),
        (list, {"type": "array", "items": {}}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (collections.abc.Sequence[str], {"type": "array", "items": {"type": "string"}}),
        (set[str], {"type": "array", "items": {"type": "string"}, "uniqueItems": True}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            tuple[int, str],
            {
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string"}],
                "minItems": 2,
                "maxItems": 2,
            },
        ),
        (dict, {"type": "object"}),
        (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (collections.abc.Mapping[str, Any], {"type": "object", "additionalProperties": True}),
        (Optional[str], {"type": ["string", "null"]}),
        (Union[int, str], {"type": ["integer", "string"]}),
        (int | None, {"type": ["integer", "null"]}),
        (list[int] | None, {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]}),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Color, {"type": "string", "enum": ["red", "blue"]}),
        (Level, {"type": "integer", "enum": [1, 2]}),
        (Annotated[int, "How many."], {"type": "integer", "description": "How many."}),
        (UserId, {"type": "integer"}),
        (datetime.date, {"type": "string", "format": "date"}),
        (datetime.datetime, {"type": "string", "format": "date-time"}),
        (uuid.UUID, {"type": "string", "format": "uuid"}),
        (pathlib.Path, {"type": "string"}),
    ],
)
def test_schema(annotation: object, schema: dict[str, Any]) -> None:
    assert _schema.compile_type(annotation).schema == schema


def test_schema_of_a_dataclass() -> None:
    assert _schema.compile_type(Order).schema == {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "description": "What it is called."},
                        "count": {"type": "integer", "description": "How many of it.", "default": 1},
                    },
                    "description": "A thing that is ordered.",
                    "required": ["name"],
                    "additionalProperties": False,
                },
            },
            "note": {"type": ["string", "null"], "default": None},
            "color": {"type": "string", "enum": ["red", "blue"]},
            "tags": {
                "type": "array",
                "items": {"type": "string"},
                "uniqueItems": True,
                "description": "Words.",
            },
        },
        "required": ["items"],
        "additionalProperties": False,
    }


def test_schema_of_a_type_that_holds_itself() -> None:
    codec = _schema.compile_type(Tree)
    assert codec.schema["$ref"] == "#/$defs/Tree"
    tree = codec.schema["$defs"]["Tree"]
    assert tree["properties"]["children"] == {"type": "array", "items": {"$ref": "#/$defs/Tree"}}
    value = {"label": "a", "children": [{"label": "b", "children": [{"label": "c"}]}]}
    assert codec.decode(value) == Tree("a", [Tree("b", [Tree("c")])])
    value["children"][0]["children"][0]["label"] = 1  # type: ignore[index]
    assert problem(Tree, value).startswith("The arguments are wrong at `children[0].children[0].label`:")


def test_schema_of_a_pydantic_model_has_no_references_and_no_titles() -> None:
    schema = _schema.compile_type(Person).schema
    assert schema["properties"]["age"] == {"type": "integer", "minimum": 0, "description": "Years."}
    assert schema["properties"]["home"]["anyOf"][0]["properties"] == {"city": {"type": "string"}}
    assert "$ref" not in str(schema)
    assert "$defs" not in schema


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        (int, 3.0, 3),
        (float, 3, 3.0),
        (float | int, 3, 3),
        (int | float, 3.5, 3.5),
        (str | None, None, None),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple[int, str], [1, "a"], (1, "a")),
        (tuple[()], [], ()),
        (set[int], [1, 1, 2], {1, 2}),
        (frozenset[str], ["a"], frozenset({"a"})),
        (dict[str, list[int]], {"a": [1]}, {"a": [1]}),
        (Literal[1, True], True, True),
        (Color, "blue", Color.BLUE),
        (Level, 2, Level.HIGH),
        (datetime.date, "2026-01-31", datetime.date(2026, 1, 31)),
        (
            datetime.datetime,
            "2026-01-31T10:00:00Z",
            datetime.datetime(2026, 1, 31, 10, tzinfo=datetime.timezone.utc),
        ),
        (datetime.time, "14:30:00", datetime.time(14, 30)),
        (uuid.UUID, "00000000-0000-0000-0000-000000000001", uuid.UUID(int=1)),
        (decimal.Decimal, 1.5, decimal.Decimal("1.5")),
        (pathlib.Path, "a/b", pathlib.Path("a/b")),
        (Order, {"items": [{"name": "tea"}], "color": "blue"}, Order([Item("tea")], None, Color.BLUE, set())),
        (Address, {"city": "Bern"}, {"city": "Bern"}),
        (Point, {"x": 1}, Point(1.0)),
        (Person, {"name": "Ada", "age": 36}, Person(name="Ada", age=36)),
        (Item | Point, {"x": 1, "y": 2}, Point(1.0, 2.0)),
    ],
)
def test_conversion(annotation: object, value: object, expected: object) -> None:
    answer = decoded(annotation, value)
    assert answer == expected
    assert type(answer) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value", "sentence"),
    [
        (str, 1, "The arguments are wrong: expected a string, got an integer."),
        (int, "1", "The arguments are wrong: expected an integer, got a string."),
        (int, 1.5, "The arguments are wrong: expected an integer, got 1.5."),
        (int, True, "The arguments are wrong: expected an integer, got a boolean."),
        (bool, 1, "The arguments are wrong: expected a boolean, got an integer."),
        (float, None, "The arguments are wrong: expected a number, got null."),
        (list[int], [1, "x"], "The arguments are wrong at `[1]`: expected an integer, got a string."),
        (tuple[int, str], [1], "The arguments are wrong: expected 2 items, got 1."),
        (
            dict[str, dict[str, int]],
            {"a": {"b": "c"}},
            "The arguments are wrong at `a.b`: expected an integer, got a string.",
        ),
        (int | None, "x", "The arguments are wrong: expected an integer or null, got a string."),
        (Literal["a", "b"], "c", "The arguments are wrong: expected one of 'a', 'b', got 'c'."),
        (Literal[1], True, "The arguments are wrong: expected one of 1, got True."),
        (Color, "green", "The arguments are wrong: expected one of 'red', 'blue', got 'green'."),
        (
            datetime.date,
            "tomorrow",
            "The arguments are wrong: expected a date such as 2026-01-31.",
        ),
        (uuid.UUID, "x", "The arguments are wrong: expected a UUID."),
        (decimal.Decimal, "x", "The arguments are wrong: expected a decimal number."),
        (Item, {"count": 1}, "The arguments are wrong: `name` is missing."),
        (
            Item,
            {"name": "tea", "size": 1},
            "The arguments are wrong: there is no field `size`; there are `name`, `count`.",
        ),
        (
            Order,
            {"items": [{"name": "tea", "count": "two"}]},
            "The arguments are wrong at `items[0].count`: expected an integer, got a string.",
        ),
        (
            Order | None,
            {"items": [{"name": "tea", "count": "two"}]},
            "The arguments are wrong at `items[0].count`: expected an integer, got a string.",
        ),
        (Even, {"number": 3}, "The arguments are wrong: 3 is odd."),
        (
            Person,
            {"name": "Ada", "age": -1},
            "The arguments are wrong at `age`: input should be greater than or equal to 0.",
        ),
        (
            list[Person],
            [{"name": "Ada", "age": 1, "home": {}}],
            "The arguments are wrong at `[0].home.city`: field required.",
        ),
        (set[list[int]], [[1]], "The arguments are wrong: expected items that can be told apart."),
    ],
)
def test_what_the_model_is_told(annotation: object, value: object, sentence: str) -> None:
    assert problem(annotation, value) == sentence


@pytest.mark.parametrize("annotation", [complex, bytes, dict[int, str], Literal[b"x"], type, list[complex]])
def test_types_without_a_schema_are_refused(annotation: object) -> None:
    with pytest.raises(TypeError):
        _schema.compile_type(annotation)


def test_pydantic_models_that_hold_themselves_are_refused_by_name() -> None:
    class Node(pydantic.BaseModel):
        children: list[Node] = []

    Node.model_rebuild(_types_namespace={"Node": Node})
    with pytest.raises(TypeError, match="`Node` holds itself"):
        _schema.compile_type(Node)


def test_qualifiers_of_typed_dicts() -> None:
    codec = _schema.compile_type(dataclasses.make_dataclass("Holder", [("settings", Settings)]))
    settings = codec.schema["properties"]["settings"]
    assert settings["required"] == ["name"]
    assert settings["properties"]["size"] == {"type": "integer", "description": "In metres."}
