//! OpenAI's Responses and Chat Completions, and every server that speaks them.

mod address;
mod builder;
pub(crate) mod chat;
mod dialect;
mod environment;
pub(crate) mod responses;

use std::{
    fmt,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use reqwest::header::HeaderMap;
#[cfg(doc)]
use scorpio_core::model::ModelErrorKind;
use scorpio_core::{
    Origin,
    model::{
        CallContext, Capabilities, LlmProvider, ModelError, ModelRequest, ModelStream, ProviderId, WireKey,
    },
};
use uuid::Uuid;

use self::{address::Address, chat::ChatAnswer, dialect::Dialect, responses::ResponsesAnswer};
pub use self::{address::OpenAiApi, builder::OpenAiBuilder, dialect::InstructionsRole};
use crate::{environment::Environment, http::Endpoint};

/// A provider that speaks OpenAI's Responses or Chat Completions: OpenAI itself, Azure, and every server compatible with them. Cloning it
/// is cheap, and clones share their connections.
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
/// - On Responses, everything that the model made goes back to it byte for byte, encrypted reasoning among it, and to no other. Nothing
///   is stored at OpenAI unless the program asks for it.
/// - On Chat Completions, reasoning is shown as it comes and is never sent back: that wire has no place for it.
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
    endpoint: Endpoint,
    address: Address,
    api: OpenAiApi,
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

    /// Azure OpenAI, at `https://RESOURCE.openai.azure.com`. Its keys are sent as `api-key`, the tokens of a
    /// [`token_source`](OpenAiBuilder::token_source) as bearer tokens.
    ///
    /// ```
    /// use scorpio_providers::OpenAi;
    /// let azure = OpenAi::azure("https://example.openai.azure.com").api_key("0123456789").build()?;
    /// # Ok::<(), scorpio_core::model::ModelError>(())
    /// ```
    pub fn azure(endpoint: impl Into<String>) -> OpenAiBuilder {
        OpenAiBuilder::azure(endpoint.into())
    }

    /// Azure OpenAI, set up as the official clients are, by these variables of the environment.
    ///
    /// | variable | |
    /// |---|---|
    /// | `AZURE_OPENAI_ENDPOINT` | the address of the resource; required |
    /// | `AZURE_OPENAI_API_KEY` | the key; this or the next is required |
    /// | `AZURE_OPENAI_AD_TOKEN` | a token of Entra |
    /// | `OPENAI_API_VERSION` | the version, for the older shape of addresses by deployment |
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when something is missing or cannot be used; the message names the variable.
    pub fn azure_from_env() -> Result<Self, ModelError> {
        Environment::process().azure()?.build()
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
        match self.0.api {
            OpenAiApi::Responses => responses::WIRE,
            OpenAiApi::ChatCompletions => chat::WIRE,
        }
    }

    async fn stream(&self, request: ModelRequest, _cx: &CallContext) -> Result<ModelStream, ModelError> {
        let Inner { id, endpoint, address, api, dialect, .. } = &*self.0;
        let (url, secrets) = (address.url(&request.model)?, Arc::clone(endpoint.secrets()));
        Ok(match api {
            OpenAiApi::Responses => {
                let origin = Origin::new(Arc::clone(id), responses::WIRE, Arc::clone(&request.model));
                let body = responses::encode(&request, *dialect, &origin)?;
                let answer = ResponsesAnswer::new(secrets);
                Box::pin(endpoint.stream(url, HeaderMap::new(), body, answer).await?)
            }
            OpenAiApi::ChatCompletions => {
                let body = chat::encode(&request, *dialect)?;
                let answer = ChatAnswer::new(seed(), secrets);
                Box::pin(endpoint.stream(url, HeaderMap::new(), body, answer).await?)
            }
        })
    }
}

impl fmt::Debug for OpenAi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { id, endpoint, address, api, .. } = &*self.0;
        f.debug_struct("OpenAi")
            .field("id", id)
            .field("url", &address.shown())
            .field("api", api)
            .field("endpoint", endpoint)
            .finish_non_exhaustive()
    }
}

/// A number that no other answer has, in this process or, most likely, in any other.
fn seed() -> u64 {
    static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(Uuid::now_v7().as_u64_pair().1));
    NEXT.fetch_add(1, Ordering::Relaxed)
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<OpenAi>();
};
