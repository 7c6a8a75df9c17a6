"""Messages and their parts, as they stand in a session."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text."""

    text: str
    type: Literal["text"] = field(default="text", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReasoningPart:
    """What the model thought before it answered, as far as it shows it."""

    text: str
    type: Literal["reasoning"] = field(default="reasoning", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ToolCallPart:
    """The model asks for a tool. `arguments` is the JSON text that the model wrote."""

    call_id: str
    name: str
    arguments: str
    type: Literal["tool_call"] = field(default="tool_call", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ToolResultPart:
    """A tool answers. `outcome` is `"denied"` when it was not let run, `"interrupted"` when the run ended before it."""

    call_id: str
    name: str
    output: Any
    outcome: Literal["completed", "failed", "denied", "interrupted"]
    type: Literal["tool_result"] = field(default="tool_result", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class MediaPart:
    """An image or a document: give its bytes, or the `url` that the provider fetches it from.

    Example:
        >>> import scorpio
        >>> scorpio.MediaPart("image/png", url="https://example.org/cat.png").url
        'https://example.org/cat.png'
    """

    media_type: str
    data: bytes | None = field(default=None, repr=False)
    url: str | None = None
    filename: str | None = None
    type: Literal["media"] = field(default="media", init=False, repr=False)

    def __post_init__(self) -> None:
        """Checks that there is one source."""
        if (self.data is None) == (self.url is None):
            raise ValueError("a MediaPart has either `data` or a `url`")


@dataclass(frozen=True, slots=True)
class SourcePart:
    """Something that the answer rests on."""

    id: str
    url: str
    title: str | None = None
    type: Literal["source"] = field(default="source", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class DataPart:
    """Data for the program's own user interface. Models do not see it."""

    name: str
    data: Any
    id: str | None = None
    type: Literal["data"] = field(default="data", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class UnknownPart:
    """Something that a newer version wrote."""

    content: Mapping[str, Any]
    type: Literal["unknown"] = field(default="unknown", init=False, repr=False)


Part: TypeAlias = (
    TextPart | ReasoningPart | ToolCallPart | ToolResultPart | MediaPart | SourcePart | DataPart | UnknownPart
)


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a session.

    `Message.user` makes one to give to an agent; those of `Agent.messages` and `Outcome.messages` have all fields.

    Attributes:
        role: Who speaks.
        parts: What it is made of, in order.
        id: Its id, unique within the session; `None` lets the engine choose one.
        status: Whether it is all that it was going to be.
        created_at: When it was made.
        run_id: The run that it began or that wrote it.
        model: Who wrote it, as `provider:model`. Only assistant messages have one.
        metadata: Whatever the program keeps with it.
        seq: Its place in the session, if it was read from one. It rises along a branch.
        replaces: What a summary stands for in what models are sent: the history up to the message of this id.
    """

    role: Literal["system", "user", "assistant", "tool"]
    parts: tuple[Part, ...]
    id: str | None = None
    status: Literal["complete", "stopped", "interrupted", "failed"] = "complete"
    created_at: datetime.datetime | None = None
    run_id: str | None = None
    model: str | None = None
    metadata: Any = None
    seq: int | None = field(default=None, compare=False)
    replaces: str | None = None

    @classmethod
    def user(cls, *content: str | MediaPart, id: str | None = None, metadata: Any = None) -> Message:
        """A user's message of texts, images and documents.

        Example:
            >>> import scorpio
            >>> picture = scorpio.MediaPart("image/png", url="https://example.org/cat.png")
            >>> scorpio.Message.user("What is this?", picture).text
            'What is this?'
        """
        parts = tuple(TextPart(item) if isinstance(item, str) else item for item in content)
        return cls("user", parts, id=id, metadata=metadata)

    @property
    def text(self) -> str:
        """All text parts, joined."""
        return "".join(part.text for part in self.parts if isinstance(part, TextPart))

    @property
    def tool_calls(self) -> list[ToolCallPart]:
        """The tool calls in it, in order."""
        return [part for part in self.parts if isinstance(part, ToolCallPart)]


def from_engine(text: str) -> list[Message]:
    """Reads the engine's JSON text of messages, which calls this."""
    return read_all(json.loads(text))


def stored_from_engine(text: str) -> list[Message]:
    """Reads the engine's JSON text of messages that know their places, which calls this."""
    return [dataclasses.replace(_message(stored["message"]), seq=stored["seq"]) for stored in json.loads(text)]


def read_all(messages: list[dict[str, Any]]) -> list[Message]:
    """Reads the engine's JSON of messages."""
    return [_message(message) for message in messages]


def part_from_engine(text: str) -> Part:
    """Reads the engine's JSON text of one part, which calls this."""
    return _part(json.loads(text))


def to_engine(message: str | Message) -> str:
    """The JSON text that the engine reads a user's message from."""
    if isinstance(message, str):
        message = Message.user(message)
    if message.role != "user":
        raise ValueError(f"an agent is given messages of the user, not of the role {message.role!r}")
    parts = [_written_part(part) for part in message.parts]
    content = {"parts": parts, "id": message.id, "metadata": message.metadata}
    return json.dumps(content, ensure_ascii=False, allow_nan=False)


def _message(content: dict[str, Any]) -> Message:
    origin = content.get("origin")
    return Message(
        role=content["role"],
        parts=tuple(_part(part) for part in content["parts"]),
        id=content["id"],
        status=content["status"],
        created_at=read_time(content["created_at"]),
        run_id=content.get("run"),
        model=f"{origin['provider']}:{origin['model']}" if origin else None,
        metadata=content.get("metadata"),
        replaces=content.get("replaces"),
    )


def read_time(text: str) -> datetime.datetime:
    """Reads a time of the engine."""
    # Before Python 3.11 `fromisoformat` knows neither the `Z` nor nanoseconds.
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    time = datetime.datetime.fromisoformat(seconds).replace(tzinfo=datetime.timezone.utc)
    return time.replace(microsecond=int(fraction[:6].ljust(6, "0"))) if fraction else time


def _part(content: dict[str, Any]) -> Part:
    read = _READERS.get(content["type"])
    return read(content) if read else UnknownPart(content)


def _read_tool_result(content: dict[str, Any]) -> Part:
    outcome = content["status"]["outcome"]
    return ToolResultPart(content["call_id"], content["name"], content["output"], outcome)


def _read_media(content: dict[str, Any]) -> Part:
    source = content["source"]
    data = base64.b64decode(source["base64"]) if "base64" in source else None
    return MediaPart(content["media_type"], data, source.get("url"), content.get("filename"))


_READERS: dict[str, Callable[[dict[str, Any]], Part]] = {
    "text": lambda content: TextPart(content["text"]),
    "reasoning": lambda content: ReasoningPart(content["text"]),
    "tool_call": lambda content: ToolCallPart(content["call_id"], content["name"], content["arguments"]),
    "tool_result": _read_tool_result,
    "media": _read_media,
    "source": lambda content: SourcePart(content["id"], content["url"], content.get("title")),
    "data": lambda content: DataPart(content["name"], content["data"], content.get("id")),
}


def _written_part(part: Part) -> dict[str, Any]:
    provenance = {"from": "user"}
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text, "provenance": provenance}
    if isinstance(part, MediaPart):
        url, data = part.url, part.data
        source = {"base64": base64.b64encode(data).decode()} if data is not None else {"url": url}
        written = {"type": "media", "media_type": part.media_type, "source": source, "provenance": provenance}
        return written if part.filename is None else {**written, "filename": part.filename}
    if isinstance(part, DataPart):
        return dataclasses.asdict(part)
    raise ValueError(f"a message of the user holds text, media and data, not a {type(part).__name__}")
