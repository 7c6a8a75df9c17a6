"""Reads what a docstring says about a function and its parameters: Google, NumPy and Sphinx style."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_GOOGLE_SECTION = re.compile(
    r"^(args|arguments|parameters|params|returns?|yields?|raises?|examples?|notes?|warnings?|attributes|see also|todo|"
    r"keyword args|keyword arguments|other parameters|references)\s*:\s*$",
    re.IGNORECASE,
)
_PARAMETER_SECTIONS = {
    "args",
    "arguments",
    "parameters",
    "params",
    "keyword args",
    "keyword arguments",
    "other parameters",
    "attributes",
}
_GOOGLE_ENTRY = re.compile(r"^\*{0,2}(?P<name>\w+)\s*(?:\([^)]*\))?\s*:\s*(?P<text>.*)$")
_NUMPY_ENTRY = re.compile(r"^(?P<names>\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$")
_UNDERLINE = re.compile(r"^-{3,}\s*$")
_SPHINX_FIELD = re.compile(r"^:(?P<field>\w+)(?:\s+(?P<middle>[^:]+))?:\s*(?P<text>.*)$")


class Docstring(NamedTuple):
    """What a docstring says."""

    description: str
    parameters: dict[str, str]


def parse(text: str | None) -> Docstring:
    """Splits a docstring into what stands before its sections, and the descriptions of its parameters."""
    if not text:
        return Docstring("", {})
    description: list[str] = []
    parameters: dict[str, str] = {}
    lines = inspect.cleandoc(text).splitlines()
    index = 0
    in_description = True
    while index < len(lines):
        line = lines[index]
        following = lines[index + 1] if index + 1 < len(lines) else ""
        if line.strip() and _UNDERLINE.match(following):
            in_description = False
            block, index = _numpy_block(lines, index + 2)
            if line.strip().lower() in _PARAMETER_SECTIONS:
                parameters.update(_numpy_parameters(block))
        elif section := _GOOGLE_SECTION.match(line):
            in_description = False
            block, index = _indented_block(lines, index + 1)
            if section[1].lower() in _PARAMETER_SECTIONS:
                parameters.update(_google_parameters(block))
        elif field := _SPHINX_FIELD.match(line):
            in_description = False
            block, index = _indented_block(lines, index + 1)
            if field["field"] in ("param", "parameter", "arg", "argument") and field["middle"]:
                # `:param int count: …` names the type first.
                parameters[field["middle"].split()[-1]] = _join([field["text"], *block])
        else:
            if in_description:
                description.append(line.rstrip())
            index += 1
    return Docstring("\n".join(description).strip(), {name: text for name, text in parameters.items() if text})


def _indented_block(lines: list[str], start: int) -> tuple[list[str], int]:
    """The lines from `start` that are indented or empty, and where they end."""
    end = start
    while end < len(lines) and (not lines[end].strip() or lines[end][0].isspace()):
        end += 1
    return lines[start:end], end


def _numpy_block(lines: list[str], start: int) -> tuple[list[str], int]:
    """The lines from `start` up to the next underlined heading, and where they end."""
    end = start
    while end < len(lines):
        following = lines[end + 1] if end + 1 < len(lines) else ""
        if lines[end].strip() and _UNDERLINE.match(following):
            break
        end += 1
    return lines[start:end], end


def _google_parameters(block: list[str]) -> dict[str, str]:
    return _entries(inspect.cleandoc("\n" + "\n".join(block)).splitlines(), _google_entry)


def _numpy_parameters(block: list[str]) -> dict[str, str]:
    return _entries(block, _numpy_entry)


class _Entry(NamedTuple):
    names: list[str]
    text: str


def _google_entry(line: str) -> _Entry | None:
    entry = _GOOGLE_ENTRY.match(line)
    return _Entry([entry["name"]], entry["text"]) if entry else None


def _numpy_entry(line: str) -> _Entry | None:
    entry = _NUMPY_ENTRY.match(line)
    return _Entry([name.strip().lstrip("*") for name in entry["names"].split(",")], "") if entry else None


def _entries(lines: list[str], read: Callable[[str], _Entry | None]) -> dict[str, str]:
    """Reads entries that begin without indentation and go on with it."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in lines:
        if line and not line[0].isspace():
            entry = read(line)
            current = [entry.text] if entry else []
            for name in entry.names if entry else ():
                found[name] = current
        else:
            current.append(line)
    return {name: _join(text) for name, text in found.items()}


def _join(lines: list[str]) -> str:
    return " ".join(stripped for line in lines if (stripped := line.strip()))
