//! Keeps a program within what its provider allows in a minute, by letting calls wait their turn.

mod estimate;
mod limiter;
mod window;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_trait::async_trait;
use futures::Stream;
use scorpio_core::model::{
    CallContext, Capabilities, LlmProvider, ModelError, ModelEvent, ModelRequest, ModelStream, ProviderId,
    WireKey,
};
use tokio::time::Instant;

use self::{
    estimate::estimate,
    limiter::{Grant, Limiter},
};
use super::deadline::deadline;

/// A provider that is asked no more than so often, and for no more than so many tokens, in any minute.
///
/// | setting | default |
/// |---|---|
/// | [`with_requests_per_minute`](Self::with_requests_per_minute) | no limit |
/// | [`with_tokens_per_minute`](Self::with_tokens_per_minute) | no limit |
/// | [`with_longest_wait`](Self::with_longest_wait) | 60 s |
///
/// In no stretch of 60 seconds are more calls begun than allowed. Calls that must wait do so in the order in which they came, and the
/// large do not let the small ones past. One that would have to wait for longer than the longest wait, or beyond its deadline, fails with
/// [`ModelErrorKind::RateLimited`](scorpio_core::model::ModelErrorKind::RateLimited), whose
/// [`retry_after`](ModelError::retry_after) says when there will be room.
///
/// Tokens are not known before the call, so they are estimated: a token for every four bytes of text, instructions, tools and their
/// answers, a thousand for each image or document, and for the answer the most that it may have, or a thousand where the request does not
/// say. When the provider tells the real usage, all input and output of it, that is put in place of the estimate. A call that
/// needs more than a minute's tokens is let through when there is nothing else in that minute.
///
/// Clones share the limits. Put it inside [`Retry`](crate::Retry), so that every attempt counts.
///
/// ```
/// use scorpio_core::model::Scripted;
/// use scorpio_providers::RateLimit;
/// let provider = RateLimit::new(Scripted::new()).with_requests_per_minute(60).with_tokens_per_minute(100_000);
/// # let _ = provider;
/// ```
///
/// # Cancel safety
///
/// A call that is dropped while it waits leaves its place to the next. One that has begun counts, even when it is dropped.
#[derive(Debug, Clone)]
pub struct RateLimit {
    provider: Arc<dyn LlmProvider>,
    requests: Option<u64>,
    tokens: Option<u64>,
    longest_wait: Duration,
    limiter: Arc<Limiter>,
}

impl RateLimit {
    /// Limits `provider`, once limits are set.
    pub fn new(provider: impl LlmProvider) -> Self {
        Self::shared(Arc::new(provider))
    }

    /// Limits a provider that others use too.
    pub fn shared(provider: Arc<dyn LlmProvider>) -> Self {
        let limiter = Arc::new(Limiter::new(None, None));
        Self { provider, requests: None, tokens: None, longest_wait: Duration::from_secs(60), limiter }
    }

    /// Sets how many calls may begin in a minute; 0 counts as 1. What was counted so far is forgotten.
    #[must_use]
    pub fn with_requests_per_minute(mut self, requests: u64) -> Self {
        self.requests = Some(requests.max(1));
        self.limiter = Arc::new(Limiter::new(self.requests, self.tokens));
        self
    }

    /// Sets how many tokens, in and out, may be used in a minute. What was counted so far is forgotten.
    #[must_use]
    pub fn with_tokens_per_minute(mut self, tokens: u64) -> Self {
        self.tokens = Some(tokens);
        self.limiter = Arc::new(Limiter::new(self.requests, self.tokens));
        self
    }

    /// Sets how long a call may wait for its turn.
    #[must_use]
    pub fn with_longest_wait(mut self, longest: Duration) -> Self {
        self.longest_wait = longest;
        self
    }
}

#[async_trait]
impl LlmProvider for RateLimit {
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
        let patience = Instant::now() + self.longest_wait;
        let until = deadline(cx).map_or(patience, |deadline| deadline.min(patience));
        let tokens = if self.tokens.is_some() { estimate(&request) } else { 0 };
        let grant = self.limiter.acquire(tokens, until).await?;
        let inner = self.provider.stream(request, cx).await?;
        if self.tokens.is_none() {
            return Ok(inner);
        }
        Ok(Box::pin(CountedStream { inner, grant }))
    }
}

struct CountedStream {
    inner: ModelStream,
    grant: Grant,
}

impl Stream for CountedStream {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = ready!(self.inner.as_mut().poll_next(cx));
        match &item {
            Some(Ok(ModelEvent::Usage(usage))) => self.grant.used(usage.total()),
            Some(Ok(ModelEvent::Finish { .. })) => self.grant.finished(),
            _ => {}
        }
        Poll::Ready(item)
    }
}
