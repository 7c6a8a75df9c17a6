//! Where the providers of each kind are, and how they are asked which models they have.

use reqwest::header::{AUTHORIZATION, HeaderName};
use scorpio_core::model::ModelError;

use super::{KeySource, ProviderKind, ProviderSettings, invalid};
use crate::environment::{Environment, is_true};

const OPENAI: &str = "https://api.openai.com/v1";
const ANTHROPIC: &str = "https://api.anthropic.com";
const GEMINI: &str = "https://generativelanguage.googleapis.com";
const ANTHROPIC_VERSION: &str = "2026-10-21";

/// How a provider is asked which models it has. What is secret in it is not shown.
pub(crate) struct Listing {
    pub(crate) kind: ProviderKind,
    /// The address that the provider is set up with.
    pub(crate) base_url: String,
    /// What is added to it for the list of models.
    pub(crate) path: &'static [&'static str],
    /// What asks for the whole list at once.
    pub(crate) query: Option<&'static str>,
    /// A header that the provider wants.
    pub(crate) header: Option<(&'static str, &'static str)>,
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
            Self::Anthropic => &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"],
            Self::Gemini => &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
            Self::Azure => &["AZURE_OPENAI_API_KEY", "AZURE_OPENAI_AD_TOKEN"],
            Self::Ollama | Self::AnthropicVertex | Self::GeminiVertex => &[],
        }
    }
}

impl ProviderSettings {
    /// Whether it is reached on Vertex AI, with credentials in place of a key.
    pub(crate) fn is_on_vertex(&self, environment: &Environment<'_>) -> bool {
        let is_switched =
            || environment.get("GOOGLE_GENAI_USE_VERTEXAI").is_some_and(|value| is_true(&value));
        match self.kind {
            ProviderKind::AnthropicVertex | ProviderKind::GeminiVertex => true,
            ProviderKind::Gemini => self.base_url.is_none() && self.key.is_none() && is_switched(),
            _ => false,
        }
    }

    /// How a provider that is set up so is asked for its models.
    ///
    /// # Errors
    ///
    /// When its key or its address is missing or cannot be used.
    pub(crate) fn listing(&self, environment: &Environment<'_>) -> Result<Listing, ModelError> {
        let (kind, key_source) = (self.kind, self.key_source(environment));
        let key = key_source.as_ref().map(|source| source.read(environment)).transpose()?;
        let (base_url, path): (_, &[&str]) = match kind {
            ProviderKind::OpenAi => (self.address("OPENAI_BASE_URL", OPENAI, environment), &["models"]),
            ProviderKind::Anthropic => {
                let base = self.address("ANTHROPIC_BASE_URL", ANTHROPIC, environment);
                (without(&base, "/v1"), &["v1", "models"])
            }
            ProviderKind::Gemini => {
                let base = self.address("GOOGLE_GEMINI_BASE_URL", GEMINI, environment);
                (without(&base, "/v1beta"), &["v1beta", "models"])
            }
            ProviderKind::Azure => {
                let base = self.address("AZURE_OPENAI_ENDPOINT", "", environment);
                if base.is_empty() {
                    return Err(invalid("AZURE_OPENAI_ENDPOINT is not set"));
                }
                (without(&base, "/openai/v1"), &["openai", "v1", "models"])
            }
            ProviderKind::Ollama => (self.ollama_address(environment)?, &["api", "tags"]),
            ProviderKind::AnthropicVertex | ProviderKind::GeminiVertex => {
                return Err(invalid("Vertex AI has no list of the models that may be used"));
            }
        };
        let is_token =
            |source: &KeySource| *source == KeySource::Variable("AZURE_OPENAI_AD_TOKEN".to_owned());
        let key_header = match kind {
            ProviderKind::Gemini => HeaderName::from_static("x-goog-api-key"),
            ProviderKind::Azure if !key_source.as_ref().is_some_and(is_token) => {
                HeaderName::from_static("api-key")
            }
            _ => AUTHORIZATION,
        };
        let (query, header) = match kind {
            ProviderKind::Anthropic => (Some("limit=1000"), Some(("anthropic-version", ANTHROPIC_VERSION))),
            ProviderKind::Gemini => (Some("pageSize=1000"), None),
            _ => (None, None),
        };
        Ok(Listing { kind, base_url, path, query, header, key, key_header, key_source })
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

    /// The address that was set, the one in `variable`, or else the `usual` one.
    fn address(&self, variable: &str, usual: &str, environment: &Environment<'_>) -> String {
        let of_environment = || environment.get(variable);
        self.base_url.clone().or_else(of_environment).unwrap_or_else(|| usual.to_owned())
    }

    #[cfg(feature = "openai")]
    fn ollama_address(&self, environment: &Environment<'_>) -> Result<String, ModelError> {
        let url = match &self.base_url {
            Some(url) => environment.and("OLLAMA_HOST", url, |environment| environment.ollama_url())?,
            None => environment.ollama_url()?,
        };
        Ok(without(&url, "/v1"))
    }

    #[cfg(not(feature = "openai"))]
    fn ollama_address(&self, _: &Environment<'_>) -> Result<String, ModelError> {
        Err(invalid("Ollama needs the feature `openai` of scorpio-providers"))
    }
}

fn without(url: &str, end: &str) -> String {
    let url = url.trim_end_matches('/');
    url.strip_suffix(end).unwrap_or(url).to_owned()
}
