"""Scorpio: agents that call tools, stream everything they do, and keep it. The engine is Rust.

    import scorpio

    @scorpio.tool
    def add(a: float, b: float) -> float:
        "Add two numbers."
        return a + b

    agent = scorpio.Agent("calculator", model="openai:gpt-5-mini", tools=[add])
    print(agent.run_sync("What is 2 + 40?").text)

`Agent` is where to begin: `Agent.run` and `Agent.run_sync` answer, `Agent.stream` gives the events of an answer
while it is made. `tool` makes tools of functions. `Store.open` opens what keeps sessions. `Agent.resume` goes on with a
run that waits for somebody, `Runtime` with those whose process is gone. `ScriptedModel` is a model for tests.
"""

import atexit

from scorpio._agent import Agent
from scorpio._approvals import ApprovalPolicy, Approve, Decision, Deny, PendingApproval, ProposedCall
from scorpio._compaction import Compaction
from scorpio._errors import (
    AuthenticationError,
    ConfigurationError,
    ConflictError,
    JournalError,
    ModelError,
    NotFoundError,
    RateLimitError,
    ScorpioError,
    StoreError,
    ToolError,
)
from scorpio._event_log import EventLog
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
from scorpio._runtime import Run, Runtime
from scorpio._scorpio import (
    ApprovalRequested,
    ApprovalResolved,
    Compacted,
    DataSent,
    FellBack,
    MessageSteered,
    PartFinished,
    PartStarted,
    ReasoningDelta,
    Retrying,
    RunFailed,
    RunFinished,
    RunPaused,
    RunResumed,
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
    WaitingForStore,
    __version__,
    _shutdown,
)
from scorpio._stores import BranchPoint, MemoryStore, MongoStore, PostgresStore, Session, SqliteStore, Store, Way
from scorpio._stream import Event, RunStream
from scorpio._tool import Tool, tool

# Runs that are going when the interpreter ends are cancelled, so that their sessions take the next message at once.
atexit.register(_shutdown)

__all__ = [
    "Agent",
    "ApprovalPolicy",
    "ApprovalRequested",
    "ApprovalResolved",
    "Approve",
    "AuthenticationError",
    "BranchPoint",
    "Compacted",
    "Compaction",
    "ConfigurationError",
    "ConflictError",
    "DataPart",
    "DataSent",
    "Decision",
    "Deny",
    "Event",
    "EventLog",
    "FellBack",
    "Finding",
    "JournalError",
    "Limits",
    "MediaPart",
    "MemoryStore",
    "Message",
    "MessageSteered",
    "Model",
    "ModelChoice",
    "ModelError",
    "Models",
    "MongoStore",
    "NotFoundError",
    "Outcome",
    "Part",
    "PartFinished",
    "PartStarted",
    "PendingApproval",
    "PostgresStore",
    "Price",
    "ProposedCall",
    "RateLimitError",
    "ReasoningDelta",
    "ReasoningPart",
    "Report",
    "Retrying",
    "Run",
    "RunFailed",
    "RunFinished",
    "RunPaused",
    "RunResumed",
    "RunStarted",
    "RunStream",
    "Runtime",
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
    "WaitingForStore",
    "Way",
    "__version__",
    "doctor",
    "doctor_sync",
    "tool",
]
