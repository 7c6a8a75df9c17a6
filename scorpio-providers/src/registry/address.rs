//! Where the providers of each kind are, and how they are asked which models they have.

use reqwest::header::{AUTHORIZATION, HeaderName};
use scorpio_core::model::ModelError;

use super::{KeySource, ProviderKind, ProviderSettings};
use crate::environment::Environment;

const OPENAI: &str = "https://api.openai.com/v1";

/// How a provider is asked which models it has. What is secret in it is not shown.
pub(crate) struct Listing {
    pub(crate) kind: ProviderKind,
    /// The address that the provider is set up with.
    pub(crate) base_url: String,
    /// What is added to it for the list of models.
    pub(crate) path: &'static [&'static str],
    pub(crate) key: Option<String>,
    pub(crate) key_header: HeaderName,
    /// Where the key was found, as a person would say it.
    pub(crate) key_source: Option<KeySource>,
}

impl ProviderKind {
    /// The variables that may hold the key, the first of them the one to recommend.
    pub(crate) const fn key_variables(self) -> &'static [&'static str] {
        match self {
            Self::OpenAi => &["OPENAI_API_KEY"],
            Self::Ollama => &[],
        }
    }
}

impl ProviderSettings {
    /// How a provider that is set up so is asked for its models.
    ///
    /// # Errors
    ///
    /// When its key or its address is missing or cannot be used.
    pub(crate) fn listing(&self, environment: &Environment<'_>) -> Result<Listing, ModelError> {
        let (kind, key_source) = (self.kind, self.key_source(environment));
        let key = key_source.as_ref().map(|source| source.read(environment)).transpose()?;
        let (base_url, path, key_header): (_, &[&str], _) = match kind {
            ProviderKind::OpenAi => (self.openai_address(environment), &["models"], AUTHORIZATION),
            ProviderKind::Ollama => (self.ollama_address(environment)?, &["api", "tags"], AUTHORIZATION),
        };
        Ok(Listing { kind, base_url, path, key, key_header, key_source })
    }

    /// Where the key is looked for.
    fn key_source(&self, environment: &Environment<'_>) -> Option<KeySource> {
        if self.key.is_some() || self.base_url.is_some() {
            return self.key.clone();
        }
        let variables = self.kind.key_variables();
        let set = variables.iter().find(|variable| environment.get(variable).is_some());
        set.or(variables.first()).map(|variable| KeySource::Variable((*variable).to_owned()))
    }

    fn openai_address(&self, environment: &Environment<'_>) -> String {
        let of_environment = || environment.get("OPENAI_BASE_URL");
        self.base_url.clone().or_else(of_environment).unwrap_or_else(|| OPENAI.to_owned())
    }

    #[cfg(feature = "openai")]
    fn ollama_address(&self, environment: &Environment<'_>) -> Result<String, ModelError> {
        let url = match &self.base_url {
            Some(url) => environment.and("OLLAMA_HOST", url, |environment| environment.ollama_url())?,
            None => environment.ollama_url()?,
        };
        Ok(url.strip_suffix("/v1").unwrap_or(&url).to_owned())
    }

    #[cfg(not(feature = "openai"))]
    fn ollama_address(&self, _: &Environment<'_>) -> Result<String, ModelError> {
        Err(super::invalid("Ollama needs the feature `openai` of scorpio-providers"))
    }
}
