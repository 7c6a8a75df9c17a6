"""Final answers that have a shape."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from scorpio import _schema
from scorpio._errors import ConfigurationError, ConflictError, ModelError
from scorpio._outcome import NO_OUTPUT, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from scorpio._scorpio import OutcomeCore

T = TypeVar("T")

# Models like to wrap JSON in a fenced block even when told not to.
_FENCED = re.compile(r"^```(?:json)?\s*(.*?)\s*```$", re.DOTALL)


class Shape(Generic[T]):
    """The type that an answer is read as."""

    def __init__(self, output: type[T]) -> None:
        """Compiles the type.

        Raises:
            TypeError: When it has no JSON schema.
        """
        codec = _schema.compile_type(output)
        name = getattr(output, "__name__", "output")
        self.name = re.sub(r"[^A-Za-z0-9_-]", "_", name)[:64]
        # Providers want an object at the top; anything else goes into one.
        self._wrapped = codec.schema.get("type") != "object" or "$ref" in codec.schema
        self.schema = _wrap(codec.schema) if self._wrapped else codec.schema
        self._decode = codec.decode

    def written(self) -> tuple[str, dict[str, Any], Callable[[str], str | None]]:
        """The shape as the engine reads it."""
        return self.name, self.schema, self.complaint

    def complaint(self, text: str) -> str | None:
        """What is wrong with an answer. The engine calls this."""
        try:
            self._read(text)
        except _schema.InvalidValueError as error:
            path = error.path.removeprefix(".")
            return f"at `{path}`: {error.problem}" if path else error.problem
        return None

    def outcome(self, core: OutcomeCore) -> Outcome[T]:
        """The outcome with the answer in its shape."""
        if core.status == "paused":
            return Outcome(core, NO_OUTPUT)
        if core.status != "done":
            text = f"the run was stopped ({core.reason}) before there was an answer of the shape that was asked for"
            raise ConflictError(text, code="conflict:chat")
        try:
            return Outcome(core, self._read(core.text))
        except _schema.InvalidValueError as error:
            text = "The model's answer does not have the shape that was asked for."
            detail = f"{error.path.removeprefix('.')}: {error.problem}".removeprefix(": ")
            raise ModelError(text, code="internal:model", detail=detail) from None

    def _read(self, text: str) -> T:
        text = text.strip()
        fenced = _FENCED.match(text)
        try:
            value = json.loads(fenced[1] if fenced else text)
        except ValueError as error:
            raise _schema.InvalidValueError(f"it is no JSON: {error}") from None
        if self._wrapped:
            if type(value) is not dict or "value" not in value:
                raise _schema.InvalidValueError("expected an object with the field `value`")
            value = value["value"]
        answer: T = self._decode(value)
        return answer


def _wrap(schema: dict[str, Any]) -> dict[str, Any]:
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    whole: dict[str, Any] = {
        "type": "object",
        "properties": {"value": inner},
        "required": ["value"],
        "additionalProperties": False,
    }
    return {**whole, "$defs": schema["$defs"]} if "$defs" in schema else whole


def shape_of(output: type[T]) -> Shape[T]:
    """The shape of a type, with an error that names it where it has none."""
    try:
        return Shape(output)
    except _schema.UnsupportedTypeError as error:
        raise ConfigurationError(f"`output`: {error}") from None
