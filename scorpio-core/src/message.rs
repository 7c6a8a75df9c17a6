//! Messages and their parts. A message that was stored and loaded again is the same, part for part and byte for byte.

mod part;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(crate) use self::part::arguments_json;
pub use self::part::{
    DataPart, MediaPart, MediaSource, Native, OpaquePart, Part, Provenance, ReasoningPart, SourcePart,
    TextPart, ToolCallPart, ToolOutcome, ToolResultPart, Trust,
};
use crate::{Json, MessageId, RunId, ToolCallId, Usage, model::Model};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// Instructions.
    System,
    /// The user.
    User,
    /// The model.
    Assistant,
    /// Results of the tools that the message before it called.
    Tool,
}

/// Whether a message is all that it was going to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MessageStatus {
    /// It is whole.
    #[default]
    Complete,
    /// Somebody, or a limit, stopped it; what was there is kept.
    Stopped,
    /// The process ended in the middle of it; what was there is kept.
    Interrupted,
    /// The model failed in the middle of it; what was there is kept.
    Failed,
}

impl MessageStatus {
    /// The spelling used in stores and on wires.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// Which model wrote an assistant message, through which wire. Verbatim parts are replayed only to the same three.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Origin {
    /// The provider, such as `openai`.
    pub provider: Arc<str>,
    /// The wire format, such as `openai-chat`.
    pub wire: Arc<str>,
    /// The model's name, as the provider knows it.
    pub model: Arc<str>,
}

impl Origin {
    /// An origin of these three.
    pub fn new(provider: impl Into<Arc<str>>, wire: impl Into<Arc<str>>, model: impl Into<Arc<str>>) -> Self {
        Self { provider: provider.into(), wire: wire.into(), model: model.into() }
    }

    /// The origin of what `model` writes.
    pub(crate) fn of(model: &Model) -> Self {
        let (provider, name) = (model.provider(), model.name());
        Self::new(Arc::clone(provider.id()), provider.wire(name), Arc::clone(name))
    }
}

/// One message of a session.
///
/// ```
/// use scorpio_core::{Message, Role};
/// let message = Message::user("Where is my order?");
/// let stored = serde_json::to_string(&message).unwrap();
/// let loaded: Message = serde_json::from_str(&stored).unwrap();
/// assert_eq!(loaded, message);
/// assert_eq!(loaded.text(), "Where is my order?");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Its id, unique within the session.
    pub id: MessageId,
    /// Who speaks.
    pub role: Role,
    /// What it is made of, in order.
    pub parts: Vec<Part>,
    /// Which model wrote it. Only assistant messages have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Whether it is whole.
    #[serde(default)]
    pub status: MessageStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// The run that it began or that wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    /// The last of the messages that it stands for: a summary takes the place of the history up to there, for models; the history itself
    /// stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<MessageId>,
    /// What writing it cost. Only assistant messages have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Whatever the program wants to keep with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Json>,
}

impl Message {
    /// A complete message of `parts`, made now, with a new id.
    pub fn new(role: Role, parts: Vec<Part>) -> Self {
        Self::at(Timestamp::now(), MessageId::new(), role, parts)
    }

    /// A complete message of `parts`, made at `created_at`.
    pub(crate) fn at(created_at: Timestamp, id: MessageId, role: Role, parts: Vec<Part>) -> Self {
        Self {
            id,
            role,
            parts,
            origin: None,
            status: MessageStatus::Complete,
            created_at,
            run: None,
            replaces: None,
            usage: None,
            metadata: None,
        }
    }

    /// A user's message of one text.
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, vec![Part::text(text, Provenance::User)])
    }

    /// An assistant's message of one text.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, vec![Part::text(text, Provenance::Model)])
    }

    /// Sets the id.
    #[must_use]
    pub fn with_id(mut self, id: MessageId) -> Self {
        self.id = id;
        self
    }

    /// Sets which model wrote it.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    /// Sets whether it is whole.
    #[must_use]
    pub fn with_status(mut self, status: MessageStatus) -> Self {
        self.status = status;
        self
    }

    /// Sets the run that it belongs to.
    #[must_use]
    pub fn with_run(mut self, run: RunId) -> Self {
        self.run = Some(run);
        self
    }

    /// Sets what the program wants to keep with it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Json) -> Self {
        self.metadata = Some(metadata);
        self
    }

    /// All text parts, joined.
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// The tool calls in it, in order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCallPart> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }

    /// The tool results in it, in order.
    pub fn tool_results(&self) -> impl Iterator<Item = &ToolResultPart> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolResult(result) => Some(result),
            _ => None,
        })
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::user(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::user(text)
    }
}

/// The ids of calls in `messages` that no later message answers. A valid history has none.
pub fn dangling_tool_calls<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<ToolCallId> {
    let mut open: Vec<ToolCallId> = Vec::new();
    for message in messages {
        open.extend(message.tool_calls().map(|call| call.call_id.clone()));
        for result in message.tool_results() {
            open.retain(|call_id| *call_id != result.call_id);
        }
    }
    open
}
