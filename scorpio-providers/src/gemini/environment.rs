//! Gemini, set up by variables of the environment.

use scorpio_core::model::ModelError;

use super::{Gemini, GeminiBuilder};
use crate::{
    GoogleCredentials,
    environment::{Environment, is_true},
    http::invalid,
};

/// The place on Vertex AI unless another is set.
const LOCATION: &str = "global";

impl Environment<'_> {
    /// Gemini, or what stands in for it.
    pub(crate) fn gemini(&self) -> Result<GeminiBuilder, ModelError> {
        if self.uses_vertex()? {
            return self.gemini_vertex(None);
        }
        let other = self.header("GEMINI_API_KEY")?;
        let key = self.header("GOOGLE_API_KEY")?.or(other);
        let key = key.ok_or_else(|| invalid("GEMINI_API_KEY is not set"))?;
        let builder = Gemini::builder().api_key(key);
        Ok(match self.get("GOOGLE_GEMINI_BASE_URL") {
            Some(url) => builder.base_url(url),
            None => builder,
        })
    }

    /// Gemini on Vertex AI, with these credentials or with the default ones.
    pub(crate) fn gemini_vertex(
        &self,
        credentials: Option<GoogleCredentials>,
    ) -> Result<GeminiBuilder, ModelError> {
        let credentials = credentials.map_or_else(|| self.google_credentials(), Ok)?;
        let project = self.google_project(&["GOOGLE_CLOUD_PROJECT"], Some(&credentials))?;
        let location = self.get("GOOGLE_CLOUD_LOCATION").unwrap_or_else(|| LOCATION.to_owned());
        let builder = Gemini::vertex(project, location.trim()).google_credentials(credentials);
        Ok(match self.get("GOOGLE_VERTEX_BASE_URL") {
            Some(url) => builder.base_url(url),
            None => builder,
        })
    }

    /// Whether Gemini is asked for on Vertex AI.
    pub(crate) fn uses_vertex(&self) -> Result<bool, ModelError> {
        let Some(value) = self.get("GOOGLE_GENAI_USE_VERTEXAI") else { return Ok(false) };
        match value.trim().to_ascii_lowercase().as_str() {
            _ if is_true(&value) => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(invalid("GOOGLE_GENAI_USE_VERTEXAI must be `true` or `false`")),
        }
    }
}

#[cfg(test)]
mod tests;
