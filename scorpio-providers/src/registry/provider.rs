//! Providers that a registry sets up: of which kind, where, and with which key.

use std::{fmt, path::PathBuf};

use serde::Deserialize;

/// The kind of a provider: which protocol it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum ProviderKind {
    /// OpenAI, and every server that speaks its protocol.
    OpenAi,
    /// Anthropic, and every server that speaks its Messages.
    Anthropic,
    /// Gemini, and every server that speaks its generateContent.
    Gemini,
    /// An Azure with models of OpenAI. Models are named by their deployments.
    Azure,
    /// An Ollama.
    Ollama,
    /// Claude on Google's Vertex AI.
    #[serde(rename = "anthropic-vertex")]
    AnthropicVertex,
    /// Gemini on Google's Vertex AI.
    #[serde(rename = "gemini-vertex")]
    GeminiVertex,
}

/// Where a key is. A key itself is never part of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeySource {
    /// A variable of the environment.
    Variable(String),
    /// A file that holds the key and nothing else. White space around it is taken off.
    File(PathBuf),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::File(path) => write!(f, "the file {}", path.display()),
        }
    }
}

/// How to set up a provider.
///
/// ```
/// use scorpio_providers::{ModelRegistry, ProviderKind, ProviderSettings, Role};
/// let groq = ProviderSettings::new(ProviderKind::OpenAi)
///     .with_base_url("https://api.groq.com/openai/v1")
///     .with_key_variable("GROQ_API_KEY");
/// let registry =
///     ModelRegistry::builder().provider("groq", groq).role(Role::Chat, "groq:openai/gpt-oss-120b").build()?;
/// // Whether the variable is set shows when the model is asked for.
/// if let Err(error) = registry.role(Role::Chat) {
///     assert!(error.to_string().contains("GROQ_API_KEY"));
/// }
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderSettings {
    /// Which protocol it speaks.
    pub kind: ProviderKind,
    /// Its address. Unset, it is that of its kind, which the environment may name.
    pub base_url: Option<String>,
    /// Where its key is. Unset, it is the variable of its kind; but with an address of its own it is sent none, so that no key reaches a
    /// server that it is not meant for.
    pub key: Option<KeySource>,
    /// How often a call is tried that fails before its answer begins, the first time among them. Unset, it is 3 times; see
    /// [`Retry`](crate::Retry).
    pub attempts: Option<u32>,
    /// The project of Google Cloud, for a provider on Vertex AI. Unset, it is that of the environment, or of the credentials.
    pub project: Option<String>,
    /// The location on Vertex AI. Unset, it is that of the environment.
    pub location: Option<String>,
    /// The file of the [credentials](crate::GoogleCredentials) for Vertex AI. Unset, they are the default ones.
    pub credentials_file: Option<PathBuf>,
}

impl ProviderSettings {
    /// A provider of this kind, set up by the environment.
    pub const fn new(kind: ProviderKind) -> Self {
        Self {
            kind,
            base_url: None,
            key: None,
            attempts: None,
            project: None,
            location: None,
            credentials_file: None,
        }
    }

    /// Sets its address.
    #[must_use]
    pub fn with_base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets the variable of the environment that holds its key.
    #[must_use]
    pub fn with_key_variable(mut self, name: impl Into<String>) -> Self {
        self.key = Some(KeySource::Variable(name.into()));
        self
    }

    /// Sets the file that holds its key.
    #[must_use]
    pub fn with_key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.key = Some(KeySource::File(path.into()));
        self
    }

    /// Sets the project and the location on Vertex AI.
    #[must_use]
    pub fn with_vertex(mut self, project: impl Into<String>, location: impl Into<String>) -> Self {
        (self.project, self.location) = (Some(project.into()), Some(location.into()));
        self
    }

    /// Sets the file of the credentials for Vertex AI.
    #[must_use]
    pub fn with_credentials_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.credentials_file = Some(path.into());
        self
    }

    /// Sets how often a call is tried that fails before its answer begins, the first time among them; 0 counts as 1.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = Some(attempts);
        self
    }
}
