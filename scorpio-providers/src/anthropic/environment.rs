//! Anthropic, set up by variables of the environment.

use scorpio_core::model::ModelError;

use super::{Anthropic, AnthropicBuilder};
use crate::{environment::Environment, http::invalid};

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

    /// Claude on Vertex AI, which still lacks what gives it its tokens.
    pub(crate) fn anthropic_vertex(&self) -> Result<AnthropicBuilder, ModelError> {
        let of = |name: &str| self.get(name).ok_or_else(|| invalid(format!("{name} is not set")));
        let builder = Anthropic::vertex(of("ANTHROPIC_VERTEX_PROJECT_ID")?, of("CLOUD_ML_REGION")?);
        Ok(match self.get("ANTHROPIC_VERTEX_BASE_URL") {
            // The official clients have the version of Vertex AI in it.
            Some(url) => builder.base_url(url.trim_end_matches('/').trim_end_matches("/v1")),
            None => builder,
        })
    }
}

#[cfg(test)]
mod tests;
