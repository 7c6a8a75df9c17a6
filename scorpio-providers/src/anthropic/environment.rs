//! Anthropic, set up by variables of the environment.

use scorpio_core::model::ModelError;

use super::{Anthropic, AnthropicBuilder};
use crate::{GoogleCredentials, environment::Environment, http::invalid};

impl Environment<'_> {
    /// Anthropic, or what stands in for it.
    pub(crate) fn anthropic(&self) -> Result<AnthropicBuilder, ModelError> {
        let token = self.header("ANTHROPIC_AUTH_TOKEN")?;
        let key = self.header("ANTHROPIC_API_KEY")?.or(token);
        let key = key.ok_or_else(|| invalid("ANTHROPIC_API_KEY is not set"))?;
        let builder = Anthropic::builder().api_key(key);
        Ok(match self.get("ANTHROPIC_BASE_URL") {
            Some(url) => builder.base_url(url),
            None => builder,
        })
    }

    /// Claude on Vertex AI, with these credentials or with the default ones.
    pub(crate) fn anthropic_vertex(
        &self,
        credentials: Option<GoogleCredentials>,
    ) -> Result<AnthropicBuilder, ModelError> {
        let credentials = credentials.map_or_else(|| self.google_credentials(), Ok)?;
        let builder = self.anthropic_vertex_at(Some(&credentials))?;
        Ok(builder.google_credentials(credentials))
    }

    /// Claude on Vertex AI, which still lacks what gives it its tokens.
    pub(crate) fn anthropic_vertex_at(
        &self,
        credentials: Option<&GoogleCredentials>,
    ) -> Result<AnthropicBuilder, ModelError> {
        let variables = ["ANTHROPIC_VERTEX_PROJECT_ID", "GOOGLE_CLOUD_PROJECT"];
        let project = self.google_project(&variables, credentials)?;
        let location = self.get("CLOUD_ML_REGION").ok_or_else(|| invalid("CLOUD_ML_REGION is not set"))?;
        let builder = Anthropic::vertex(project, location.trim());
        Ok(match self.get("ANTHROPIC_VERTEX_BASE_URL") {
            // The official clients have the version of Vertex AI in it.
            Some(url) => builder.base_url(url.trim_end_matches('/').trim_end_matches("/v1")),
            None => builder,
        })
    }
}

#[cfg(test)]
mod tests;
