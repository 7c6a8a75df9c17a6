//! Answers that are given again to requests that have been answered before.

mod memory;
mod stream;

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use futures::stream as streams;
use scorpio_core::model::{
    CallContext, Capabilities, LlmProvider, ModelError, ModelEvent, ModelRequest, ModelStream, ProviderId,
    WireKey,
};

pub use self::memory::MemoryCache;
use self::stream::KeptStream;
use super::form::{digest, form, hex};

/// What identifies a request: a SHA-256 over the provider, its wire, and everything that the model sees. Its `Display` is hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheKey([u8; 32]);

impl CacheKey {
    fn of(provider: &dyn LlmProvider, request: &ModelRequest) -> Self {
        Self(digest(&[provider.id(), provider.wire(&request.model), &form(request)]))
    }

    /// The hash.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl fmt::Debug for CacheKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CacheKey({self})")
    }
}

/// A whole answer: its events, the last of which is the finish.
pub type CachedAnswer = Arc<[ModelEvent]>;

/// Where answers are kept. [`MemoryCache`] keeps them in the process; a store that several share can implement it too, for events have
/// a JSON form.
///
/// A store that fails is one that knows nothing: it logs the failure, and the provider is asked.
#[async_trait]
pub trait AnswerCache: fmt::Debug + Send + Sync + 'static {
    /// The answer to the request of this key, if there is one that has not expired.
    async fn get(&self, key: &CacheKey) -> Option<CachedAnswer>;

    /// Keeps an answer. Its finish reaches the caller when this is done.
    async fn put(&self, key: CacheKey, answer: CachedAnswer);
}

/// A provider that gives the same answer to the same request.
///
/// Requests are the same when the model would see the same: model, instructions, messages with their parts and verbatim items, tools, the
/// shape of the answer and all parameters. Ids and times of messages and the ids of tool calls do not count, and neither does
/// whether the provider should keep what it reads. Only answers that came to their finish are kept, and none that is larger than the cache
/// takes. The events of an answer are the same each time, except that retries are not announced again; its usage is the one of the call
/// that was made, which a program that adds up cost should know.
///
/// Two requests that come at the same time are both asked.
///
/// ```
/// use scorpio_core::{Agent, model::{Model, Scripted}};
/// use scorpio_providers::Cache;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let provider = Cache::new(Scripted::new().text("42.")); // It can answer only once.
/// let agent = Agent::builder("oracle").with_model(Model::new(provider, "any")).build()?;
/// assert_eq!(agent.run("What is the answer?").await?.text(), "42.");
/// assert_eq!(agent.run("What is the answer?").await?.text(), "42.");
/// # Ok(()) }
/// ```
///
/// # Cancel safety
///
/// An answer whose stream is dropped before its finish is not kept.
#[derive(Debug, Clone)]
pub struct Cache {
    provider: Arc<dyn LlmProvider>,
    answers: Arc<dyn AnswerCache>,
}

impl Cache {
    /// Keeps answers of `provider` in a [`MemoryCache`].
    pub fn new(provider: impl LlmProvider) -> Self {
        Self::shared(Arc::new(provider))
    }

    /// Keeps answers of a provider that others use too.
    pub fn shared(provider: Arc<dyn LlmProvider>) -> Self {
        Self { provider, answers: Arc::new(MemoryCache::default()) }
    }

    /// Sets where answers are kept.
    #[must_use]
    pub fn with_answers(mut self, answers: impl AnswerCache) -> Self {
        self.answers = Arc::new(answers);
        self
    }

    /// Keeps answers where others keep theirs too.
    #[must_use]
    pub fn with_shared_answers(mut self, answers: Arc<dyn AnswerCache>) -> Self {
        self.answers = answers;
        self
    }
}

#[async_trait]
impl LlmProvider for Cache {
    fn id(&self) -> &ProviderId {
        self.provider.id()
    }

    fn capabilities(&self, model: &str) -> Capabilities {
        self.provider.capabilities(model)
    }

    fn wire(&self, model: &str) -> WireKey {
        self.provider.wire(model)
    }

    async fn stream(&self, request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError> {
        let key = CacheKey::of(&*self.provider, &request);
        if let Some(answer) = self.answers.get(&key).await {
            let count = answer.len();
            let event = move |index| answer.get(index).cloned().map(Ok);
            return Ok(Box::pin(streams::iter((0..count).filter_map(event))));
        }
        let inner = self.provider.stream(request, cx).await?;
        Ok(Box::pin(KeptStream::new(inner, key, Arc::clone(&self.answers))))
    }
}
