//! Asks a server, and turns its answer into a stream of events or into an error. All that providers do alike over HTTP is here.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use reqwest::{
    Body, Method, Request, StatusCode, Url,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use scorpio_core::model::{ModelError, ModelErrorKind};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout};

use super::{
    Answer, Client, Clock, Decoder, Phase, ResponseStream, Secrets, Timeouts, TokenSource, Transport,
    not_sent, read_body, response_info,
};
use crate::{failure, sse::SseLimits};

/// How much of the body of an error is read, in bytes.
const ERROR_BODY: usize = 64 << 10;

/// How long the body of an error may take.
const ERROR_BODY_TIME: Duration = Duration::from_secs(10);

/// A server, with everything that is the same for each request to it.
pub(crate) struct Endpoint {
    pub(super) carrier: Carrier,
    pub(super) headers: HeaderMap,
    pub(super) token: Option<(HeaderName, Arc<dyn TokenSource>)>,
    pub(super) secrets: Arc<Secrets>,
    pub(super) timeouts: Timeouts,
}

/// What carries requests.
pub(super) enum Carrier {
    Client(Client),
    Transport(Arc<dyn Transport>),
}

/// An answer that came at once.
pub(crate) struct Fetched {
    pub(crate) headers: HeaderMap,
    /// What there is of it up to the limit.
    pub(crate) body: Vec<u8>,
}

/// The beginning of an answer.
struct Received {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

impl Endpoint {
    /// Keys that must not be shown.
    pub(crate) fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    /// Its limits of time.
    #[cfg(test)]
    pub(crate) fn timeouts(&self) -> &Timeouts {
        &self.timeouts
    }

    /// The headers that go with every request.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Posts `body` to `url`, with `more` headers, and streams what the model answers. `answer` reads it.
    pub(crate) async fn stream<A: Answer>(
        &self,
        url: Url,
        more: HeaderMap,
        body: Vec<u8>,
        answer: A,
    ) -> Result<ResponseStream<A>, ModelError> {
        let begun = Instant::now();
        let received = self.send(Method::POST, url, more, body).await?;
        let received = self.successful(received).await?;
        let decoder = match media_type(&received.headers).as_str() {
            "text/event-stream" | "" => Decoder::of_events(answer, SseLimits::default()),
            "application/json" => Decoder::of_whole_answer(answer),
            other => {
                let message = format!(
                    "the answer is of the type `{other}`, not a stream of events: is the base URL right?"
                );
                let bytes = read_body(received.body, ERROR_BODY, ERROR_BODY_TIME).await;
                return Err(failure::with_headers(answer.unexpected(message, &bytes), &received.headers));
            }
        };
        let clock = Clock::new(self.timeouts, begun);
        Ok(ResponseStream::new(received.body, decoder, clock, response_info(&received.headers)))
    }

    /// Asks `url` for something that comes at once, of at most `limit` bytes.
    pub(crate) async fn fetch(
        &self,
        method: Method,
        url: Url,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Vec<u8>, ModelError> {
        // One more than allowed tells that there is more.
        let fetched = self.exchange(method, url, HeaderMap::new(), body, limit + 1).await?;
        if fetched.body.len() > limit {
            let error =
                ModelError::new(ModelErrorKind::TooLarge, format!("the answer is larger than {limit} bytes"));
            return Err(failure::with_headers(error, &fetched.headers));
        }
        Ok(fetched.body)
    }

    /// Sends `body` to `url`, with `more` headers, and reads what is answered at once, up to `limit` bytes.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        url: Url,
        more: HeaderMap,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Fetched, ModelError> {
        let deadline = Instant::now() + self.timeouts.total;
        let received = self.send(method, url, more, body).await?;
        let Received { headers, body, .. } = self.successful(received).await?;
        let left = deadline.saturating_duration_since(Instant::now());
        Ok(Fetched { headers, body: read_body(body, limit, left).await })
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        more: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Received, ModelError> {
        let sent = async {
            let mut headers = self.headers.clone();
            headers.extend(more);
            if let Some((name, source)) = &self.token {
                let token = source.token().await?;
                headers.insert(name, authorization(name, &token)?);
                self.secrets.add_token(&token);
            }
            self.carry(method, url, headers, body).await
        };
        match timeout(self.timeouts.headers, sent).await {
            Err(_) => Err(Phase::Headers.passed(&self.timeouts)),
            Ok(received) => received,
        }
    }

    async fn carry(
        &self,
        method: Method,
        url: Url,
        headers: HeaderMap,
        body: Vec<u8>,
    ) -> Result<Received, ModelError> {
        match &self.carrier {
            Carrier::Client(client) => {
                let mut request = Request::new(method, url.clone());
                *request.headers_mut() = headers;
                *request.body_mut() = Some(body.into());
                let mut response =
                    client.execute(request).await.map_err(|error| not_sent(error, &self.timeouts))?;
                if *response.url() != url {
                    let message = "the HTTP client that was given follows redirects: build it with `redirect::Policy::none()`";
                    return Err(ModelError::new(ModelErrorKind::Configuration, message));
                }
                let headers = std::mem::take(response.headers_mut());
                Ok(Received { status: response.status(), headers, body: response.into() })
            }
            Carrier::Transport(transport) => {
                let mut request = http::Request::new(Bytes::from(body));
                *request.method_mut() = method;
                *request.uri_mut() = url.as_str().parse().map_err(|error| {
                    ModelError::new(ModelErrorKind::Configuration, "the address cannot be sent")
                        .with_source(error)
                })?;
                *request.headers_mut() = headers;
                let (head, body) = transport.send(request).await?.into_parts();
                Ok(Received { status: head.status, headers: head.headers, body: body.0 })
            }
        }
    }

    /// The answer, if the server gives one.
    async fn successful(&self, received: Received) -> Result<Received, ModelError> {
        let Received { status, headers, body } = received;
        if !status.is_success() {
            let bytes = read_body(body, ERROR_BODY, ERROR_BODY_TIME).await;
            return Err(failure::of_status(status, &headers, &bytes, &self.secrets));
        }
        // Nobody asked for it, and to unpack what a stranger packed would need limits of its own.
        if let Some(encoding) = headers.get(CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
            let message = format!("the answer is compressed ({encoding:?}), which was not asked for");
            return Err(failure::with_headers(ModelError::new(ModelErrorKind::Protocol, message), &headers));
        }
        Ok(Received { status, headers, body })
    }
}

/// Names what it is, never a value.
impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("Endpoint")
            .field("headers", &headers)
            .field("secrets", &self.secrets)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

fn authorization(name: &HeaderName, token: &SecretString) -> Result<HeaderValue, ModelError> {
    let bearer = if *name == reqwest::header::AUTHORIZATION { "Bearer " } else { "" };
    let text = format!("{bearer}{}", token.expose_secret().trim());
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        let message = "the token holds a line break or another character that a header cannot carry";
        ModelError::new(ModelErrorKind::Auth, message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The media type of a response, without parameters; empty when there is none.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}
