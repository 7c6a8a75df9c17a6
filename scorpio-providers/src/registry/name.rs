//! Names of models, as `openai:gpt-5-mini`, and which of them stand for one another.

use std::{fmt, sync::Arc};

use scorpio_core::model::{ModelError, ModelParameters};

use super::invalid;

/// The name of a model: its provider, a colon, and what the provider calls it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ModelName {
    text: Arc<str>,
    colon: usize,
}

impl ModelName {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None => Err(format!(
                "`{text}` names no provider; a model is named `provider:model`, such as `openai:gpt-5-mini`"
            )),
            Some(("", _)) => Err(format!("`{text}` names no provider before the colon")),
            Some((provider, "")) => Err(format!("`{text}` names no model of `{provider}`")),
            Some((provider, _)) => Ok(Self { text: text.into(), colon: provider.len() }),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn provider(&self) -> &str {
        self.text.get(..self.colon).unwrap_or_default()
    }

    /// What the provider calls it.
    pub(crate) fn model(&self) -> &str {
        self.text.get(self.colon + 1..).unwrap_or_default()
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A model, those that answer when it does not, and what is sent along with each call.
///
/// ```
/// use scorpio_core::model::ModelParameters;
/// use scorpio_providers::Assignment;
/// let assignment = Assignment::new("anthropic:claude-sonnet-5")
///     .or("openai:gpt-5-mini")
///     .with_parameters(ModelParameters::new().with_max_output_tokens(4_000));
/// assert_eq!(assignment.names().collect::<Vec<_>>(), ["anthropic:claude-sonnet-5", "openai:gpt-5-mini"]);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    names: Vec<Arc<str>>,
    parameters: ModelParameters,
}

impl Assignment {
    /// The model of this name, as `openai:gpt-5-mini`.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { names: vec![name.into()], parameters: ModelParameters::new() }
    }

    /// Adds a model that answers when those before it do not.
    #[must_use]
    pub fn or(mut self, name: impl Into<Arc<str>>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Sets what is sent along with each call, whichever of the models answers.
    #[must_use]
    pub fn with_parameters(mut self, parameters: ModelParameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// The names, the first choice first.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// What is sent along with each call.
    pub fn parameters(&self) -> &ModelParameters {
        &self.parameters
    }

    /// The names, read. `what` they are for stands in the error.
    pub(crate) fn parsed(&self, what: &str) -> Result<Vec<ModelName>, ModelError> {
        let parse = |name: &Arc<str>| {
            ModelName::parse(name).map_err(|wrong| invalid(format!("the model of {what}: {wrong}")))
        };
        self.names.iter().map(parse).collect()
    }
}

impl From<&str> for Assignment {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Assignment {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}
