//! OpenAI's Chat Completions, and every server that speaks it.

mod answer;
mod builder;
mod chunk;
mod decoder;
mod dialect;
mod environment;
mod failure;
mod message;
mod request;
mod schema;
mod stream;
mod usage;

use std::{
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use reqwest::{
    Request, Response, Url,
    header::{CONTENT_TYPE, HeaderMap},
};
use scorpio_core::model::{
    CallContext, Capabilities, LlmProvider, ModelError, ModelErrorKind, ModelRequest, ModelStream,
    ProviderId, WireKey,
};
use tokio::time::{Instant, timeout};
use uuid::Uuid;

pub(crate) use self::environment::Environment;
use self::{
    answer::Answer,
    decoder::Decoder,
    dialect::Dialect,
    stream::{Clock, ResponseStream},
};
pub use self::{builder::OpenAiBuilder, dialect::InstructionsRole};
use crate::{
    http::{Client, Phase, Secrets, Timeouts, not_sent, read_body},
    sse::SseLimits,
};

/// The name of the wire.
const WIRE: WireKey = "openai-chat";

/// How much of the body of an error is read, in bytes.
const ERROR_BODY: usize = 64 << 10;

/// How long the body of an error may take.
const ERROR_BODY_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// A provider that speaks OpenAI's Chat Completions: OpenAI itself, and every server compatible with it. Cloning it is cheap, and
/// clones share their connections.
///
/// ```no_run
/// use scorpio_core::model::{self, CallContext, Model, ModelRequest, Transcript};
/// use scorpio_core::Message;
/// use scorpio_providers::OpenAi;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), model::ModelError> {
/// let openai = OpenAi::from_env()?;
/// let request = ModelRequest::new("gpt-5-mini", Transcript::from_iter([Message::user("What is 2 + 40?")]));
/// let answer = model::complete(&openai, request, &CallContext::new()).await?;
/// println!("{}", answer.text());
/// # Ok(()) }
/// ```
///
/// # What goes over the wire
///
/// - Requests always stream. The JSON of each message and of the tools is written once and kept beside them.
/// - Reasoning is shown as it comes and is never sent back: this wire has no place for it.
/// - Redirects are never followed, so a key only ever goes to the address that was set.
/// - An answer that ends without a reason to finish is [`Truncated`](ModelErrorKind::Truncated), whatever came before.
/// - Nothing is retried here; errors tell [whether](ModelError::is_retryable) and [when](ModelError::retry_after) another try makes
///   sense.
///
/// # Limits
///
/// | what | limit | error |
/// |---|---|---|
/// | one event of the stream | 8 MiB | [`TooLarge`](ModelErrorKind::TooLarge) |
/// | the whole stream | 64 MiB | `TooLarge` |
/// | an answer sent at once by a server that does not stream | 32 MiB | `TooLarge` |
/// | tool calls in one answer | 1,024 | `TooLarge` |
/// | the body of an error | 64 KiB are read, 8 KiB kept | |
/// | connecting | 5 s | [`Timeout`](ModelErrorKind::Timeout) |
/// | status line and headers | 30 s | `Timeout` |
/// | the first token after them | 120 s | `Timeout` |
/// | between two pieces | 60 s | `Timeout` |
/// | everything | 900 s | `Timeout` |
///
/// The times can be set with [`OpenAi::builder`]. They need a Tokio runtime whose timer is enabled.
#[derive(Clone)]
pub struct OpenAi(Arc<Inner>);

struct Inner {
    id: ProviderId,
    client: Client,
    /// A request that lacks its body: its address and headers are checked and parsed once.
    template: Request,
    secrets: Arc<Secrets>,
    timeouts: Timeouts,
    dialect: Dialect,
    capabilities: Option<Capabilities>,
}

impl OpenAi {
    /// A provider that is set up by hand.
    ///
    /// ```
    /// use scorpio_providers::OpenAi;
    /// let groq = OpenAi::builder()
    ///     .id("groq")
    ///     .base_url("https://api.groq.com/openai/v1")
    ///     .api_key("gsk_0123456789")
    ///     .build()?;
    /// # Ok::<(), scorpio_core::model::ModelError>(())
    /// ```
    pub fn builder() -> OpenAiBuilder {
        OpenAiBuilder::new()
    }

    /// OpenAI, set up as its official clients are, by these variables of the environment. One that is empty counts as not set.
    ///
    /// | variable | |
    /// |---|---|
    /// | `OPENAI_API_KEY` | the key; required |
    /// | `OPENAI_BASE_URL` | the address, `https://api.openai.com/v1` if not set |
    /// | `OPENAI_ORG_ID` | the organization, sent as `OpenAI-Organization` |
    /// | `OPENAI_PROJECT_ID` | the project, sent as `OpenAI-Project` |
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the key is missing or a value cannot be used; the message names the variable.
    pub fn from_env() -> Result<Self, ModelError> {
        Environment::process().openai()?.build()
    }

    /// An Ollama, at `http://127.0.0.1:11434` or where `OLLAMA_HOST` says, in the forms that Ollama itself takes: `host`,
    /// `host:port`, `:port`, with or without `http://` or `https://` before it.
    ///
    /// Ollama loads a model when it is first asked for it, so the headers and the first token may take five minutes each.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when `OLLAMA_HOST` is no address.
    pub fn ollama() -> Result<Self, ModelError> {
        Environment::process().ollama()?.build()
    }

    async fn send(&self, body: Vec<u8>) -> Result<Response, ModelError> {
        let Inner { client, template, timeouts, .. } = &*self.0;
        let mut request = template
            .try_clone()
            .ok_or_else(|| ModelError::new(ModelErrorKind::Configuration, "the request cannot be copied"))?;
        *request.body_mut() = Some(body.into());
        match timeout(timeouts.headers, client.execute(request)).await {
            Err(_) => Err(Phase::Headers.passed(timeouts)),
            Ok(Err(error)) => Err(not_sent(error, timeouts)),
            Ok(Ok(response)) => Ok(response),
        }
    }

    /// Checks that the response is an answer, and prepares to read it.
    async fn open(&self, mut response: Response, begun: Instant) -> Result<ResponseStream, ModelError> {
        let Inner { template, timeouts, secrets, .. } = &*self.0;
        let headers = std::mem::take(response.headers_mut());
        if response.url() != template.url() {
            let message =
                "the HTTP client that was given follows redirects: build it with `redirect::Policy::none()`";
            return Err(ModelError::new(ModelErrorKind::Configuration, message));
        }
        let status = response.status();
        if !status.is_success() {
            let bytes = read_body(response.into(), ERROR_BODY, ERROR_BODY_TIME).await;
            return Err(failure::of_status(status, &headers, &bytes, secrets));
        }
        let answer = Answer::new(seed(), Arc::clone(secrets));
        let decoder = match media_type(&headers).as_str() {
            "text/event-stream" | "" => Decoder::of_events(answer, SseLimits::default()),
            "application/json" => Decoder::of_whole_answer(answer),
            other => {
                let message = format!(
                    "the answer is of the type `{other}`, not a stream of events: is the base URL right?"
                );
                let bytes = read_body(response.into(), ERROR_BODY, ERROR_BODY_TIME).await;
                return Err(failure::with_headers(answer.unexpected(message, &bytes), &headers));
            }
        };
        let clock = Clock::new(*timeouts, begun);
        Ok(ResponseStream::new(response.into(), decoder, clock, failure::request_id(&headers)))
    }
}

#[async_trait]
impl LlmProvider for OpenAi {
    fn id(&self) -> &ProviderId {
        &self.0.id
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.0.capabilities.unwrap_or_else(|| self.0.dialect.capabilities(model))
    }

    fn wire(&self, _model: &str) -> WireKey {
        WIRE
    }

    async fn stream(&self, request: ModelRequest, _cx: &CallContext) -> Result<ModelStream, ModelError> {
        let begun = Instant::now();
        let body = request::encode(&request, self.0.dialect)?;
        let response = self.send(body).await?;
        let stream = self.open(response, begun).await?;
        Ok(Box::pin(stream))
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { id, template, secrets, timeouts, .. } = &*self.0;
        let headers: Vec<&str> = template.headers().keys().map(|name| name.as_str()).collect();
        f.debug_struct("OpenAi")
            .field("id", id)
            .field("url", &without_query(template.url()))
            .field("headers", &headers)
            .field("secrets", secrets)
            .field("timeouts", timeouts)
            .finish_non_exhaustive()
    }
}

/// A query may hold a key.
fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.into()
}

/// A number that no other answer has, in this process or, most likely, in any other.
fn seed() -> u64 {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(Uuid::now_v7().as_u64_pair().1));
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The media type of a response, without parameters; empty when there is none.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = value.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<OpenAi>();
};
