//! Setting up a provider.

use std::{fmt, sync::Arc, time::Duration};

use reqwest::{
    Method, Request, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT},
};
use scorpio_core::model::{Capabilities, ModelError, ModelErrorKind, ProviderId};
use secrecy::{ExposeSecret, SecretString};

use super::{Dialect, Inner, InstructionsRole, OpenAi};
use crate::http::{Secrets, Timeouts, build_client};

const OPENAI: &str = "https://api.openai.com/v1";

/// Longer times are as good as none, and must not overflow the clock.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Headers that the provider sets itself.
const RESERVED: [&str; 5] = ["content-type", "content-length", "host", "transfer-encoding", "accept"];

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
pub struct OpenAiBuilder {
    id: ProviderId,
    base_url: String,
    api_key: Option<SecretString>,
    organization: Option<String>,
    project: Option<String>,
    headers: Vec<(String, SecretString)>,
    timeouts: Timeouts,
    instructions_role: Option<InstructionsRole>,
    legacy_max_tokens: bool,
    capabilities: Option<Capabilities>,
    client: Option<reqwest::Client>,
}

impl OpenAiBuilder {
    pub(super) fn new() -> Self {
        Self {
            id: "openai".into(),
            base_url: OPENAI.to_owned(),
            api_key: None,
            organization: None,
            project: None,
            headers: Vec::new(),
            timeouts: Timeouts::default(),
            instructions_role: None,
            legacy_max_tokens: false,
            capabilities: None,
            client: None,
        }
    }

    /// Sets the provider's name: the part of a model's name before the colon. It is `openai` if not set.
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the address to which `/chat/completions` is added. It is OpenAI's if not set; a query is kept.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Sets the key, which is sent as a bearer token. Without one, no token is sent.
    pub fn api_key(mut self, key: impl Into<SecretString>) -> Self {
        self.api_key = Some(key.into());
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

    /// Adds a header to every request, such as the `api-key` of a gateway. Its value is never shown. One that is added twice is sent
    /// with the last value.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<SecretString>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets how long a connection may take to be made: 5 seconds if not set. It has no effect on a client of your own.
    pub fn connect_timeout(mut self, time: Duration) -> Self {
        self.timeouts.connect = time;
        self
    }

    /// Sets how long the status line and headers may take, the connection included: 30 seconds if not set.
    pub fn headers_timeout(mut self, time: Duration) -> Self {
        self.timeouts.headers = time;
        self
    }

    /// Sets how long the first token may take after the headers: 120 seconds if not set.
    pub fn first_token_timeout(mut self, time: Duration) -> Self {
        self.timeouts.first_token = time;
        self
    }

    /// Sets how long the server may say nothing at all: 60 seconds if not set. Comments that keep the connection alive count as
    /// something.
    pub fn idle_timeout(mut self, time: Duration) -> Self {
        self.timeouts.idle = time;
        self
    }

    /// Sets how long an answer may take in all: 900 seconds if not set.
    pub fn total_timeout(mut self, time: Duration) -> Self {
        self.timeouts.total = time;
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

    /// Sets what the models can do. If not set, it is guessed from their names.
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = Some(capabilities);
        self
    }

    /// Uses a client of your own, for a proxy or for certificates of your own. It must not follow redirects, or it would carry the key
    /// to wherever a server sends it: build it with `redirect(reqwest::redirect::Policy::none())`.
    pub fn client(mut self, client: reqwest::Client) -> Self {
        self.client = Some(client);
        self
    }

    /// Builds the provider. It opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the address, the key or a header cannot be used, or when the system has no certificates
    /// that TLS could trust.
    pub fn build(self) -> Result<OpenAi, ModelError> {
        let url = endpoint(&self.base_url)?;
        let (headers, secrets) = self.all_headers()?;
        let mut template = Request::new(Method::POST, url);
        *template.headers_mut() = headers;
        let timeouts = clamped(self.timeouts);
        let client = match self.client {
            Some(client) => client,
            None => build_client(template.url(), timeouts.connect)?,
        };
        let dialect = Dialect {
            is_openai: Dialect::is_openai(template.url()),
            instructions_role: self.instructions_role,
            legacy_max_tokens: self.legacy_max_tokens,
        };
        let Self { id, capabilities, .. } = self;
        let secrets = Arc::new(secrets);
        Ok(OpenAi(Arc::new(Inner { id, client, template, secrets, timeouts, dialect, capabilities })))
    }

    fn all_headers(&self) -> Result<(HeaderMap, Secrets), ModelError> {
        let mut headers = HeaderMap::new();
        let mut secrets = Secrets::default();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("scorpio/", env!("CARGO_PKG_VERSION"))));
        if let Some(id) = &self.organization {
            headers.insert("openai-organization", value("the organization", id)?);
        }
        if let Some(id) = &self.project {
            headers.insert("openai-project", value("the project", id)?);
        }
        if let Some(key) = &self.api_key {
            let bearer = SecretString::from(format!("Bearer {}", key.expose_secret()));
            headers.insert(AUTHORIZATION, sensitive("the API key", &bearer)?);
            secrets.add(key.clone());
        }
        for (name, value) in &self.headers {
            let header = HeaderName::try_from(name.as_str())
                .map_err(|_| invalid(format!("`{name}` is no name for a header")))?;
            if RESERVED.contains(&header.as_str()) {
                return Err(invalid(format!("the header `{header}` cannot be set")));
            }
            headers.insert(header, sensitive(&format!("the header `{name}`"), value)?);
            secrets.add(value.clone());
        }
        Ok((headers, secrets))
    }
}

impl fmt::Debug for OpenAiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("OpenAiBuilder")
            .field("id", &self.id)
            .field("has_api_key", &self.api_key.is_some())
            .field("headers", &headers)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// The address of the endpoint under a base address. Errors do not repeat the address, which may hold a secret.
fn endpoint(base: &str) -> Result<Url, ModelError> {
    let mut url = Url::parse(base.trim())
        .map_err(|error| invalid(format!("the base URL cannot be read: {error}")).with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the base URL must begin with `https://` or `http://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the base URL may not hold a user name or a password; use a header"));
    }
    url.set_fragment(None);
    match url.path_segments_mut() {
        Ok(mut path) => path.pop_if_empty().extend(["chat", "completions"]),
        Err(()) => return Err(invalid("the base URL has no host")),
    };
    Ok(url)
}

fn value(what: &str, text: &str) -> Result<HeaderValue, ModelError> {
    HeaderValue::from_str(text.trim()).map_err(|_| {
        invalid(format!("{what} holds a line break or another character that a header cannot carry"))
    })
}

fn sensitive(what: &str, secret: &SecretString) -> Result<HeaderValue, ModelError> {
    let mut value = value(what, secret.expose_secret())?;
    value.set_sensitive(true);
    Ok(value)
}

fn clamped(timeouts: Timeouts) -> Timeouts {
    let Timeouts { connect, headers, first_token, idle, total } = timeouts;
    Timeouts {
        connect: connect.min(LONGEST),
        headers: headers.min(LONGEST),
        first_token: first_token.min(LONGEST),
        idle: idle.min(LONGEST),
        total: total.min(LONGEST),
    }
}

fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, message)
}

#[cfg(test)]
mod tests;
