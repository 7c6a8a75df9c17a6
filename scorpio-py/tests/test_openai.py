"""A whole run against a server that speaks Chat Completions, on a port of this machine."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

import scorpio

from .support import WAIT


class Server(http.server.ThreadingHTTPServer):
    """Calls `add` in the first turn and tells its answer in the second; holds back the end when it is asked to wait."""

    requests: list[dict[str, Any]]
    release: threading.Event
    broken: tuple[int, dict[str, str], dict[str, Any]] | None = None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server
    usage: ClassVar = {"prompt_tokens": 10, "completion_tokens": 4, "total_tokens": 14}

    def log_message(self, format: str, *arguments: Any) -> None: ...

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.requests.append(request | {"authorization": self.headers["authorization"]})
        if self.server.broken:
            status, headers, body = self.server.broken
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        last = request["messages"][-1]
        if last["role"] == "user" and request.get("tools"):
            call = {"index": 0, "id": "call_7", "type": "function"}
            self.delta({"role": "assistant", "tool_calls": [call | {"function": {"name": "add", "arguments": ""}}]})
            self.delta({"tool_calls": [{"index": 0, "function": {"arguments": '{"a": 2, "b": 40}'}}]})
            self.delta({}, finish="tool_calls")
        else:
            for word in ("It ", "is ", str(last["content"])):
                self.delta({"content": word})
            if "wait" in str(last["content"]):
                self.server.release.wait(WAIT)
            self.delta({}, finish="stop")
        self.chunk("data: " + json.dumps({"id": "c", "choices": [], "usage": self.usage}) + "\n\n")
        self.chunk("data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def delta(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.chunk("data: " + json.dumps({"id": "c", "object": "chat.completion.chunk", "choices": [choice]}) + "\n\n")

    def chunk(self, text: str) -> None:
        content = text.encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
        self.wfile.flush()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.requests, server.release = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-test-secret")
    yield server
    server.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@scorpio.tool
def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: The first.
        b: The second.
    """
    return a + b


def test_a_run(server: Server) -> None:
    agent = scorpio.Agent("calculator", model="openai:gpt-5-mini", tools=[add], instructions="Calculate.")
    outcome = agent.run_sync("What is 2 + 40?")
    assert outcome.text == "It is 42"
    assert outcome.turns == 2
    assert outcome.usage.total == 28
    first, second = server.requests
    assert first["authorization"] == "Bearer sk-test-secret"
    assert first["model"] == "gpt-5-mini"
    assert [message["content"] for message in first["messages"]] == ["Calculate.", "What is 2 + 40?"]
    function = first["tools"][0]["function"]
    assert (function["name"], function["description"]) == ("add", "Add two numbers.")
    assert function["parameters"] == {
        "type": "object",
        "properties": {
            "a": {"type": "integer", "description": "The first."},
            "b": {"type": "integer", "description": "The second."},
        },
        "required": ["a", "b"],
        "additionalProperties": False,
    }
    assert second["messages"][-1] == {"role": "tool", "tool_call_id": "call_7", "content": "42"}


def test_a_stream_is_live_and_can_be_stopped(server: Server) -> None:
    async def main() -> None:
        agent = scorpio.Agent("calculator", model="openai:gpt-5-mini")
        text = ""
        stream = agent.stream("wait")
        async for event in stream:
            if isinstance(event, scorpio.TextDelta):
                text += event.delta
                if text == "It is wait":
                    # The server has not sent the end.
                    assert not server.release.is_set()
                    stream.cancel()
        assert (await stream.outcome()).reason == "cancelled"

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_errors_are_typed_and_hold_no_secret(server: Server) -> None:
    body = {
        "error": {"message": "Incorrect API key provided", "type": "invalid_request_error", "code": "invalid_api_key"}
    }
    server.broken = (401, {"x-request-id": "req_1", "content-type": "application/json"}, body)
    agent = scorpio.Agent("calculator", model="openai:gpt-5-mini")
    with pytest.raises(scorpio.AuthenticationError) as caught:
        agent.run_sync("Hi.")
    error = caught.value
    assert (error.status, error.request_id, error.retryable) == (401, "req_1", False)
    assert str(error) == "The model's service refused the key that it was given."
    assert "sk-test-secret" not in repr(vars(error))
