"""The official SDK's request types, made strict and callable: one judge per wire.

The SDK types its parameters loosely for the comfort of its callers (any iterable, unknown keys
pass). Here an iterable must be a JSON array, an unknown key is an error, and nothing is coerced.

An SDK takes seconds to import, so each is imported when the first body of one of its wires comes.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import sys
import typing
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

# Before an SDK is imported: its aliases are evaluated on import, and pydantic checks an Iterable
# lazily, that is, not at all.
typing.Iterable = list  # type: ignore[misc]

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from pydantic.warnings import TypedDictExtraConfigWarning
from typing_extensions import NoExtraItems, is_typeddict

Failure = tuple[str, str]
Judge = Callable[[Any], list[Failure]]

# A type that takes whatever a caller adds says so itself.
warnings.filterwarnings("ignore", category=TypedDictExtraConfigWarning)


@cache
def _make_strict(name: str) -> None:
    """Forbid unknown keys in every TypedDict of a package, and lazy sequences everywhere."""
    package = importlib.import_module(name)
    for module_info in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(module_info.name)
    modules = [m for name, m in sys.modules.items() if name.startswith(package.__name__ + ".")]
    for module in modules:
        if hasattr(module, "SequenceNotStr"):
            # A Protocol of the SDK that pydantic has no schema for.
            module.SequenceNotStr = list  # type: ignore[attr-defined]
        if hasattr(module, "Base64FileInput"):
            # An open file: nothing that could stand in a body.
            module.Base64FileInput = str  # type: ignore[attr-defined]
        for value in list(vars(module).values()):
            if is_typeddict(value) and getattr(value, "__extra_items__", NoExtraItems) is NoExtraItems:
                value.__pydantic_config__ = {"extra": "forbid"}


def _path(location: Iterable[int | str], body: Any) -> str:
    """A pydantic location as a path into the body, without the names of union branches."""
    path, here = "", body
    for step in location:
        if isinstance(step, int) and isinstance(here, list):
            path += f"[{step}]"
            here = here[step] if step < len(here) else None
        elif isinstance(here, dict) and (step in here or _is_key(step)):
            path += f".{step}" if path else str(step)
            here = here.get(step)
    return path


def _is_key(step: int | str) -> bool:
    """A missing key, as against the name of a union branch: a class, a scalar, or with brackets."""
    return isinstance(step, str) and step.isidentifier() and not step[:1].isupper() and step not in _SCALARS


_SCALARS = {"str", "int", "float", "bool", "none", "list", "dict"}


def _relevant(errors: list[Any]) -> list[Any]:
    """Of a union, only what the branch says that the body's own shape, `role` or `type` chose."""
    tags = [e for e in errors if e["loc"][-1:] in (("role",), ("type",)) and _is_branch(e["loc"][:-1])]
    refused = {e["loc"][:-1] for e in tags if e["type"] in ("literal_error", "missing")}
    branches = {
        e["loc"][:end] for e in errors for end in range(1, len(e["loc"]) + 1) if _is_branch(e["loc"][:end])
    }
    # Where no branch fits, the tag itself is what is wrong.
    fitting = {branch[:-1] for branch in branches - refused}

    def keep(error: Any) -> bool:
        location = error["loc"]
        for branch in refused:
            if location[: len(branch)] == branch:
                return branch[:-1] not in fitting and location[len(branch) :] in (("role",), ("type",))
        # "should be a string" is noise when the array that the body has instead was looked into.
        deeper = any(
            e["loc"][:-1] != location[:-1] and e["loc"][: len(location) - 1] == location[:-1] for e in errors
        )
        return not (deeper and error["type"].endswith("_type") and location[-1] in _SCALARS)

    return [e for e in errors if keep(e)] or errors


def _is_branch(location: tuple[int | str, ...]) -> bool:
    """Whether a location ends at one member of a union: pydantic names it by its class."""
    return bool(location) and isinstance(location[-1], str) and location[-1][:1].isupper()


def _judge(adapter: TypeAdapter[Any], body: Any) -> list[Failure]:
    try:
        # Through JSON, so that strict mode means JSON's types and not Python's.
        adapter.validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        return sorted({(_path(e["loc"], body), e["msg"]) for e in _relevant(errors)})
    return []


def _by_stream(streaming: TypeAdapter[Any], whole: TypeAdapter[Any]) -> Judge:
    def judge(body: Any) -> list[Failure]:
        wants_stream = body.get("stream") if isinstance(body, dict) else None
        if not isinstance(wants_stream, (bool, type(None))):
            # Literal[True] compares by equality, and in Python 1 equals True.
            return [("stream", "Input should be a valid boolean")]
        return _judge(streaming if wants_stream else whole, body)

    return judge


@cache
def _openai_chat() -> Judge:
    _make_strict("openai.types")
    from openai.types.chat import completion_create_params as params

    return _by_stream(
        TypeAdapter(params.CompletionCreateParamsStreaming),
        TypeAdapter(params.CompletionCreateParamsNonStreaming),
    )


@cache
def _openai_responses() -> Judge:
    _make_strict("openai.types")
    from openai.types.responses import response_create_params as params

    return _by_stream(
        TypeAdapter(params.ResponseCreateParamsStreaming),
        TypeAdapter(params.ResponseCreateParamsNonStreaming),
    )


@cache
def _anthropic_messages() -> Judge:
    _make_strict("anthropic.types")
    from anthropic.types import message_create_params as params
    from anthropic.types.beta import message_create_params as beta

    stable = _by_stream(
        TypeAdapter(params.MessageCreateParamsStreaming),
        TypeAdapter(params.MessageCreateParamsNonStreaming),
    )
    of_beta = _by_stream(
        TypeAdapter(beta.MessageCreateParamsStreaming), TypeAdapter(beta.MessageCreateParamsNonStreaming)
    )

    def judge(body: Any) -> list[Failure]:
        # What is new stands in the types of the beta alone.
        return stable(body) and of_beta(body) and stable(body)

    return judge


@cache
def _gemini_generate_content() -> Judge:
    from google.genai import types as gemini

    class Request(BaseModel):
        """The body of generateContent. The SDK has types for all that is in it, but none for the whole."""

        model_config = ConfigDict(extra="forbid", alias_generator=to_camel)

        contents: list[gemini.Content]
        system_instruction: gemini.Content | None = None
        tools: list[gemini.Tool] | None = None
        tool_config: gemini.ToolConfig | None = None
        safety_settings: list[gemini.SafetySetting] | None = None
        generation_config: gemini.GenerationConfig | None = None
        cached_content: str | None = None
        labels: dict[str, str] | None = None

    adapter: TypeAdapter[Any] = TypeAdapter(Request)

    def judge(body: Any) -> list[Failure]:
        try:
            # The enums and bytes of these types are not strict's; what is unknown is refused all the same.
            adapter.validate_json(json.dumps(body), by_alias=True, by_name=False)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False, include_context=False)
            return sorted({(_path(e["loc"], body), e["msg"]) for e in errors})
        return []

    return judge


# What makes the judge of each wire.
WIRES: dict[str, Callable[[], Judge]] = {
    "openai-chat": _openai_chat,
    "openai-responses": _openai_responses,
    "anthropic-messages": _anthropic_messages,
    "gemini-generate-content": _gemini_generate_content,
}
