//! The chunks of the stream, as `uiMessageChunkSchema` defines them. Optional fields are left out, never null: null does not validate.

use serde::Serialize;

use crate::{Json, MessageId, ToolCallId, model::FinishReason};

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(super) enum Chunk<'a> {
    Start {
        message_id: &'a MessageId,
        #[serde(skip_serializing_if = "Option::is_none")]
        message_metadata: Option<&'a Json>,
    },
    StartStep,
    FinishStep,
    TextStart {
        id: &'a str,
    },
    TextDelta {
        id: &'a str,
        delta: &'a str,
    },
    TextEnd {
        id: &'a str,
    },
    ReasoningStart {
        id: &'a str,
    },
    ReasoningDelta {
        id: &'a str,
        delta: &'a str,
    },
    ReasoningEnd {
        id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        provider_metadata: Option<Measured>,
    },
    ToolInputStart {
        tool_call_id: &'a ToolCallId,
        tool_name: &'a str,
        dynamic: bool,
    },
    ToolInputDelta {
        tool_call_id: &'a ToolCallId,
        input_text_delta: &'a str,
    },
    ToolInputAvailable {
        tool_call_id: &'a ToolCallId,
        tool_name: &'a str,
        input: &'a Json,
        dynamic: bool,
    },
    ToolInputError {
        tool_call_id: &'a ToolCallId,
        tool_name: &'a str,
        input: &'a Json,
        error_text: &'a str,
        dynamic: bool,
    },
    ToolOutputAvailable {
        tool_call_id: &'a ToolCallId,
        output: &'a Json,
        dynamic: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        provider_metadata: Option<Measured>,
    },
    ToolOutputError {
        tool_call_id: &'a ToolCallId,
        error_text: &'a str,
        dynamic: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        provider_metadata: Option<Measured>,
    },
    ToolOutputDenied {
        tool_call_id: &'a ToolCallId,
    },
    ToolApprovalRequest {
        approval_id: &'a str,
        tool_call_id: &'a ToolCallId,
    },
    SourceUrl {
        source_id: &'a str,
        url: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
    },
    File {
        url: &'a str,
        media_type: &'a str,
    },
    Error {
        error_text: &'a str,
    },
    Abort {
        reason: &'a str,
    },
    Finish {
        finish_reason: &'static str,
    },
}

/// How long something took. It travels as metadata under our own name, because the format has no field for it.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Measured {
    scorpio: Duration,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
struct Duration {
    duration_ms: u64,
}

impl Measured {
    /// `None` for what was over at once, or was not measured.
    pub(super) fn new(duration_ms: u64) -> Option<Self> {
        (duration_ms > 0).then_some(Self { scorpio: Duration { duration_ms } })
    }
}

/// A chunk whose type carries a name of the program's own.
#[derive(Debug, Serialize)]
pub(super) struct DataChunk<'a> {
    pub(super) r#type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) data: &'a Json,
    pub(super) transient: bool,
}

/// The package's word for why a model stopped.
pub(super) fn finish_reason(reason: FinishReason) -> &'static str {
    match reason {
        FinishReason::Stop => "stop",
        FinishReason::ToolCalls => "tool-calls",
        FinishReason::Length => "length",
        FinishReason::ContentFilter => "content-filter",
        FinishReason::Paused | FinishReason::Other => "other",
    }
}
