"""A conversation with tools over each vendor's wire, with the strict provider of the test kit at the other end."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

import scorpio

from .support import missing

ANSWER = "It is 42, at noon — 🦂."
CALLS: list[tuple[str, dict[str, Any]]] = [("add", {"a": 2, "b": 40}), ("now", {})]
STYLE = {"characters": 3, "pings": 1, "empty_pieces": True, "split_bytes": 5}
SCRIPT = {
    "choose": "by_question",
    "dialogues": [
        {
            "turns": [
                {
                    "say": [
                        {"reasoning": "Two tools at once."},
                        {"text": "Let me see."},
                        *({"call": {"name": name, "arguments": arguments}} for name, arguments in CALLS),
                    ],
                    "style": STYLE,
                    "usage": {"input": 20, "output": 12},
                },
                {
                    "say": [{"reasoning": "Both answered."}, {"text": ANSWER}],
                    "style": STYLE,
                    "faults": [{"kind": "rate_limited", "headers": {"retry-after-ms": "1", "retry-after": "0"}}],
                },
            ]
        }
    ],
}

WIRES = {
    "openai-chat": ("openai:gpt-5-mini", {"OPENAI_BASE_URL": "{url}/v1", "OPENAI_API_KEY": "any"}),
    # Azure speaks it wherever it is; OpenAI only where it is itself.
    "openai-responses": ("azure:gpt-5-mini", {"AZURE_OPENAI_ENDPOINT": "{url}", "AZURE_OPENAI_API_KEY": "any"}),
    "anthropic-messages": (
        "anthropic:claude-sonnet-5",
        {"ANTHROPIC_BASE_URL": "{url}", "ANTHROPIC_API_KEY": "any"},
    ),
    "gemini-generate-content": (
        "gemini:gemini-3.6-flash",
        {"GOOGLE_GEMINI_BASE_URL": "{url}", "GEMINI_API_KEY": "any"},
    ),
}


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    program = os.environ.get("SCORPIO_TESTKIT_BIN")
    if program is None:
        missing("SCORPIO_TESTKIT_BIN", "the path of the program `scorpio-testkit`")
    command = [program, "--port", "0", "--script", "-"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        process.stdin.write(json.dumps(SCRIPT))
        process.stdin.close()
        url = process.stdout.readline().strip()
        assert url, "the provider did not start"
        yield url
        process.terminate()
        process.wait()


def asked(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{url}/__scorpio/requests") as answer:
        requests: list[dict[str, Any]] = json.load(answer)["requests"]
        return requests


@scorpio.tool
def add(a: float, b: float) -> float:
    "Add two numbers."
    return a + b


@scorpio.tool(approval=True)
async def now() -> str:
    "Tell the time."
    return "noon"


@pytest.mark.parametrize("wire", WIRES)
def test_a_conversation(wire: str, provider: str, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """It stops for a decision and goes on with what the store holds. A history that lacks a thing is refused."""
    name, environment = WIRES[wire]
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value.format(url=provider))
    before = len(asked(provider))
    store = scorpio.SqliteStore(tmp_path / "chat.db")
    agent = scorpio.Agent("clock", model=name, tools=[add, now], store=store)
    stream = agent.stream("What is 2 + 40, and what time is it?", session="chat-1")
    events = list(stream)
    outcome = stream.outcome_sync()
    assert "".join(event.delta for event in events if isinstance(event, scorpio.TextDelta)) == "Let me see."
    (call,) = outcome.pending
    assert call.name == "now"
    store.close_sync()
    agent = scorpio.Agent("clock", model=name, tools=[add, now], store=scorpio.SqliteStore(tmp_path / "chat.db"))
    answer = agent.resume_sync(call.run_id, {call.call_id: "approve"})
    assert answer.text == ANSWER
    assert answer.usage.total > 30
    results = [part for message in agent.messages_sync("chat-1") if message.role == "tool" for part in message.parts]
    outputs = [(part.name, part.output) for part in results if isinstance(part, scorpio.ToolResultPart)]
    assert outputs == [("add", 42.0), ("now", "noon")]
    verdicts = [(request["wire"], request["verdict"]) for request in asked(provider)[before:]]
    assert {seen for seen, _ in verdicts} == {wire}
    assert [verdict for _, verdict in verdicts if verdict != "faulted"] == ["answered", "answered"]
