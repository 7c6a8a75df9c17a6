//! Setting up a provider.

use std::sync::Arc;

use reqwest::header::{HeaderMap, HeaderName};
#[cfg(doc)]
use scorpio_core::model::ModelErrorKind;
use scorpio_core::model::{ModelError, ProviderId};

use super::{Address, Dialect, Inner, InstructionsRole, OpenAi, OpenAiApi};
use crate::http::{Connection, connection_methods, header_value, invalid};

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
    api: Option<OpenAiApi>,
    /// The version of an Azure of the older shape.
    azure_api_version: Option<String>,
    is_azure: bool,
    instructions_role: Option<InstructionsRole>,
    legacy_max_tokens: bool,
    reasoning_summaries: bool,
    connection: Connection,
}

impl OpenAiBuilder {
    pub(super) fn new() -> Self {
        Self {
            id: "openai".into(),
            organization: None,
            project: None,
            api: None,
            azure_api_version: None,
            is_azure: false,
            instructions_role: None,
            legacy_max_tokens: false,
            reasoning_summaries: false,
            connection: Connection::new(OPENAI),
        }
    }

    pub(super) fn azure(endpoint: String) -> Self {
        let mut connection = Connection::new(&endpoint);
        connection.key_header = HeaderName::from_static("api-key");
        Self { id: "azure".into(), is_azure: true, connection, ..Self::new() }
    }

    connection_methods!();

    /// Sets the provider's name: the part of a model's name before the colon. It is `openai` if not set.
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the address to which `/responses` or `/chat/completions` is added. It is OpenAI's if not set; a query is kept.
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

    /// Sets which API is spoken. If not set, it is Responses with OpenAI itself and with Azure, and Chat Completions with everybody else.
    pub fn api(mut self, api: OpenAiApi) -> Self {
        self.api = Some(api);
        self
    }

    /// Speaks to an Azure in the older way, by deployment and version of the API, such as `2026-05-01`. The model's name is that of the
    /// deployment, and Chat Completions are spoken unless [`api`](Self::api) says otherwise.
    pub fn azure_api_version(mut self, version: impl Into<String>) -> Self {
        self.azure_api_version = Some(version.into());
        self
    }

    /// Asks for summaries of the reasoning, which only Responses has. OpenAI refuses that to organizations that it has not verified, so it
    /// is not done unless set. Reasoning goes on from turn to turn in any case.
    pub fn reasoning_summaries(mut self, summaries: bool) -> Self {
        self.reasoning_summaries = summaries;
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
    pub fn build(mut self) -> Result<OpenAi, ModelError> {
        let headers = self.own_headers()?;
        if self.is_azure && self.connection.token.is_some() {
            // Tokens of Entra are bearer tokens; only keys have a header of their own.
            self.connection.key_header = reqwest::header::AUTHORIZATION;
        }
        let capabilities = self.connection.capabilities;
        let (endpoint, base) = self.connection.build(headers)?;
        let is_openai = Dialect::is_openai(&base);
        let is_old_azure = self.azure_api_version.is_some();
        let api = self.api.unwrap_or(match (is_openai || self.is_azure) && !is_old_azure {
            true => OpenAiApi::Responses,
            false => OpenAiApi::ChatCompletions,
        });
        let address = match &self.azure_api_version {
            Some(version) if version.trim().is_empty() => {
                return Err(invalid("the version of Azure's API is empty"));
            }
            Some(version) => Address::deployments(base, version, api),
            None if self.is_azure => Address::azure(base, api),
            None => Address::fixed(base, api),
        };
        let dialect = Dialect {
            is_openai,
            instructions_role: self.instructions_role,
            reasoning_summaries: self.reasoning_summaries,
            legacy_max_tokens: self.legacy_max_tokens,
        };
        Ok(OpenAi(Arc::new(Inner { id: self.id, endpoint, address, api, dialect, capabilities })))
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

#[cfg(test)]
mod tests;
