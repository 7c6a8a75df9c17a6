//! What a model is asked.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

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

/// Whether the provider should keep what it has read of the conversation, so that the next call costs less.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PromptCache {
    /// As is best for a conversation that goes on: asked for where it must be, for as long as the provider keeps it by itself.
    #[default]
    Auto,
    /// Not asked for, and refused where the provider lets one say so.
    Off,
    /// For as long as the provider can: an hour with Anthropic, and with OpenAI what its models offer.
    Long,
}

/// The shape that an answer must have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

/// What is sent along with every call of a model. What is not set is not sent.
///
/// ```
/// use scorpio_core::model::ModelParameters;
/// let parameters = ModelParameters::new().with_max_output_tokens(500).with_reasoning_effort("low");
/// assert_eq!(parameters.max_output_tokens, Some(500));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ModelParameters {
    /// The most tokens that it may write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// The sampling temperature. Many models refuse one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f32>,
    /// How much to think, in the provider's own word, such as `low`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<Arc<str>>,
    /// Whether it may call several tools at once, where the provider lets one say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel_tool_calls: Option<bool>,
    /// Whether the provider should keep what it has read.
    pub prompt_cache: PromptCache,
    /// Fields of the provider's own that are added to the request's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<Json>,
}

impl ModelParameters {
    /// Nothing set.
    pub fn new() -> Self {
        Self::default()
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

    /// Sets whether it may call several tools at once.
    #[must_use]
    pub fn with_parallel_tool_calls(mut self, parallel: bool) -> Self {
        self.parallel_tool_calls = Some(parallel);
        self
    }

    /// Sets whether the provider should keep what it has read.
    #[must_use]
    pub fn with_prompt_cache(mut self, cache: PromptCache) -> Self {
        self.prompt_cache = cache;
        self
    }

    /// Adds fields of the provider's own to the request's body.
    #[must_use]
    pub fn with_extra(mut self, fields: Json) -> Self {
        self.extra = Some(fields);
        self
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
    /// Whether the provider should keep what it has read.
    pub prompt_cache: PromptCache,
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
            prompt_cache: PromptCache::Auto,
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

    /// Sets everything that `parameters` holds.
    #[must_use]
    pub fn with_parameters(mut self, parameters: &ModelParameters) -> Self {
        let parameters = parameters.clone();
        self.max_output_tokens = parameters.max_output_tokens;
        self.temperature = parameters.temperature;
        self.reasoning_effort = parameters.reasoning_effort;
        self.parallel_tool_calls = parameters.parallel_tool_calls;
        self.prompt_cache = parameters.prompt_cache;
        self.extra = parameters.extra;
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

    /// Sets whether the model may call several tools at once.
    #[must_use]
    pub fn with_parallel_tool_calls(mut self, parallel: bool) -> Self {
        self.parallel_tool_calls = Some(parallel);
        self
    }

    /// Sets whether the provider should keep what it has read.
    #[must_use]
    pub fn with_prompt_cache(mut self, cache: PromptCache) -> Self {
        self.prompt_cache = cache;
        self
    }

    /// Adds fields of the provider's own to the request's body.
    #[must_use]
    pub fn with_extra(mut self, fields: Json) -> Self {
        self.extra = Some(fields);
        self
    }
}
