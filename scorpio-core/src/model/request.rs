//! What a model is asked.

use std::sync::Arc;

use super::Transcript;
use crate::{Json, tool::ToolCatalog};

/// Whether the model must call a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ToolChoice {
    /// As it likes.
    #[default]
    Auto,
    /// It must not.
    None,
    /// It must call at least one.
    Required,
    /// It must call this one.
    Tool(String),
}

/// The shape that an answer must have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutputSchema {
    /// A name for it: ASCII letters, digits, `-` and `_`, at most 64.
    pub name: String,
    /// A JSON schema.
    pub schema: Json,
}

impl OutputSchema {
    /// A shape.
    pub fn new(name: impl Into<String>, schema: Json) -> Self {
        Self { name: name.into(), schema }
    }
}

/// One call of a model. Parameters that are not set are not sent.
///
/// ```
/// use scorpio_core::{Message, model::{ModelRequest, Transcript}};
/// let request = ModelRequest::new("gpt-5-mini", Transcript::from_iter([Message::user("Hello.")]))
///     .with_instructions("Be brief.")
///     .with_max_output_tokens(200);
/// assert_eq!(&*request.model, "gpt-5-mini");
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ModelRequest {
    /// The model's name, without the provider's.
    pub model: Arc<str>,
    /// What the model is told before the conversation.
    pub instructions: Option<Arc<str>>,
    /// The conversation.
    pub transcript: Transcript,
    /// The tools that it may call.
    pub tools: Arc<ToolCatalog>,
    /// Whether it must call one.
    pub tool_choice: ToolChoice,
    /// Whether it may call several at once, where the provider lets one say so.
    pub parallel_tool_calls: Option<bool>,
    /// The shape that its answer must have.
    pub output: Option<Arc<OutputSchema>>,
    /// The most tokens that it may write.
    pub max_output_tokens: Option<u32>,
    /// The sampling temperature. Many models refuse one.
    pub temperature: Option<f32>,
    /// How much to think, in the provider's own word, such as `low`.
    pub reasoning_effort: Option<Arc<str>>,
    /// Fields of the provider's own that are added to the request's body.
    pub extra: Option<Json>,
}

impl ModelRequest {
    /// Asks `model` to continue `transcript`.
    pub fn new(model: impl Into<Arc<str>>, transcript: Transcript) -> Self {
        Self {
            model: model.into(),
            instructions: None,
            transcript,
            tools: Arc::default(),
            tool_choice: ToolChoice::Auto,
            parallel_tool_calls: None,
            output: None,
            max_output_tokens: None,
            temperature: None,
            reasoning_effort: None,
            extra: None,
        }
    }

    /// Sets what the model is told before the conversation.
    #[must_use]
    pub fn with_instructions(mut self, instructions: impl Into<Arc<str>>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Sets the tools that it may call.
    #[must_use]
    pub fn with_tools(mut self, tools: Arc<ToolCatalog>) -> Self {
        self.tools = tools;
        self
    }

    /// Sets whether it must call a tool.
    #[must_use]
    pub fn with_tool_choice(mut self, choice: ToolChoice) -> Self {
        self.tool_choice = choice;
        self
    }

    /// Sets the shape that its answer must have.
    #[must_use]
    pub fn with_output(mut self, output: Arc<OutputSchema>) -> Self {
        self.output = Some(output);
        self
    }

    /// Sets the most tokens that it may write.
    #[must_use]
    pub fn with_max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    /// Sets the sampling temperature.
    #[must_use]
    pub fn with_temperature(mut self, temperature: f32) -> Self {
        self.temperature = Some(temperature);
        self
    }

    /// Sets how much to think.
    #[must_use]
    pub fn with_reasoning_effort(mut self, effort: impl Into<Arc<str>>) -> Self {
        self.reasoning_effort = Some(effort.into());
        self
    }

    /// Adds fields of the provider's own to the request's body.
    #[must_use]
    pub fn with_extra(mut self, fields: Json) -> Self {
        self.extra = Some(fields);
        self
    }
}
