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
}
