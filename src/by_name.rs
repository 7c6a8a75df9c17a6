//! Models by name.

use scorpio_core::{AgentBuilder, Result, model::Model};

/// The model called `provider:name`.
///
/// | name | is | needs |
/// |---|---|---|
/// | `scripted:demo` | [`Demo`](crate::model::Demo) | nothing |
/// | `openai:…` | any model of OpenAI, or of a server that speaks its protocol | `OPENAI_API_KEY`; `OPENAI_BASE_URL` for other servers |
/// | `anthropic:…` | any model of Anthropic | `ANTHROPIC_API_KEY` |
/// | `gemini:…` | any model of Gemini | `GEMINI_API_KEY` or `GOOGLE_API_KEY` |
/// | `azure:…` | a deployment of an Azure | `AZURE_OPENAI_ENDPOINT` and `AZURE_OPENAI_API_KEY` |
/// | `anthropic:…` | any model of Anthropic | `ANTHROPIC_API_KEY` |
/// | `gemini:…` | any model of Gemini | `GEMINI_API_KEY` |
/// | `ollama:…` | any model of a local Ollama | Ollama at `OLLAMA_HOST`, or where it usually is |
///
/// ```
/// assert_eq!(scorpio::model("scripted:demo")?.to_string(), "scripted:demo");
/// assert!(scorpio::model("nobody:nothing").is_err());
/// # Ok::<(), scorpio::ScorpioError>(())
/// ```
///
/// # Errors
///
/// When there is no such provider, or it is not set up; the error says what is missing.
pub fn model(name: &str) -> Result<Model> {
    #[cfg(any(feature = "openai", feature = "anthropic", feature = "gemini"))]
    return Ok(scorpio_providers::model(name)?);
    #[cfg(not(any(feature = "openai", feature = "anthropic", feature = "gemini")))]
    return Ok(scorpio_core::model::builtin(name)?);
}

/// Adds models by name to the builder of an agent.
pub trait ModelByName: Sized {
    /// Sets the model to the one that [`model()`] finds by this name.
    ///
    /// ```
    /// use scorpio::prelude::*;
    /// let agent = Agent::builder("demo").model("scripted:demo")?.build()?;
    /// # Ok::<(), ScorpioError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`model()`].
    fn model(self, name: &str) -> Result<Self>;
}

impl ModelByName for AgentBuilder {
    fn model(self, name: &str) -> Result<Self> {
        Ok(self.with_model(model(name)?))
    }
}
