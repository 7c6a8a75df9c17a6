//! Setting up a provider.

use std::sync::Arc;

use reqwest::{Url, header::HeaderMap};
#[cfg(doc)]
use scorpio_core::model::ModelErrorKind;
use scorpio_core::model::{ModelError, ProviderId};

use super::{Dialect, Inner, InstructionsRole, OpenAi};
use crate::http::{Connection, connection_methods, header_value};

const OPENAI: &str = "https://api.openai.com/v1";

/// Sets up an [`OpenAi`].
///
/// ```
/// use std::time::Duration;
/// use scorpio_providers::OpenAi;
/// let provider = OpenAi::builder()
///     .id("gateway")
///     .base_url("https://llm.example.com/v1")
///     .api_key("sk-0123456789")
///     .header("x-team", "support")
///     .first_token_timeout(Duration::from_secs(30))
///     .build()?;
/// assert!(!format!("{provider:?}").contains("sk-0123456789"));
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
#[must_use]
#[derive(Debug)]
pub struct OpenAiBuilder {
    id: ProviderId,
    organization: Option<String>,
    project: Option<String>,
    instructions_role: Option<InstructionsRole>,
    legacy_max_tokens: bool,
    connection: Connection,
}

impl OpenAiBuilder {
    pub(super) fn new() -> Self {
        Self {
            id: "openai".into(),
            organization: None,
            project: None,
            instructions_role: None,
            legacy_max_tokens: false,
            connection: Connection::new(OPENAI),
        }
    }

    connection_methods!();

    /// Sets the provider's name: the part of a model's name before the colon. It is `openai` if not set.
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the address to which `/chat/completions` is added. It is OpenAI's if not set; a query is kept.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.connection.base_url = url.into();
        self
    }

    /// Sets the organization that is billed.
    pub fn organization(mut self, id: impl Into<String>) -> Self {
        self.organization = Some(id.into());
        self
    }

    /// Sets the project that is billed.
    pub fn project(mut self, id: impl Into<String>) -> Self {
        self.project = Some(id.into());
        self
    }

    /// Sets the role of the instructions. If not set, it is `developer` for OpenAI's own reasoning models and `system` for all others.
    pub fn instructions_role(mut self, role: InstructionsRole) -> Self {
        self.instructions_role = Some(role);
        self
    }

    /// Sends the limit of the output as `max_tokens`, which OpenAI deprecated and its reasoning models refuse, but which is the only
    /// name that some servers know.
    pub fn legacy_max_tokens(mut self, legacy: bool) -> Self {
        self.legacy_max_tokens = legacy;
        self
    }

    /// Builds the provider. It opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the address, the key or a header cannot be used, or when the system has no certificates
    /// that TLS could trust.
    pub fn build(self) -> Result<OpenAi, ModelError> {
        let headers = self.own_headers()?;
        let capabilities = self.connection.capabilities;
        let (endpoint, mut url) = self.connection.build(headers)?;
        add_path(&mut url, &["chat", "completions"]);
        let dialect = Dialect {
            is_openai: Dialect::is_openai(&url),
            instructions_role: self.instructions_role,
            legacy_max_tokens: self.legacy_max_tokens,
        };
        Ok(OpenAi(Arc::new(Inner { id: self.id, endpoint, url, dialect, capabilities })))
    }

    fn own_headers(&self) -> Result<HeaderMap, ModelError> {
        let mut headers = HeaderMap::new();
        if let Some(id) = &self.organization {
            headers.insert("openai-organization", header_value("the organization", id)?);
        }
        if let Some(id) = &self.project {
            headers.insert("openai-project", header_value("the project", id)?);
        }
        Ok(headers)
    }
}

/// Adds segments to the path of a base address.
fn add_path(url: &mut Url, segments: &[&str]) {
    // Only addresses that cannot be a base have no path, and those were refused.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
}

#[cfg(test)]
mod tests;
