#!/usr/bin/env python3
"""The vendors' own SDKs talk to the strict fake provider: a call of tools, and the answer after it.

Starts the program named on the command line, lets each SDK complete the conversation on each of its
wires, streamed and not, and looks at what the provider thought of every request. What an SDK sends
back is what the vendor wants, so a refusal here is a fault of the provider.

Exit status: 0 all good, 1 a conversation failed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import traceback
import urllib.request
from collections.abc import Callable
from typing import Any

import anthropic
import openai
from google import genai
from google.genai import errors
from google.genai import types as gemini

QUESTION = "What is 2 + 40, and what time is it?"
ANSWER = "It is 42, at noon — 🦂."
CALLS = [("add", {"a": 2, "b": 40}), ("now", {})]
RESULTS = {"add": "42", "now": "noon"}
SCHEMAS = {
    "add": {
        "type": "object",
        "properties": {"a": {"type": "number"}, "b": {"type": "number"}},
        "required": ["a", "b"],
        "additionalProperties": False,
    },
    "now": {"type": "object", "properties": {}, "required": [], "additionalProperties": False},
}


def turns(pings: int) -> list[Any]:
    style = {"characters": 3, "pings": pings, "empty_pieces": True}
    calls = [{"call": {"name": name, "arguments": arguments}} for name, arguments in CALLS]
    return [
        {"say": [{"reasoning": "Two tools at once."}, {"text": "Let me see."}, *calls], "style": style},
        {"say": [{"reasoning": "Both answered."}, {"text": ANSWER}], "style": style},
    ]


# Google's client takes a comment in a stream for an event, and fails.
SCRIPT = {
    "choose": "by_question",
    "dialogues": [
        {"when": {"wire": "gemini-generate-content"}, "turns": turns(pings=0)},
        {"turns": turns(pings=1)},
    ],
}


def check(what: str, found: Any, wanted: Any) -> None:
    if found != wanted:
        raise AssertionError(f"{what}: found {found!r}, wanted {wanted!r}")


def chat(url: str, streamed: bool) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0)
    tools: list[Any] = [
        {"type": "function", "function": {"name": name, "parameters": schema, "strict": True}}
        for name, schema in SCHEMAS.items()
    ]
    messages: list[Any] = [{"role": "user", "content": QUESTION}]

    def ask() -> Any:
        request: dict[str, Any] = {"model": "gpt-5-mini", "messages": messages, "tools": tools}
        if not streamed:
            return client.chat.completions.create(**request)
        with client.chat.completions.stream(**request, stream_options={"include_usage": True}) as stream:
            stream.until_done()
            return stream.get_final_completion()

    first = ask()
    check("finish reason", first.choices[0].finish_reason, "tool_calls")
    check("usage", (first.usage.prompt_tokens, first.usage.completion_tokens), (15, 11))
    message = first.choices[0].message
    calls = message.tool_calls or []
    check("calls", [(call.function.name, json.loads(call.function.arguments)) for call in calls], CALLS)
    messages.append(
        {
            "role": "assistant",
            "content": message.content,
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.function.name, "arguments": call.function.arguments},
                }
                for call in calls
            ],
        }
    )
    messages.extend(
        {"role": "tool", "tool_call_id": call.id, "content": RESULTS[call.function.name]} for call in calls
    )
    check("answer", ask().choices[0].message.content, ANSWER)


def responses(url: str, streamed: bool) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0)
    tools: list[Any] = [
        {"type": "function", "name": name, "parameters": schema, "strict": True}
        for name, schema in SCHEMAS.items()
    ]
    history: list[Any] = [{"role": "user", "content": QUESTION}]

    def ask() -> Any:
        request: dict[str, Any] = {"model": "gpt-5-mini", "input": history, "tools": tools, "store": False}
        if not streamed:
            return client.responses.create(**request)
        with client.responses.stream(**request) as stream:
            stream.until_done()
            return stream.get_final_response()

    first = ask()
    check("status", first.status, "completed")
    check("usage", (first.usage.input_tokens, first.usage.output_tokens), (15, 11))
    calls = [item for item in first.output if item.type == "function_call"]
    check("calls", [(call.name, json.loads(call.arguments)) for call in calls], CALLS)
    wanted = {"parsed", "parsed_arguments"}  # what the SDK's streams add for their callers
    history.extend(item.model_dump(exclude_none=True, exclude=wanted) for item in first.output)
    for item in history:
        for part in item.get("content") or []:
            if isinstance(part, dict):
                part.pop("parsed", None)
    history.extend(
        {"type": "function_call_output", "call_id": call.call_id, "output": RESULTS[call.name]}
        for call in calls
    )
    check("answer", ask().output_text, ANSWER)


def messages(url: str, streamed: bool) -> None:
    client = anthropic.Anthropic(base_url=url, api_key="any", max_retries=0)
    tools: list[Any] = [{"name": name, "input_schema": schema} for name, schema in SCHEMAS.items()]
    history: list[Any] = [{"role": "user", "content": QUESTION}]

    def ask() -> Any:
        request: dict[str, Any] = {
            "model": "claude-sonnet-5-5",
            "max_tokens": 1024,
            "messages": history,
            "tools": tools,
        }
        if not streamed:
            return client.messages.create(**request)
        with client.messages.stream(**request) as stream:
            return stream.get_final_message()

    first = ask()
    check("stop reason", first.stop_reason, "tool_use")
    check("usage", (first.usage.input_tokens, first.usage.output_tokens), (5, 11))
    calls = [block for block in first.content if block.type == "tool_use"]
    check("calls", [(call.name, call.input) for call in calls], CALLS)
    history.append({"role": "assistant", "content": first.content})
    results = [
        {"type": "tool_result", "tool_use_id": call.id, "content": RESULTS[call.name]} for call in calls
    ]
    history.append({"role": "user", "content": results})
    check("answer", "".join(block.text for block in ask().content if block.type == "text"), ANSWER)


def generate_content(url: str, streamed: bool) -> None:
    client = genai.Client(api_key="any", http_options=gemini.HttpOptions(base_url=url))
    declarations = [
        gemini.FunctionDeclaration(name=name, parameters_json_schema=schema)
        for name, schema in SCHEMAS.items()
    ]
    config = gemini.GenerateContentConfig(
        tools=[gemini.Tool(function_declarations=declarations)],
        automatic_function_calling=gemini.AutomaticFunctionCallingConfig(disable=True),
    )
    history = [gemini.Content(role="user", parts=[gemini.Part(text=QUESTION)])]

    def ask() -> tuple[list[gemini.Part], Any]:
        request: dict[str, Any] = {"model": "gemini-3-flash", "contents": history, "config": config}
        if not streamed:
            whole = client.models.generate_content(**request)
            return whole.candidates[0].content.parts, whole
        parts: list[gemini.Part] = []
        last = None
        for last in client.models.generate_content_stream(**request):
            if last.candidates and last.candidates[0].content:
                parts.extend(last.candidates[0].content.parts or [])
        return parts, last

    parts, first = ask()
    check("finish reason", first.candidates[0].finish_reason, gemini.FinishReason.STOP)
    check("usage", first.usage_metadata.prompt_token_count, 15)
    calls = [part.function_call for part in parts if part.function_call]
    check("calls", [(call.name, call.args) for call in calls], CALLS)
    # A part without anything in it is refused; one with a signature has something.
    kept = [part for part in parts if part.text != "" or part.thought_signature]
    history.append(gemini.Content(role="model", parts=kept))
    results = [
        gemini.Part(
            function_response=gemini.FunctionResponse(
                id=call.id, name=call.name, response={"result": RESULTS[call.name]}
            )
        )
        for call in calls
    ]
    history.append(gemini.Content(role="user", parts=results))
    parts, _ = ask()
    check("answer", "".join(part.text for part in parts if part.text and not part.thought), ANSWER)


def asked(url: str) -> list[Any]:
    with urllib.request.urlopen(f"{url}/__scorpio/requests") as answer:
        return json.load(answer)["requests"]


CONVERSATIONS: dict[str, Callable[[str, bool], None]] = {
    "openai-chat": chat,
    "openai-responses": responses,
    "anthropic-messages": messages,
    "gemini-generate-content": generate_content,
}


# What an SDK says of a provider that it does not understand, or that refuses.
FAILURES = (AssertionError, ValueError, openai.OpenAIError, anthropic.AnthropicError, errors.APIError)


def run(url: str) -> int:
    failed = 0
    for wire, converse in CONVERSATIONS.items():
        for streamed in (False, True):
            name = f"{wire}, {'streamed' if streamed else 'whole'}"
            before = len(asked(url))
            try:
                converse(url, streamed)
                of_this = asked(url)[before:]
                check("verdicts", [one["verdict"] for one in of_this], ["answered", "answered"])
                check("wires", [one["wire"] for one in of_this], [wire, wire])
                print(f"ok      {name}")
            except FAILURES:
                failed += 1
                traceback.print_exc()
                print(f"FAILED  {name}: {json.dumps(asked(url)[before:], indent=1)}", file=sys.stderr)
    return 1 if failed else 0


def main() -> int:
    summary, _, details = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("program", help="the path of scorpio-testkit")
    arguments = parser.parse_args()
    provider = subprocess.Popen(
        [arguments.program, "--port", "0", "--script", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert provider.stdin is not None and provider.stdout is not None
    try:
        provider.stdin.write(json.dumps(SCRIPT))
        provider.stdin.close()
        url = provider.stdout.readline().strip()
        if not url:
            print("the provider did not start", file=sys.stderr)
            return 1
        return run(url)
    finally:
        provider.terminate()
        provider.wait()


if __name__ == "__main__":
    sys.exit(main())
