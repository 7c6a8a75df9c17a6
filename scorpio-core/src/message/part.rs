//! The parts that a message is made of, and the label that says where each came from.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Json, ToolCallId, ToolName, json::tagged_enum};

/// Whether the content of a tool's answer may be believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Trust {
    /// It may hold text that strangers wrote.
    #[default]
    Untrusted,
    /// The program made it.
    Trusted,
}

/// Where a block of content came from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "from")]
#[non_exhaustive]
pub enum Provenance {
    /// The program's own instructions.
    System,
    /// The user.
    User,
    /// A tool of the program.
    Tool {
        /// The tool's name.
        name: ToolName,
        /// Whether its answers may be believed.
        trust: Trust,
    },
    /// A tool of an MCP server.
    Mcp {
        /// The server's name.
        server: String,
    },
    /// A model.
    Model,
}

/// The provider's own item behind a part, verbatim. It goes back to the same provider, wire and model, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Native {
    /// The item as the provider sent it.
    pub item: Json,
}

impl Native {
    /// Keeps `item`.
    pub fn new(item: Json) -> Self {
        Self { item }
    }
}

/// Text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TextPart {
    /// The text.
    pub text: String,
    /// Where it came from.
    pub provenance: Provenance,
    /// The provider's item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Native>,
}

impl TextPart {
    /// Text from somewhere.
    pub fn new(text: impl Into<String>, provenance: Provenance) -> Self {
        Self { text: text.into(), provenance, native: None }
    }

    /// Keeps the provider's item.
    #[must_use]
    pub fn with_native(mut self, item: Json) -> Self {
        self.native = Some(Native::new(item));
        self
    }
}

/// What a model thought before it answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReasoningPart {
    /// The readable part of it, which may be a summary or empty.
    pub text: String,
    /// The provider's item, with signatures or encrypted content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Native>,
}

impl ReasoningPart {
    /// Reasoning that can be read.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), native: None }
    }

    /// Keeps the provider's item.
    #[must_use]
    pub fn with_native(mut self, item: Json) -> Self {
        self.native = Some(Native::new(item));
        self
    }
}

/// A model asks for a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolCallPart {
    /// The id that the result must carry.
    pub call_id: ToolCallId,
    /// The tool's name.
    pub name: ToolName,
    /// The arguments as the model wrote them: JSON if the model kept to the rules.
    pub arguments: Arc<str>,
    /// The provider's item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub native: Option<Native>,
}

impl ToolCallPart {
    /// A call of `name` with `arguments`, which should be the text of a JSON object.
    pub fn new(
        call_id: impl Into<ToolCallId>,
        name: impl Into<ToolName>,
        arguments: impl Into<Arc<str>>,
    ) -> Self {
        Self { call_id: call_id.into(), name: name.into(), arguments: arguments.into(), native: None }
    }

    /// Keeps the provider's item.
    #[must_use]
    pub fn with_native(mut self, item: Json) -> Self {
        self.native = Some(Native::new(item));
        self
    }

    /// The arguments as JSON: an empty text is `{}`, and what is not JSON becomes a JSON string.
    pub fn arguments_json(&self) -> Json {
        arguments_json(&self.arguments)
    }
}

pub(crate) fn arguments_json(arguments: &str) -> Json {
    match arguments.trim() {
        "" => Json::parse("{}").unwrap_or_default(),
        text => Json::parse(text).unwrap_or_else(|_| Json::string(text)),
    }
}

/// How a tool call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
#[non_exhaustive]
pub enum ToolOutcome {
    /// The tool answered.
    Completed,
    /// The tool failed, or its arguments were refused.
    Failed,
    /// Somebody, or a policy, did not let it run.
    Denied,
    /// The run ended before the tool answered.
    Interrupted {
        /// Whether the tool had been started: if so, its effect may have happened.
        started: bool,
    },
}

/// The answer to a [`ToolCallPart`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolResultPart {
    /// The id of the call that it answers.
    pub call_id: ToolCallId,
    /// The tool's name.
    pub name: ToolName,
    /// What the model reads. A JSON string is shown to it as plain text.
    pub output: Json,
    /// How the call ended.
    pub status: ToolOutcome,
    /// Where the output came from.
    pub provenance: Provenance,
}

impl ToolResultPart {
    /// A result of `name` for the call `call_id`.
    pub fn new(
        call_id: ToolCallId,
        name: impl Into<ToolName>,
        output: Json,
        status: ToolOutcome,
        provenance: Provenance,
    ) -> Self {
        Self { call_id, name: name.into(), output, status, provenance }
    }

    /// Whether the model should take it as a failure.
    pub fn is_error(&self) -> bool {
        self.status != ToolOutcome::Completed
    }
}

/// Where the bytes of a [`MediaPart`] are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MediaSource {
    /// In the message, as standard base64.
    Base64(String),
    /// At an address that the provider fetches.
    Url(String),
}

/// An image or a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MediaPart {
    /// Its media type, such as `image/png`.
    pub media_type: String,
    /// Where the bytes are.
    pub source: MediaSource,
    /// Its file name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Where it came from.
    pub provenance: Provenance,
}

impl MediaPart {
    /// Media that a user gave.
    pub fn new(media_type: impl Into<String>, source: MediaSource) -> Self {
        Self { media_type: media_type.into(), source, filename: None, provenance: Provenance::User }
    }

    /// Sets the file name.
    #[must_use]
    pub fn with_filename(mut self, filename: impl Into<String>) -> Self {
        self.filename = Some(filename.into());
        self
    }
}

/// Something that the answer rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SourcePart {
    /// Its id within the message.
    pub id: String,
    /// Its address.
    pub url: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// Something that a provider put into its answer and that has no neutral form, such as the call of a tool that it runs itself. It goes
/// back to the same provider, wire and model, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct OpaquePart {
    /// The provider's item.
    pub native: Native,
}

impl OpaquePart {
    /// Keeps an item of the provider.
    pub const fn new(native: Native) -> Self {
        Self { native }
    }
}

/// Data for the program's own user interface. Models do not see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DataPart {
    /// What it is.
    pub name: String,
    /// A later part of the same name and id replaces it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The data.
    pub data: Json,
}

tagged_enum! {
    /// One part of a message.
    ///
    /// ```
    /// use scorpio_core::Part;
    /// let newer = r#"{"type":"hologram","depth": 3.0}"#;
    /// let part: Part = serde_json::from_str(newer).unwrap();
    /// assert_eq!(serde_json::to_string(&part).unwrap(), newer);
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Part {
        /// Text.
        Text(TextPart) = "text",
        /// What a model thought.
        Reasoning(ReasoningPart) = "reasoning",
        /// A model asks for a tool.
        ToolCall(ToolCallPart) = "tool_call",
        /// A tool answers.
        ToolResult(ToolResultPart) = "tool_result",
        /// An image or a document.
        Media(MediaPart) = "media",
        /// Something that the answer rests on.
        Source(SourcePart) = "source",
        /// Data for the user interface.
        Data(DataPart) = "data",
        /// Something of the provider's own.
        Opaque(OpaquePart) = "opaque",
    }
}

impl Part {
    /// Text from somewhere.
    pub fn text(text: impl Into<String>, provenance: Provenance) -> Self {
        Self::Text(TextPart::new(text, provenance))
    }
}
