//! The error of a tool: one sentence for the model, everything for the operator.

use std::{borrow::Cow, error::Error as StdError, fmt};

type Source = Box<dyn StdError + Send + Sync + 'static>;

/// Why a tool failed.
///
/// The model reads [`ToolError::message`]. Any [`std::error::Error`] turns into one by `?`; its text then goes to the log alone,
/// because it may hold paths, hosts or secrets. Use [`ToolError::visible`] where the model should read it.
///
/// ```
/// use scorpio_core::tool::ToolError;
/// fn read() -> Result<String, ToolError> {
///     Ok(std::fs::read_to_string("/no/such/file")?)
/// }
/// assert_eq!(read().unwrap_err().message(), "The tool failed.");
/// assert_eq!(ToolError::new("There is no order 7.").message(), "There is no order 7.");
/// ```
pub struct ToolError {
    message: Cow<'static, str>,
    source: Option<Source>,
}

impl ToolError {
    /// An error that the model reads.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// An error whose text the model reads.
    pub fn visible(error: impl StdError + Send + Sync + 'static) -> Self {
        Self { message: error.to_string().into(), source: Some(Box::new(error)) }
    }

    /// Adds what caused it, for the operator.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the model reads.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What caused it.
    pub fn source(&self) -> Option<&(dyn StdError + Send + Sync + 'static)> {
        self.source.as_deref()
    }
}

impl<E: StdError + Send + Sync + 'static> From<E> for ToolError {
    fn from(error: E) -> Self {
        Self::new("The tool failed.").with_source(error)
    }
}

/// What a tool may fail with: a [`ToolError`], and every [`std::error::Error`], whose text then goes to the log alone.
#[diagnostic::on_unimplemented(
    message = "a tool cannot fail with `{Self}`",
    label = "this is no error",
    note = "use `ToolError`; `ToolError::new(text)` makes one that the model reads"
)]
pub trait IntoToolError {
    /// Turns it into the error of the tool.
    fn into_tool_error(self) -> ToolError;
}

impl<E: Into<ToolError>> IntoToolError for E {
    fn into_tool_error(self) -> ToolError {
        self.into()
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ToolError").field("message", &self.message).field("source", &self.source).finish()
    }
}
