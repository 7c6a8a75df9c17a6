//! The log of a run: everything that happens in it, in order. Streams, the web page and the Python iterator are views of it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Json, MessageId, Part, RunId, SessionId, StopReason, ToolCallId, ToolName, ToolResultPart, Usage,
    json::tagged_enum,
    model::{FinishReason, ModelErrorKind, PartKind},
    store::{ApprovalReason, Decision},
};

/// One thing that happened in a run.
///
/// As JSON: `{"session", "run", "seq", "at", "kind": {"type", …}}`. `seq` counts from 1 within the run, without gaps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The session.
    pub session: SessionId,
    /// The run.
    pub run: RunId,
    /// Its place in the run's log, from 1.
    pub seq: u64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    pub kind: EventKind,
}

impl Event {
    /// An event.
    pub fn new(session: SessionId, run: RunId, seq: u64, at: Timestamp, kind: EventKind) -> Self {
        Self { session, run, seq, at, kind }
    }

    /// Whether the run's log ends with it.
    pub fn is_last(&self) -> bool {
        matches!(self.kind, EventKind::RunFinished(_))
    }
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
            #[allow(missing_docs)]
            pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }
        )*
    };
}

payloads! {
    /// A run begins. `message_id` is the id of the assistant message that answers: that of the first turn.
    RunStarted { message_id: MessageId, }
    /// A model is asked. Turns count from 1.
    TurnStarted { turn: u32, message_id: MessageId, }
    /// A part of the answer begins. Parts are numbered within the turn.
    PartStarted { turn: u32, index: u32, part: PartKind, }
    /// More of a part that has begun.
    PartDelta { turn: u32, index: u32, text: Arc<str>, }
    /// A part is whole.
    PartFinished { turn: u32, index: u32, part: Part, }
    /// The model has answered, and its answer is stored.
    TurnFinished { turn: u32, usage: Usage, reason: FinishReason, }
    /// A model call has failed and is tried again after a while, in milliseconds. Attempts count from 1; this is the one to come.
    Retrying { turn: u32, attempt: u32, after_ms: u64, error: ModelErrorKind, }
    /// Another model answers this turn than the one that was asked.
    FellBack { turn: u32, provider: Arc<str>, model: Arc<str>, error: ModelErrorKind, }
    /// The answer of this turn broke off and is asked for again: what was streamed of it does not count, and its parts begin anew.
    StreamReset { turn: u32, error: ModelErrorKind, }
    /// A tool starts.
    ToolStarted { call_id: ToolCallId, name: ToolName, arguments: Json, }
    /// A tool tells how far it is.
    ToolProgress { call_id: ToolCallId, progress: Json, }
    /// A tool has answered, or something has answered for it.
    ToolFinished { result: ToolResultPart, duration_ms: u64, }
    /// A tool sends data to the user interface. It is for those who watch and not part of the history.
    DataSent {
        name: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        data: Json,
    }
    /// Somebody is asked whether a tool may run. `approval` is the id by which the answer is given.
    ApprovalRequested {
        call_id: ToolCallId,
        name: ToolName,
        arguments: Json,
        approval: String,
        reason: ApprovalReason,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    }
    /// Somebody has answered, or nobody has in time.
    ApprovalResolved {
        call_id: ToolCallId,
        approval: String,
        decision: Decision,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    }
    /// The run waits for somebody and nobody drives it. It goes on with a [`RunResumed`], perhaps in another process.
    RunPaused { usage: Usage, }
    /// The run goes on: after a pause, or because the process that drove it is gone. What was streamed of the present turn and is not
    /// stored does not count.
    RunResumed { turn: u32, recovered: bool, }
    /// The store does not answer; the run waits for it and goes on by itself.
    WaitingForStore { after_ms: u64, }
    /// A summary takes the place of the history up to a message, for the model.
    Compacted { message_id: MessageId, }
    /// A message that was sent while the run was going joins it.
    Steered { message_id: MessageId, }
    /// The run failed. The message is safe to show.
    RunError { code: String, message: String, }
    /// The run is over.
    RunFinished { outcome: RunEnd, usage: Usage, }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
#[non_exhaustive]
pub enum RunEnd {
    /// The model had nothing more to do.
    Done {
        /// Why the model stopped.
        reason: FinishReason,
    },
    /// A limit or a cancel stopped it; what was done is kept.
    Stopped {
        /// Which.
        reason: StopReason,
    },
    /// It failed; what was done is kept. A [`RunError`] stands before.
    Failed,
    /// The process that ran it ended; what was done is kept.
    Interrupted,
}

tagged_enum! {
    /// What happened.
    #[derive(Debug, Clone, PartialEq)]
    pub enum EventKind {
        /// A run begins.
        RunStarted(RunStarted) = "run_started",
        /// A model is asked.
        TurnStarted(TurnStarted) = "turn_started",
        /// A part of the answer begins.
        PartStarted(PartStarted) = "part_started",
        /// More of a part.
        PartDelta(PartDelta) = "part_delta",
        /// A part is whole.
        PartFinished(PartFinished) = "part_finished",
        /// The model has answered.
        TurnFinished(TurnFinished) = "turn_finished",
        /// A model call is tried again.
        Retrying(Retrying) = "retrying",
        /// Another model answers.
        FellBack(FellBack) = "fell_back",
        /// What was streamed of the turn does not count.
        StreamReset(StreamReset) = "stream_reset",
        /// A tool starts.
        ToolStarted(ToolStarted) = "tool_started",
        /// A tool tells how far it is.
        ToolProgress(ToolProgress) = "tool_progress",
        /// A tool has answered.
        ToolFinished(ToolFinished) = "tool_finished",
        /// Data for the user interface.
        Data(DataSent) = "data",
        /// Somebody is asked whether a tool may run.
        ApprovalRequested(ApprovalRequested) = "approval_requested",
        /// Somebody has answered.
        ApprovalResolved(ApprovalResolved) = "approval_resolved",
        /// The run waits for somebody.
        RunPaused(RunPaused) = "run_paused",
        /// The run goes on.
        RunResumed(RunResumed) = "run_resumed",
        /// The store does not answer.
        WaitingForStore(WaitingForStore) = "waiting_for_store",
        /// A summary takes the place of the older history.
        Compacted(Compacted) = "compacted",
        /// A message joins the run.
        Steered(Steered) = "steered",
        /// The run failed.
        Error(RunError) = "error",
        /// The run is over.
        RunFinished(RunFinished) = "run_finished",
    }
}
