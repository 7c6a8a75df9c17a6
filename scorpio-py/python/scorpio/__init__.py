"""Scorpio: agents that call tools, stream everything they do, and keep it. The engine is Rust.

    import scorpio

    @scorpio.tool
    def add(a: float, b: float) -> float:
        "Add two numbers."
        return a + b

    agent = scorpio.Agent("calculator", model="openai:gpt-5-mini", tools=[add])
    print(agent.run_sync("What is 2 + 40?").text)

`Agent` is where to begin: `Agent.run` and `Agent.run_sync` answer, `Agent.stream` gives the events of an answer
while it is made. `tool` makes tools of functions. `SqliteStore` keeps sessions. `ScriptedModel` is a model for tests.
"""

import atexit

from scorpio._agent import Agent
from scorpio._errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    ModelError,
    NotFoundError,
    RateLimitError,
    ScorpioError,
    StoreError,
    ToolError,
)
from scorpio._limits import Limits, Price
from scorpio._messages import (
    DataPart,
    MediaPart,
    Message,
    Part,
    ReasoningPart,
    SourcePart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UnknownPart,
)
from scorpio._models import ScriptedError, ScriptedModel, ScriptedRequest, ScriptedTurn
from scorpio._outcome import Outcome
from scorpio._registry import Finding, Model, ModelChoice, Models, Report, doctor, doctor_sync
from scorpio._scorpio import (
    DataSent,
    FellBack,
    MessageSteered,
    PartFinished,
    PartStarted,
    ReasoningDelta,
    Retrying,
    RunFailed,
    RunFinished,
    RunStarted,
    StreamReset,
    TextDelta,
    ToolCallDelta,
    ToolContext,
    ToolFinished,
    ToolProgress,
    ToolStarted,
    TurnFinished,
    TurnStarted,
    UnknownEvent,
    Usage,
    __version__,
    _shutdown,
)
from scorpio._stores import MemoryStore, Session, SqliteStore, Store
from scorpio._stream import Event, RunStream
from scorpio._tool import Tool, tool

# Runs that are going when the interpreter ends are cancelled, so that their sessions take the next message at once.
atexit.register(_shutdown)

__all__ = [
    "Agent",
    "AuthenticationError",
    "ConfigurationError",
    "ConflictError",
    "DataPart",
    "DataSent",
    "Event",
    "FellBack",
    "Finding",
    "Limits",
    "MediaPart",
    "MemoryStore",
    "Message",
    "MessageSteered",
    "Model",
    "ModelChoice",
    "ModelError",
    "Models",
    "NotFoundError",
    "Outcome",
    "Part",
    "PartFinished",
    "PartStarted",
    "Price",
    "RateLimitError",
    "ReasoningDelta",
    "ReasoningPart",
    "Report",
    "Retrying",
    "RunFailed",
    "RunFinished",
    "RunStarted",
    "RunStream",
    "ScorpioError",
    "ScriptedError",
    "ScriptedModel",
    "ScriptedRequest",
    "ScriptedTurn",
    "Session",
    "SourcePart",
    "SqliteStore",
    "Store",
    "StoreError",
    "StreamReset",
    "TextDelta",
    "TextPart",
    "Tool",
    "ToolCallDelta",
    "ToolCallPart",
    "ToolContext",
    "ToolError",
    "ToolFinished",
    "ToolProgress",
    "ToolResultPart",
    "ToolStarted",
    "TurnFinished",
    "TurnStarted",
    "UnknownEvent",
    "UnknownPart",
    "Usage",
    "__version__",
    "doctor",
    "doctor_sync",
    "tool",
]
