//! Setting up the way to a server: the part of a provider's builder that is the same for all.

use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use reqwest::{
    Client, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT},
};
use scorpio_core::model::{Capabilities, ModelError, ModelErrorKind};
use secrecy::{ExposeSecret, SecretString};

use super::{Endpoint, Secrets, Timeouts, TokenSource, Transport, build_client, endpoint::Carrier};

/// Longer times are as good as none, and must not overflow the clock.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);

/// Headers that the provider sets itself.
const RESERVED: [&str; 5] = ["content-type", "content-length", "host", "transfer-encoding", "accept"];

/// How a server is reached. Errors come out at [`Connection::build`] alone.
pub(crate) struct Connection {
    pub(crate) base_url: String,
    pub(crate) api_key: Option<SecretString>,
    /// The header that carries the key: as a bearer token if it is `authorization`, as it is otherwise.
    pub(crate) key_header: HeaderName,
    pub(crate) token: Option<Arc<dyn TokenSource>>,
    pub(crate) headers: Vec<(String, SecretString)>,
    pub(crate) timeouts: Timeouts,
    pub(crate) capabilities: Option<Capabilities>,
    pub(crate) client: Option<Client>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
}

impl Connection {
    pub(crate) fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.to_owned(),
            api_key: None,
            key_header: AUTHORIZATION,
            token: None,
            headers: Vec::new(),
            timeouts: Timeouts::default(),
            capabilities: None,
            client: None,
            transport: None,
        }
    }

    /// The endpoint, with `more` headers, and the base address.
    pub(crate) fn build(self, more: HeaderMap) -> Result<(Endpoint, Url), ModelError> {
        let url = base_url(&self.base_url)?;
        let (headers, secrets) = self.all_headers(more)?;
        let timeouts = clamped(self.timeouts);
        let carrier = match (self.transport, self.client) {
            (Some(transport), _) => Carrier::Transport(transport),
            (None, Some(client)) => Carrier::Client(client),
            (None, None) => Carrier::Client(build_client(&url, timeouts.connect)?),
        };
        let token = self.token.map(|token| (self.key_header, token));
        let secrets = Arc::new(secrets);
        Ok((Endpoint { carrier, headers, token, secrets, timeouts }, url))
    }

    fn all_headers(&self, more: HeaderMap) -> Result<(HeaderMap, Secrets), ModelError> {
        let mut headers = more;
        let mut secrets = Secrets::default();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("text/event-stream, application/json"));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("scorpio/", env!("CARGO_PKG_VERSION"))));
        if let Some(key) = &self.api_key {
            let bearer = if self.key_header == AUTHORIZATION { "Bearer " } else { "" };
            let value = SecretString::from(format!("{bearer}{}", key.expose_secret().trim()));
            headers.insert(self.key_header.clone(), sensitive("the API key", &value)?);
            secrets.add(key);
        }
        for (name, value) in &self.headers {
            let header = HeaderName::try_from(name.as_str())
                .map_err(|_| invalid(format!("`{name}` is no name for a header")))?;
            if RESERVED.contains(&header.as_str()) {
                return Err(invalid(format!("the header `{header}` cannot be set")));
            }
            headers.insert(header, sensitive(&format!("the header `{name}`"), value)?);
            secrets.add(value);
        }
        Ok((headers, secrets))
    }
}

/// Tells what is set, and no value that may be secret.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Connection")
            .field("has_api_key", &self.api_key.is_some())
            .field("headers", &headers)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// Gives a builder that has a field `connection` the methods that all of them share.
macro_rules! connection_methods {
    () => {
        /// Sets the key. Its value is never shown.
        pub fn api_key(mut self, key: impl Into<secrecy::SecretString>) -> Self {
            self.connection.api_key = Some(key.into());
            self
        }

        /// Asks `source` for the key before each request, in place of [`api_key`](Self::api_key).
        pub fn token_source(mut self, source: impl crate::TokenSource) -> Self {
            self.connection.token = Some(std::sync::Arc::new(source));
            self
        }

        /// Adds a header to every request. Its value is never shown. One that is added twice is sent with the last value.
        pub fn header(mut self, name: impl Into<String>, value: impl Into<secrecy::SecretString>) -> Self {
            self.connection.headers.push((name.into(), value.into()));
            self
        }

        /// Sets how long a connection may take to be made: 5 seconds if not set. It has no effect on a client of your own.
        pub fn connect_timeout(mut self, time: std::time::Duration) -> Self {
            self.connection.timeouts.connect = time;
            self
        }

        /// Sets how long the status line and headers may take, the connection included: 30 seconds if not set.
        pub fn headers_timeout(mut self, time: std::time::Duration) -> Self {
            self.connection.timeouts.headers = time;
            self
        }

        /// Sets how long the first token may take after the headers: 120 seconds if not set.
        pub fn first_token_timeout(mut self, time: std::time::Duration) -> Self {
            self.connection.timeouts.first_token = time;
            self
        }

        /// Sets how long the server may say nothing at all: 60 seconds if not set. Comments that keep the connection alive count as
        /// something.
        pub fn idle_timeout(mut self, time: std::time::Duration) -> Self {
            self.connection.timeouts.idle = time;
            self
        }

        /// Sets how long an answer may take in all: 900 seconds if not set.
        pub fn total_timeout(mut self, time: std::time::Duration) -> Self {
            self.connection.timeouts.total = time;
            self
        }

        /// Sets what the models can do. If not set, it is guessed from their names.
        pub fn capabilities(mut self, capabilities: scorpio_core::model::Capabilities) -> Self {
            self.connection.capabilities = Some(capabilities);
            self
        }

        /// Uses a client of your own, for a proxy or for certificates of your own. It must not follow redirects, or it would carry the
        /// key to wherever a server sends it: build it with `redirect(reqwest::redirect::Policy::none())`.
        pub fn client(mut self, client: reqwest::Client) -> Self {
            self.connection.client = Some(client);
            self
        }

        /// Sends requests by something else than HTTP, such as a server in the memory of a test.
        pub fn transport(mut self, transport: impl crate::Transport) -> Self {
            self.connection.transport = Some(std::sync::Arc::new(transport));
            self
        }
    };
}
pub(crate) use connection_methods;

/// A base address. Errors do not repeat it, as it may hold a secret.
pub(crate) fn base_url(base: &str) -> Result<Url, ModelError> {
    let mut url = Url::parse(base.trim())
        .map_err(|error| invalid(format!("the base URL cannot be read: {error}")).with_source(error))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid("the base URL must begin with `https://` or `http://`"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("the base URL may not hold a user name or a password; use a header"));
    }
    if url.cannot_be_a_base() {
        return Err(invalid("the base URL has no host"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// An address with segments added to its path.
pub(crate) fn with_path<'a>(base: &Url, segments: impl IntoIterator<Item = &'a str>) -> Url {
    let mut url = base.clone();
    // Only addresses that cannot be a base have no path, and those were refused.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

/// The value of a header that is no secret. `what` names it in the error.
pub(crate) fn header_value(what: &str, text: &str) -> Result<HeaderValue, ModelError> {
    HeaderValue::from_str(text.trim()).map_err(|_| {
        invalid(format!("{what} holds a line break or another character that a header cannot carry"))
    })
}

/// An error in how a provider is set up.
pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> ModelError {
    ModelError::new(ModelErrorKind::Configuration, message)
}

fn sensitive(what: &str, secret: &SecretString) -> Result<HeaderValue, ModelError> {
    let mut value = header_value(what, secret.expose_secret())?;
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
