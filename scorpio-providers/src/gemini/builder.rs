//! Setting up a provider.

use std::sync::Arc;

use reqwest::{
    Url,
    header::{AUTHORIZATION, HeaderMap, HeaderName},
};
#[cfg(doc)]
use scorpio_core::model::ModelErrorKind;
use scorpio_core::model::{ModelError, ProviderId};

use super::{Gemini, Inner};
use crate::{
    GoogleCredentials,
    google::Vertex,
    http::{Connection, connection_methods, invalid, with_path},
};

const GEMINI: &str = "https://generativelanguage.googleapis.com";

const METHOD: &str = "streamGenerateContent";

/// Where requests go.
#[derive(Debug, Clone)]
pub(super) enum Address {
    Api(Url),
    Vertex(Vertex),
}

impl Address {
    /// The address that answers for `model`, as a stream of events.
    pub(super) fn url(&self, model: &str) -> Result<Url, ModelError> {
        let mut url = match self {
            Self::Api(base) => {
                // Tuned models have names of two segments.
                let model = model.strip_prefix("models/").unwrap_or(model);
                let is_name = |name: &str| {
                    !name.is_empty() && !name.starts_with('.') && !name.contains(['?', '#', ':'])
                };
                let mut segments: Vec<&str> = model.split('/').collect();
                if segments.len() > 2 || !segments.iter().all(|name| is_name(name)) {
                    return Err(invalid(format!("`{model}` is no name of a model of Gemini")));
                }
                if segments.len() == 1 {
                    segments.insert(0, "models");
                }
                let last = segments.pop().map(|name| format!("{name}:{METHOD}")).unwrap_or_default();
                let has_version =
                    base.path().trim_end_matches('/').rsplit('/').next().is_some_and(is_version);
                let version = if has_version { None } else { Some("v1beta") };
                with_path(base, version.into_iter().chain(segments).chain([last.as_str()]))
            }
            Self::Vertex(vertex) => vertex.url("google", model, METHOD)?,
        };
        url.query_pairs_mut().append_pair("alt", "sse");
        Ok(url)
    }

    /// The address without its query, which may hold a key.
    pub(super) fn shown(&self) -> String {
        let mut url = match self {
            Self::Api(base) => base.clone(),
            Self::Vertex(vertex) => vertex.base().clone(),
        };
        url.set_query(None);
        url.into()
    }
}

/// Whether a segment of a path is a version, such as `v1beta`.
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Sets up a [`Gemini`].
///
/// ```
/// use std::time::Duration;
/// use scorpio_providers::Gemini;
/// let provider = Gemini::builder()
///     .api_key("AIza0123456789")
///     .first_token_timeout(Duration::from_secs(30))
///     .build()?;
/// assert!(!format!("{provider:?}").contains("AIza0123456789"));
/// # Ok::<(), scorpio_core::model::ModelError>(())
/// ```
#[must_use]
#[derive(Debug)]
pub struct GeminiBuilder {
    id: ProviderId,
    vertex: Option<(String, String)>,
    connection: Connection,
}

impl GeminiBuilder {
    pub(super) fn new() -> Self {
        let mut connection = Connection::new(GEMINI);
        connection.key_header = HeaderName::from_static("x-goog-api-key");
        Self { id: "gemini".into(), vertex: None, connection }
    }

    pub(super) fn vertex(project: String, location: String) -> Self {
        let mut connection = Connection::new(&Vertex::host(&location));
        connection.key_header = AUTHORIZATION;
        // Signatures of the one are worth nothing to the other, so they are not the same provider.
        Self { id: "gemini-vertex".into(), vertex: Some((project, location)), connection }
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

    /// Sets the provider's name: the part of a model's name before the colon. It is `gemini` if not set.
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the address to which `/v1beta/models/…` is added, or `/models/…` if it ends in a version. It is Google's if not set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.connection.base_url = url.into();
        self
    }

    /// Builds the provider. It opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the address, the key or a header cannot be used, or when the system has no certificates
    /// that TLS could trust.
    pub fn build(self) -> Result<Gemini, ModelError> {
        let capabilities = self.connection.capabilities;
        let (endpoint, base) = self.connection.build(HeaderMap::new())?;
        let address = match self.vertex {
            Some((project, location)) => Address::Vertex(Vertex::new(base, project, location)?),
            None => Address::Api(base),
        };
        Ok(Gemini(Arc::new(Inner { id: self.id, endpoint, address, capabilities })))
    }
}

#[cfg(test)]
mod tests;
