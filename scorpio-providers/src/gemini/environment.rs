//! Gemini, set up by variables of the environment.

use scorpio_core::model::ModelError;

use super::{Gemini, GeminiBuilder};
use crate::{environment::Environment, http::invalid};

impl Environment<'_> {
    /// Gemini, or what stands in for it.
    pub(crate) fn gemini(&self) -> Result<GeminiBuilder, ModelError> {
        let other = self.header("GEMINI_API_KEY")?;
        let key = self.header("GOOGLE_API_KEY")?.or(other);
        let key = key.ok_or_else(|| invalid("GEMINI_API_KEY is not set"))?;
        let builder = Gemini::builder().api_key(key);
        Ok(match self.get("GOOGLE_GEMINI_BASE_URL") {
            Some(url) => builder.base_url(url),
            None => builder,
        })
    }
}
