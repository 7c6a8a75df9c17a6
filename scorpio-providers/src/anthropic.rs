//! Anthropic's Messages, by Anthropic itself and on Vertex AI.

mod answer;
mod builder;
mod environment;
mod event;
mod message;
mod models;
mod request;
mod usage;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use reqwest::header::{HeaderMap, HeaderValue};
use scorpio_core::{
    Origin,
    model::{
        CallContext, Capabilities, LlmProvider, ModelError, ModelErrorKind, ModelRequest, ModelStream,
        ProviderId, WireKey,
    },
};

pub(crate) use self::answer::MessagesAnswer;
use self::builder::Address;
pub use self::builder::{AnthropicAuth, AnthropicBuilder};
use crate::{
    TokenSource,
    environment::Environment,
    http::{Endpoint, ResponseStream},
};

/// The name of the wire.
const WIRE: WireKey = "anthropic-messages";

/// What the API says of thinking whose conversation has changed before it.
const UNBOUND: &str = "bound to a different conversation";

/// The beta in which it can be told to drop such thinking.
const BINDING_CONTROLS: &str = "thinking-binding-controls-2026-08-01";

/// A provider that speaks Anthropic's Messages. Cloning it is cheap, and clones share their connections.
///
/// ```no_run
/// use scorpio_core::model::{self, CallContext, ModelRequest, Transcript};
/// use scorpio_core::Message;
/// use scorpio_providers::Anthropic;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), model::ModelError> {
/// let anthropic = Anthropic::from_env()?;
/// let request = ModelRequest::new("claude-sonnet-5-5", Transcript::from_iter([Message::user("What is 2 + 40?")]));
/// let answer = model::complete(&anthropic, request, &CallContext::new()).await?;
/// println!("{}", answer.text());
/// # Ok(()) }
/// ```
///
/// # What goes over the wire
///
/// - Requests always stream. The JSON of each message and of the tools is written once and kept beside them, so that what was sent once
///   is sent again byte for byte: thinking is bound to everything before it.
/// - Thinking, redacted thinking and the blocks of tools that Anthropic runs itself go back unmodified and in their order, to the model
///   that made them and to no other.
/// - Sampling parameters are not sent unless they are set, and not at all with an API version that refuses them.
/// - An answer without `message_stop` is [`Truncated`](ModelErrorKind::Truncated), whatever came before.
/// - Redirects are never followed, and nothing is retried here, but for thinking that has lost its conversation: see
///   [`AnthropicBuilder::drop_unbound_thinking`].
///
/// Limits of size and time are those of [`OpenAi`](crate::OpenAi).
#[derive(Clone)]
pub struct Anthropic(Arc<Inner>);

struct Inner {
    id: ProviderId,
    endpoint: Endpoint,
    address: Address,
    version: String,
    max_output_tokens: Option<u32>,
    strict_tools: bool,
    drop_unbound_thinking: bool,
    capabilities: Option<Capabilities>,
}

impl Anthropic {
    /// A provider that is set up by hand.
    ///
    /// ```
    /// use scorpio_providers::Anthropic;
    /// let anthropic = Anthropic::builder().api_key("sk-ant-0123456789").build()?;
    /// # Ok::<(), scorpio_core::model::ModelError>(())
    /// ```
    pub fn builder() -> AnthropicBuilder {
        AnthropicBuilder::new()
    }

    /// Claude on Vertex AI, in `location` of a Google Cloud project. The builder needs
    /// [`google_credentials`](AnthropicBuilder::google_credentials), or a [`token_source`](AnthropicBuilder::token_source) of your own.
    pub fn vertex(project: impl Into<String>, location: impl Into<String>) -> AnthropicBuilder {
        AnthropicBuilder::vertex(project.into(), location.into())
    }

    /// Anthropic, set up as its official clients are, by these variables of the environment. One that is empty counts as not set.
    ///
    /// | variable | |
    /// |---|---|
    /// | `ANTHROPIC_API_KEY` | the key; this or the next is required |
    /// | `ANTHROPIC_AUTH_TOKEN` | a token in its place, such as that of a gateway |
    /// | `ANTHROPIC_BASE_URL` | the address, `https://api.anthropic.com` if not set |
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the key is missing or a value cannot be used; the message names the variable.
    pub fn from_env() -> Result<Self, ModelError> {
        Environment::process().anthropic()?.build()
    }

    /// Claude on Vertex AI, set up as the official clients are, with [the default credentials](crate::GoogleCredentials::from_env).
    ///
    /// | variable | |
    /// |---|---|
    /// | `ANTHROPIC_VERTEX_PROJECT_ID` | the project; `GOOGLE_CLOUD_PROJECT` or that of the credentials if not set |
    /// | `CLOUD_ML_REGION` | the location, such as `global` or `europe-west1`; required |
    /// | `ANTHROPIC_VERTEX_BASE_URL` | the address, that of the location if not set |
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when a variable is missing or cannot be used; the message names it.
    pub fn vertex_from_env() -> Result<Self, ModelError> {
        Environment::process().anthropic_vertex(None)?.build()
    }

    /// The same, with the tokens of `source`.
    ///
    /// # Errors
    ///
    /// As [`vertex_from_env`](Self::vertex_from_env).
    pub fn vertex_from_env_with(source: impl TokenSource) -> Result<Self, ModelError> {
        Environment::process().anthropic_vertex_at(None)?.token_source(source).build()
    }

    /// Whether a message is this provider's own, to be sent back as it came.
    fn origin(&self, model: &str) -> Origin {
        Origin::new(Arc::clone(&self.0.id), WIRE, model)
    }

    async fn post(
        &self,
        request: &ModelRequest,
        drop_unbound: bool,
    ) -> Result<ResponseStream<MessagesAnswer>, ModelError> {
        let Inner { endpoint, address, version, max_output_tokens, strict_tools, .. } = &*self.0;
        let settings = request::Settings {
            origin: self.origin(&request.model),
            version,
            vertex: address.is_vertex(),
            max_output_tokens: *max_output_tokens,
            strict_tools: *strict_tools,
            drop_unbound,
        };
        let body = request::encode(request, &settings)?;
        let mut headers = HeaderMap::new();
        if drop_unbound {
            let betas = endpoint.headers().get("anthropic-beta").and_then(|value| value.to_str().ok());
            let betas =
                betas.map_or_else(|| BINDING_CONTROLS.into(), |set| format!("{set},{BINDING_CONTROLS}"));
            if let Ok(value) = HeaderValue::from_str(&betas) {
                headers.insert("anthropic-beta", value);
            }
        }
        let answer = MessagesAnswer::new(Arc::clone(endpoint.secrets()));
        endpoint.stream(address.url(&request.model)?, headers, body, answer).await
    }
}

#[async_trait]
impl LlmProvider for Anthropic {
    fn id(&self) -> &ProviderId {
        &self.0.id
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.0.capabilities.unwrap_or_else(|| models::capabilities(model))
    }

    fn wire(&self, _model: &str) -> WireKey {
        WIRE
    }

    async fn stream(&self, request: ModelRequest, _cx: &CallContext) -> Result<ModelStream, ModelError> {
        match self.post(&request, false).await {
            Err(error) if self.0.drop_unbound_thinking && is_unbound(&error) => {
                tracing::warn!(
                    model = %request.model,
                    "the conversation before some thinking has changed; asking again without that thinking"
                );
                Ok(Box::pin(self.post(&request, true).await?))
            }
            answered => Ok(Box::pin(answered?)),
        }
    }
}

fn is_unbound(error: &ModelError) -> bool {
    error.kind() == ModelErrorKind::InvalidRequest && error.body().is_some_and(|body| body.contains(UNBOUND))
}

impl fmt::Debug for Anthropic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { id, endpoint, address, version, .. } = &*self.0;
        f.debug_struct("Anthropic")
            .field("id", id)
            .field("url", &address.shown())
            .field("version", version)
            .field("endpoint", endpoint)
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Anthropic>();
};
