//! Gemini's generateContent, by Google's Gemini API and on Vertex AI.

mod answer;
mod builder;
mod environment;
mod event;
mod message;
mod request;
mod usage;

use std::{fmt, sync::Arc};

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

pub(crate) use self::answer::GeminiAnswer;
use self::builder::Address;
pub use self::builder::GeminiBuilder;
use crate::{environment::Environment, http::Endpoint};

/// The name of the wire.
const WIRE: WireKey = "gemini-generate-content";

/// A provider that speaks Gemini's generateContent. Cloning it is cheap, and clones share their connections.
///
/// ```no_run
/// use scorpio_core::model::{self, CallContext, ModelRequest, Transcript};
/// use scorpio_core::Message;
/// use scorpio_providers::Gemini;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), model::ModelError> {
/// let gemini = Gemini::from_env()?;
/// let request = ModelRequest::new("gemini-3-flash", Transcript::from_iter([Message::user("What is 2 + 40?")]));
/// let answer = model::complete(&gemini, request, &CallContext::new()).await?;
/// println!("{}", answer.text());
/// # Ok(()) }
/// ```
///
/// # What goes over the wire
///
/// - Requests always stream. The JSON of each message and of the tools is written once and kept beside them.
/// - The signatures of thoughts go back on the very parts that they came on, to the model that made them and to no other. What another
///   model called carries the dummy signature that Google documents for this.
/// - Thoughts are shown as they come and are never sent back: their signatures stand for them.
/// - The key goes in a header and never in the address.
/// - An answer without a reason to finish is [`Truncated`](ModelErrorKind::Truncated), whatever came before.
/// - Redirects are never followed, and nothing is retried here.
///
/// Limits of size and time are those of [`OpenAi`](crate::OpenAi).
#[derive(Clone)]
pub struct Gemini(Arc<Inner>);

struct Inner {
    id: ProviderId,
    endpoint: Endpoint,
    address: Address,
    capabilities: Option<Capabilities>,
}

impl Gemini {
    /// A provider that is set up by hand.
    ///
    /// ```
    /// use scorpio_providers::Gemini;
    /// let gemini = Gemini::builder().api_key("AIza0123456789").build()?;
    /// # Ok::<(), scorpio_core::model::ModelError>(())
    /// ```
    pub fn builder() -> GeminiBuilder {
        GeminiBuilder::new()
    }

    /// Gemini on Vertex AI, in `location` of a Google Cloud project. The builder needs
    /// [`google_credentials`](GeminiBuilder::google_credentials), or a [`token_source`](GeminiBuilder::token_source) of your own.
    pub fn vertex(project: impl Into<String>, location: impl Into<String>) -> GeminiBuilder {
        GeminiBuilder::vertex(project.into(), location.into())
    }

    /// Gemini, set up as its official clients are, by these variables of the environment. One that is empty counts as not set.
    ///
    /// | variable | |
    /// |---|---|
    /// | `GOOGLE_API_KEY` or `GEMINI_API_KEY` | the key; the first counts when both are set |
    /// | `GOOGLE_GEMINI_BASE_URL` | the address, `https://generativelanguage.googleapis.com` if not set |
    /// | `GOOGLE_GENAI_USE_VERTEXAI` | `true`: on Vertex AI, where these count in place of the others |
    /// | `GOOGLE_CLOUD_PROJECT` | the project, that of the credentials if not set |
    /// | `GOOGLE_CLOUD_LOCATION` | the location, `global` if not set |
    /// | `GOOGLE_VERTEX_BASE_URL` | the address, that of the location if not set |
    ///
    /// On Vertex AI the credentials are [the default ones](crate::GoogleCredentials::from_env).
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the key is missing or a value cannot be used; the message names the variable.
    pub fn from_env() -> Result<Self, ModelError> {
        Environment::process().gemini()?.build()
    }

    /// Gemini on Vertex AI, set up by the same variables, whatever `GOOGLE_GENAI_USE_VERTEXAI` says.
    ///
    /// # Errors
    ///
    /// As [`from_env`](Self::from_env).
    pub fn vertex_from_env() -> Result<Self, ModelError> {
        Environment::process().gemini_vertex(None)?.build()
    }
}

#[async_trait]
impl LlmProvider for Gemini {
    fn id(&self) -> &ProviderId {
        &self.0.id
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        let mut capabilities = Capabilities::all();
        capabilities.reasoning = !["gemini-1", "gemini-2.0"].iter().any(|old| model.starts_with(old));
        self.0.capabilities.unwrap_or(capabilities)
    }

    fn wire(&self, _model: &str) -> WireKey {
        WIRE
    }

    async fn stream(&self, request: ModelRequest, _cx: &CallContext) -> Result<ModelStream, ModelError> {
        let Inner { id, endpoint, address, .. } = &*self.0;
        let origin = Origin::new(Arc::clone(id), WIRE, Arc::clone(&request.model));
        let body = request::encode(&request, &origin)?;
        // What makes the ids of calls that have none unlike those of other answers.
        let seed = Uuid::now_v7().as_u64_pair().1;
        let answer = GeminiAnswer::new(seed, Arc::clone(endpoint.secrets()));
        let stream = endpoint.stream(address.url(&request.model)?, HeaderMap::new(), body, answer).await?;
        Ok(Box::pin(stream))
    }
}

impl fmt::Debug for Gemini {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { id, endpoint, address, .. } = &*self.0;
        f.debug_struct("Gemini")
            .field("id", id)
            .field("url", &address.shown())
            .field("endpoint", endpoint)
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn is_shared<T: Send + Sync + 'static>() {}
    is_shared::<Gemini>();
};
