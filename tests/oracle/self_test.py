"""Proof that the oracle catches wrong shapes and accepts right ones."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from other_wires import FULL_BY_WIRE, WRONG_BY_WIRE

Check = Callable[[str, Any], list[tuple[str, str]]]

USER = {"role": "user", "content": "What is 2 + 40, and the weather?"}

CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a":2,"b":40}'}},
    {"id": "call_2", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Zürich"}'}},
]

TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add two numbers.",
        "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]},
        "strict": True,
    },
}

FULL: dict[str, Any] = {
    "model": "gpt-5-mini",
    "stream": True,
    "stream_options": {"include_usage": True},
    "max_completion_tokens": 512,
    "temperature": 1,
    "stop": ["END"],
    "tools": [TOOL],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning_effort": "low",
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
    },
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {"role": "system", "content": [{"type": "text", "text": "Be brief."}]},
        USER,
        {"role": "assistant", "content": None, "tool_calls": CALLS},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "sun"}]},
        {"role": "assistant", "content": "42, and sun."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "And this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
                {
                    "type": "file",
                    "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="},
                },
            ],
        },
    ],
}

GOOD: dict[str, dict[str, Any]] = {
    "the smallest streaming body": {"model": "m", "stream": True, "messages": [USER]},
    "the smallest body without streaming": {"model": "m", "messages": [USER]},
    "streaming switched off": {"model": "m", "stream": False, "messages": [USER]},
    "everything at once": FULL,
    "a single stop string": {"model": "m", "stop": "END", "messages": [USER]},
    "a forced tool": {
        "model": "m",
        "messages": [USER],
        "tools": [TOOL],
        "tool_choice": {"type": "function", "function": {"name": "add"}},
    },
}


def _set(*path_and_value: Any) -> Callable[[dict[str, Any]], None]:
    *path, last, value = path_and_value

    def change(body: dict[str, Any]) -> None:
        _walk(body, path)[last] = value

    return change


def _remove(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(body: dict[str, Any]) -> None:
        del _walk(body, path[:-1])[path[-1]]

    return change


def _walk(here: Any, path: Any) -> Any:
    for step in path:
        here = here[step]
    return here


# What is wrong, how to make FULL wrong, and the path that the report must name.
WRONG: list[tuple[str, Callable[[dict[str, Any]], None], str]] = [
    ("no model", _remove("model"), "model"),
    ("no messages", _remove("messages"), "messages"),
    ("messages not an array", _set("messages", {"role": "user"}), "messages"),
    ("an unknown key at the top", _set("max_output_tokens", 5), "max_output_tokens"),
    ("an unknown role", _set("messages", 2, "role", "human"), "messages[2]"),
    ("an unknown key in a message", _set("messages", 2, "created_at", 1), "messages[2].created_at"),
    ("an answer without its call id", _remove("messages", 4, "tool_call_id"), "messages[4].tool_call_id"),
    ("tool output as an object", _set("messages", 4, "content", {"sum": 42}), "messages[4].content"),
    (
        "arguments as an object instead of a string",
        _set("messages", 3, "tool_calls", 0, "function", "arguments", {"a": 2}),
        "messages[3].tool_calls[0].function.arguments",
    ),
    ("a call without an id", _remove("messages", 3, "tool_calls", 1, "id"), "messages[3].tool_calls[1].id"),
    ("a call without a type", _remove("messages", 3, "tool_calls", 0, "type"), "messages[3].tool_calls[0]"),
    (
        "the stream's index left in a call",
        _set("messages", 3, "tool_calls", 0, "index", 0),
        "messages[3].tool_calls[0].index",
    ),
    (
        "reasoning of a compatible server sent to OpenAI",
        _set("messages", 6, "reasoning_content", "hm"),
        "messages[6].reasoning_content",
    ),
    (
        "a flat tool, as Responses has it",
        _set("tools", 0, {"type": "function", "name": "add", "parameters": {}}),
        "tools[0].function",
    ),
    ("a tool without a name", _remove("tools", 0, "function", "name"), "tools[0].function.name"),
    ("a tool choice that does not exist", _set("tool_choice", "any"), "tool_choice"),
    (
        "an image as a bare string",
        _set("messages", 7, "content", 1, "image_url", "x"),
        "messages[7].content[1].image_url",
    ),
    (
        "a part of the Responses wire",
        _set("messages", 7, "content", 0, "type", "input_text"),
        "messages[7].content[0]",
    ),
    ("a number as a string", _set("max_completion_tokens", "512"), "max_completion_tokens"),
    ("a boolean as a string", _set("parallel_tool_calls", "true"), "parallel_tool_calls"),
    ("a boolean as a number", _set("stream", 1), "stream"),
    ("an unknown stream option", _set("stream_options", "usage", True), "stream_options.usage"),
    (
        "a schema outside its wrapper",
        _set("response_format", {"type": "json_schema", "schema": {}}),
        "response_format",
    ),
    ("an effort that does not exist", _set("reasoning_effort", "extreme"), "reasoning_effort"),
    ("a null where none is allowed", _set("messages", 2, "content", None), "messages[2].content"),
]


def run_self_test(check: Check) -> int:
    """Print one line per case; 1 when a wrong shape passed or a right one did not."""
    passed = failed = 0
    for name, body in GOOD.items():
        failures = check("openai-chat", body)
        passed, failed = (passed, failed + 1) if failures else (passed + 1, failed)
        print(f"{'REFUSED' if failures else 'ok'}: accepts {name}")
        for path, reason in failures:
            print(f"    {path}: {reason}")
    for name, spoil, want in WRONG:
        body = copy.deepcopy(FULL)
        spoil(body)
        failures = check("openai-chat", body)
        caught = any(path.startswith(want) for path, _ in failures)
        passed, failed = (passed + 1, failed) if caught else (passed, failed + 1)
        print(f"{'ok' if caught else 'MISSED'}: catches {name}: {failures[:2] if caught else failures}")
    for wire, full in FULL_BY_WIRE.items():
        failures = check(wire, full)
        passed, failed = (passed, failed + 1) if failures else (passed + 1, failed)
        print(f"{'REFUSED' if failures else 'ok'}: accepts everything at once on {wire}")
        for path, reason in failures:
            print(f"    {path}: {reason}")
        for path, value, want in WRONG_BY_WIRE[wire]:
            body = copy.deepcopy(full)
            (_remove(*path) if value is None else _set(*path, value))(body)
            failures = check(wire, body)
            caught = any(found.startswith(want) for found, _ in failures)
            passed, failed = (passed + 1, failed) if caught else (passed, failed + 1)
            verdict = "ok" if caught else f"MISSED: {failures}"
            print(f"{verdict}: catches {'no ' if value is None else ''}{want} on {wire}")
    if not check("no-such-wire", FULL):
        failed += 1
        print("MISSED: catches an unknown wire")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0
