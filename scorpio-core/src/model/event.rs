//! What a model's answer is made of while it streams.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::ModelErrorKind;
use crate::{Origin, Part, ToolCallId, ToolName, Usage};

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
    /// Something of the provider's own, which comes whole.
    Opaque,
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
    /// It paused in the middle of a long answer and goes on when it is asked again.
    Paused,
    /// Something else.
    Other,
}

/// What a provider says about an answer before it begins.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ResponseInfo {
    /// The provider's id of the request, to quote to its support.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// What is left of the account's allowance of requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<Allowance>,
    /// What is left of its allowance of tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Allowance>,
}

/// How much a provider still allows, as its rate-limit headers say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Allowance {
    /// How much there is in a full window.
    pub limit: Option<u64>,
    /// How much is left.
    pub remaining: Option<u64>,
    /// How long until it is full again.
    pub reset_after: Option<Duration>,
}

/// A wrapper is about to try again what failed before anything of the answer was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Retrying {
    /// The number of the attempt that comes, from 2.
    pub attempt: u32,
    /// How long it waits before.
    pub after: Duration,
    /// What the last attempt failed with.
    pub error: ModelErrorKind,
}

impl Retrying {
    /// The attempt number `attempt` follows `after` this long, because of `error`.
    pub const fn new(attempt: u32, after: Duration, error: ModelErrorKind) -> Self {
        Self { attempt, after, error }
    }
}

/// Another model answers than the one that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FellBack {
    /// The model that answers. It is the origin of the message.
    pub to: Origin,
    /// What the one before it failed with.
    pub error: ModelErrorKind,
}

impl FellBack {
    /// `to` answers because of `error`.
    pub const fn new(to: Origin, error: ModelErrorKind) -> Self {
        Self { to, error }
    }
}

/// One step of a model's answer. Parts are told apart by `index`, are numbered from 0 in the order they begin, and may interleave.
///
/// Its JSON keeps what a part holds verbatim: an event that was written and read again is the same, byte for byte.
///
/// ```
/// use scorpio_core::model::ModelEvent;
/// let event = ModelEvent::Delta { index: 0, text: "Hello".into() };
/// let json = serde_json::to_string(&event).unwrap();
/// assert_eq!(json, r#"{"delta":{"index":0,"text":"Hello"}}"#);
/// assert_eq!(serde_json::from_str::<ModelEvent>(&json).unwrap(), event);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// What the provider says about the answer. It comes at most once for each attempt, before any part.
    Response(Box<ResponseInfo>),
    /// An attempt has failed and there will be another. It comes before any part.
    Retrying(Box<Retrying>),
    /// Another model answers. It comes before any part.
    FellBack(Box<FellBack>),
    /// The answer is whole. It comes exactly once, after every part has ended.
    Finish {
        /// Why the model stopped.
        reason: FinishReason,
    },
}
