//! What a tool answers.

use std::any::Any;

use serde::Serialize;

use super::ToolError;
use crate::Json;

/// The answer of a tool: JSON. A JSON string is shown to the model as plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ToolOutput {
    /// The answer.
    pub json: Json,
}

impl ToolOutput {
    /// An answer in JSON.
    pub fn json(json: Json) -> Self {
        Self { json }
    }

    /// An answer in plain text.
    pub fn text(text: &str) -> Self {
        Self { json: Json::string(text) }
    }
}

/// What a tool may return: anything that serializes, or JSON that is ready.
#[diagnostic::on_unimplemented(
    message = "a tool cannot return `{Self}`",
    note = "derive `serde::Serialize` for it, or return a `String`"
)]
pub trait IntoToolOutput: Send {
    /// Turns it into the answer.
    ///
    /// # Errors
    ///
    /// When it has no JSON form.
    fn into_tool_output(self) -> Result<ToolOutput, ToolError>;
}

impl<T: Serialize + Send + 'static> IntoToolOutput for T {
    fn into_tool_output(self) -> Result<ToolOutput, ToolError> {
        // JSON that is ready goes through as it stands: serializing it again would parse and print it.
        if let Some(json) = (&self as &dyn Any).downcast_ref::<Json>() {
            return Ok(ToolOutput::json(json.clone()));
        }
        let json = Json::new(&self).map_err(|error| {
            ToolError::new("The tool's answer could not be written as JSON.").with_source(error)
        })?;
        Ok(ToolOutput::json(json))
    }
}
