//! What a model's answer is made of while it streams.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Part, ToolCallId, ToolName, Usage};

/// The kind of a part that has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum PartKind {
    /// Text.
    Text,
    /// Reasoning.
    Reasoning,
    /// A tool call, whose arguments follow.
    ToolCall {
        /// The call's id.
        call_id: ToolCallId,
        /// The tool's name.
        name: ToolName,
    },
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FinishReason {
    /// It said what it had to say.
    Stop,
    /// It wants tools to be called.
    ToolCalls,
    /// It ran into the limit of its output.
    Length,
    /// The provider, or the model itself, refused.
    ContentFilter,
    /// Something else.
    Other,
}

/// One step of a model's answer. Parts are told apart by `index`, are numbered from 0 in the order they begin, and may interleave.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ModelEvent {
    /// A part begins.
    PartStart {
        /// The part.
        index: u32,
        /// What it will be.
        kind: PartKind,
    },
    /// More text or reasoning, or more of the arguments' JSON text, of a part that has begun.
    Delta {
        /// The part.
        index: u32,
        /// What to append.
        text: Arc<str>,
    },
    /// A part is whole.
    PartEnd {
        /// The part.
        index: u32,
        /// The finished part, with the provider's own item. In a box: it is large, and deltas are moved a lot.
        part: Box<Part>,
    },
    /// What the call costs so far; a later one replaces it.
    Usage(Usage),
    /// The answer is whole. It comes exactly once, after every part has ended.
    Finish {
        /// Why the model stopped.
        reason: FinishReason,
    },
}
