"""JSON text of Python values."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import uuid
from typing import Any

from scorpio import _schema


def dumps(value: object) -> str:
    """The JSON text of a value: also of dataclasses, pydantic models, enums, sets, dates, UUIDs and paths.

    Raises:
        TypeError: When something in it has no JSON form.
        ValueError: When it holds itself, or a number that is not finite.
    """
    return json.dumps(value, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _plain(value: Any) -> object:
    """What `json` can write in the place of `value`."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if _schema.is_pydantic_model(type(value)):
        return value.model_dump(mode="json")
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (uuid.UUID, decimal.Decimal, pathlib.PurePath)):
        return str(value)
    raise TypeError(f"a value of type {type(value).__qualname__} has no JSON form")
