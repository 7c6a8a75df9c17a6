//! Setting up a provider.

use std::sync::Arc;

use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderMap, HeaderName},
};
#[cfg(doc)]
use scorpio_core::model::ModelErrorKind;
use scorpio_core::model::{ModelError, ProviderId};

use super::{Anthropic, Inner};
use crate::{
    GoogleCredentials,
    google::Vertex,
    http::{Connection, connection_methods, header_value, with_path},
};

const ANTHROPIC: &str = "https://api.anthropic.com";

/// The newest version of the API, which the official clients send.
const VERSION: &str = "2026-10-21";

/// The version that Vertex AI wants, in the body.
const VERTEX_VERSION: &str = "vertex-2023-10-16";

/// How the key is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnthropicAuth {
    /// As `Authorization: Bearer`, as the official clients of today do.
    #[default]
    Bearer,
    /// As `x-api-key`, which older servers know alone.
    ApiKey,
}

/// Where requests go.
#[derive(Debug, Clone)]
pub(super) enum Address {
    Api(Url),
    Vertex(Vertex),
}

impl Address {
    pub(super) fn is_vertex(&self) -> bool {
        matches!(self, Self::Vertex(_))
    }

    /// The address that answers for `model`.
    pub(super) fn url(&self, model: &str) -> Result<Url, ModelError> {
        match self {
            Self::Api(url) => Ok(url.clone()),
            Self::Vertex(vertex) => vertex.url("anthropic", model, "streamRawPredict"),
        }
    }

    /// The address without its query, which may hold a key.
    pub(super) fn shown(&self) -> String {
        let mut url = match self {
            Self::Api(url) => url.clone(),
            Self::Vertex(vertex) => vertex.base().clone(),
        };
        url.set_query(None);
        url.into()
    }
}

/// Sets up an [`Anthropic`].
///
/// ```
/// use std::time::Duration;
/// use scorpio_providers::{Anthropic, AnthropicAuth};
/// let provider = Anthropic::builder()
///     .base_url("https://llm.example.com")
///     .api_key("sk-ant-0123456789")
///     .auth(AnthropicAuth::ApiKey)
///     .version("2023-06-01")
///     .first_token_timeout(Duration::from_secs(30))
///     .build()?;
/// assert!(!format!("{provider:?}").contains("sk-ant-0123456789"));
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
#[must_use]
#[derive(Debug)]
pub struct AnthropicBuilder {
    id: ProviderId,
    vertex: Option<(String, String)>,
    auth: AnthropicAuth,
    version: String,
    betas: Vec<String>,
    max_output_tokens: Option<u32>,
    strict_tools: bool,
    drop_unbound_thinking: bool,
    connection: Connection,
}

impl AnthropicBuilder {
    pub(super) fn new() -> Self {
        Self {
            id: "anthropic".into(),
            vertex: None,
            auth: AnthropicAuth::default(),
            version: VERSION.to_owned(),
            betas: Vec::new(),
            max_output_tokens: None,
            strict_tools: false,
            drop_unbound_thinking: true,
            connection: Connection::new(ANTHROPIC),
        }
    }

    pub(super) fn vertex(project: String, location: String) -> Self {
        let host = Vertex::host(&location);
        Self {
            id: "anthropic-vertex".into(),
            vertex: Some((project, location)),
            version: VERTEX_VERSION.to_owned(),
            connection: Connection::new(&host),
            ..Self::new()
        }
    }

    connection_methods!();

    /// Gives the tokens for Vertex AI, and names the project whose quota is used, if the credentials name one.
    pub fn google_credentials(self, credentials: GoogleCredentials) -> Self {
        let quota_project = credentials.quota_project_id().map(str::to_owned);
        let builder = self.token_source(credentials);
        match quota_project {
            Some(project) => builder.header("x-goog-user-project", project),
            None => builder,
        }
    }

    /// Sets the provider's name: the part of a model's name before the colon. It is `anthropic` if not set.
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the address to which `/v1/messages` is added. It is Anthropic's if not set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.connection.base_url = url.into();
        self
    }

    /// Sets how the key is sent: as a bearer token if not set.
    pub fn auth(mut self, auth: AnthropicAuth) -> Self {
        self.auth = auth;
        self
    }

    /// Sets the version of the API: `2026-10-21` if not set. From that version on, sampling parameters are refused, so a temperature is
    /// left out with a warning.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = version.into();
        self
    }

    /// Asks for a beta of the API. There may be several.
    pub fn beta(mut self, beta: impl Into<String>) -> Self {
        self.betas.push(beta.into());
        self
    }

    /// Sets the most tokens of an answer to a request that does not say. The API wants a limit; if not set, it depends on the model: 32,000
    /// for those since Claude 3.7, 8,192 for Claude 3.5, and 4,096 for older ones.
    pub fn max_output_tokens(mut self, tokens: u32) -> Self {
        self.max_output_tokens = Some(tokens);
        self
    }

    /// Sends the first 20 tools in strict mode, in which a model cannot but keep to their schemas: as many as a request may have. A tool whose
    /// schema strict mode cannot express is sent without. It is off unless set, for an argument that may be left out must then be taken as
    /// `null` as well.
    pub fn strict_tools(mut self, strict: bool) -> Self {
        self.strict_tools = strict;
        self
    }

    /// Sets what happens when the API refuses thinking because the conversation before it has changed, as after other instructions or
    /// tools: the request is sent once more, and the API is told to drop such thinking. It is so unless set.
    pub fn drop_unbound_thinking(mut self, drop: bool) -> Self {
        self.drop_unbound_thinking = drop;
        self
    }

    /// Builds the provider. It opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the address, the key or a header cannot be used, or when the system has no certificates
    /// that TLS could trust.
    pub fn build(mut self) -> Result<Anthropic, ModelError> {
        let mut headers = HeaderMap::new();
        if self.vertex.is_none() {
            headers.insert("anthropic-version", header_value("the version", &self.version)?);
        }
        if !self.betas.is_empty() {
            headers.insert("anthropic-beta", header_value("a beta", &self.betas.join(","))?);
        }
        self.connection.key_header = match self.auth {
            AnthropicAuth::Bearer => AUTHORIZATION,
            AnthropicAuth::ApiKey => HeaderName::from_static("x-api-key"),
        };
        let capabilities = self.connection.capabilities;
        let (endpoint, base) = self.connection.build(headers)?;
        let address = match self.vertex {
            Some((project, location)) => Address::Vertex(Vertex::new(base, project, location)?),
            None => Address::Api(messages_url(&base)),
        };
        Ok(Anthropic(Arc::new(Inner {
            id: self.id,
            endpoint,
            address,
            version: self.version,
            max_output_tokens: self.max_output_tokens,
            strict_tools: self.strict_tools,
            drop_unbound_thinking: self.drop_unbound_thinking,
            capabilities,
        })))
    }
}

/// Some write the version into the base address, as they do for other providers.
fn messages_url(base: &Url) -> Url {
    let has_version = base.path().trim_end_matches('/').ends_with("/v1");
    let path: &[&str] = if has_version { &["messages"] } else { &["v1", "messages"] };
    with_path(base, path.iter().copied())
}

#[cfg(test)]
mod tests;
