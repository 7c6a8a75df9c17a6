//! Tries again what failed before the answer began: a few times, after random waits, and out of a budget that all calls of a route share,
//! so that a provider that is down is not buried under retries.

mod budget;
mod jitter;
mod stream;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use scorpio_core::model::{
    CallContext, Capabilities, LlmProvider, ModelError, ModelErrorKind, ModelRequest, ModelStream,
    ProviderId, WireKey,
};

pub use self::budget::RetryBudget;
use self::{jitter::Jitter, stream::RetryStream};

/// A provider that tries again.
///
/// | setting | default |
/// |---|---|
/// | [`with_attempts`](Self::with_attempts) | 3 attempts, the first among them |
/// | [`with_first_wait`](Self::with_first_wait) | at most 0.5 s before the second attempt, twice that before each further one |
/// | [`with_first_wait_when_busy`](Self::with_first_wait_when_busy) | at most 1 s instead, after status 429 or 529 |
/// | [`with_longest_wait`](Self::with_longest_wait) | 8 s |
/// | [`with_longest_asked_wait`](Self::with_longest_asked_wait) | 120 s |
/// | [`with_budget`](Self::with_budget) | [`RetryBudget::default`]: 500 tokens, 14 a retry |
///
/// Each wait is drawn evenly from zero to the longest that its number allows ("full jitter"), so that what failed together does not come
/// back together. A provider that says how long to wait is waited for that long and up to a quarter longer; one that asks for more than
/// the longest asked wait is not asked again.
///
/// What is tried again: errors that are [retryable](ModelError::is_retryable), an answer that ended before it began, and, once for each
/// call, an answer that broke the rules of its format ([`ModelErrorKind::Protocol`]), for it was most likely garbled on its way. Nothing
/// is tried again once the first part of the answer has been handed on, when the budget is spent, when the wait would end after the
/// call's deadline, or when the call has been cancelled.
///
/// Everything happens inside the stream, which is handed out before the first attempt: a
/// [`ModelEvent::Retrying`](scorpio_core::model::ModelEvent::Retrying) comes before each wait, and errors come out of the stream.
///
/// ```
/// use scorpio_core::{Agent, model::{Model, ModelError, ModelErrorKind, Scripted, ScriptedTurn}};
/// use scorpio_providers::Retry;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let busy = ScriptedTurn::new().refuse(ModelError::new(ModelErrorKind::Overloaded, "busy"));
/// let provider = Retry::new(Scripted::new().turn(busy).text("Here I am."));
/// let agent = Agent::builder("patient").with_model(Model::new(provider, "any")).build()?;
/// assert_eq!(agent.run("Are you there?").await?.text(), "Here I am.");
/// # Ok(()) }
/// ```
///
/// # Cancel safety
///
/// Dropping the stream ends the attempt or the wait at once. What a retry took from the budget stays taken.
#[derive(Clone)]
pub struct Retry {
    provider: Arc<dyn LlmProvider>,
    attempts: u32,
    first_wait: Duration,
    first_wait_when_busy: Duration,
    longest_wait: Duration,
    longest_asked_wait: Duration,
    budget: RetryBudget,
    jitter: Arc<Jitter>,
}

impl Retry {
    /// Tries `provider` again. Clones share the budget.
    pub fn new(provider: impl LlmProvider) -> Self {
        Self::shared(Arc::new(provider))
    }

    /// Tries a provider again that others use too.
    pub fn shared(provider: Arc<dyn LlmProvider>) -> Self {
        Self {
            provider,
            attempts: 3,
            first_wait: Duration::from_millis(500),
            first_wait_when_busy: Duration::from_secs(1),
            longest_wait: Duration::from_secs(8),
            longest_asked_wait: Duration::from_secs(120),
            budget: RetryBudget::default(),
            jitter: Arc::new(Jitter::new()),
        }
    }

    /// Sets how many attempts a call makes, the first among them; 0 counts as 1.
    #[must_use]
    pub fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Sets the longest wait before the second attempt. It doubles before each further one.
    #[must_use]
    pub fn with_first_wait(mut self, longest: Duration) -> Self {
        self.first_wait = longest;
        self
    }

    /// Sets the longest wait before the second attempt when the provider said that it is busy: status 429 or 529.
    #[must_use]
    pub fn with_first_wait_when_busy(mut self, longest: Duration) -> Self {
        self.first_wait_when_busy = longest;
        self
    }

    /// Sets the longest of all waits but those that the provider asks for.
    #[must_use]
    pub fn with_longest_wait(mut self, longest: Duration) -> Self {
        self.longest_wait = longest;
        self
    }

    /// Sets the longest wait that a provider may ask for.
    #[must_use]
    pub fn with_longest_asked_wait(mut self, longest: Duration) -> Self {
        self.longest_asked_wait = longest;
        self
    }

    /// Sets the budget, which may be shared with whatever else goes to the same place.
    #[must_use]
    pub fn with_budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Makes the waits the same in every run of the program: for tests.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.jitter = Arc::new(Jitter::seeded(seed));
        self
    }

    /// The budget.
    pub fn budget(&self) -> &RetryBudget {
        &self.budget
    }

    /// How long to wait after `error` before the retry number `retry`, counted from 0. None when that is too long.
    fn wait(&self, error: &ModelError, retry: u32) -> Option<Duration> {
        if let Some(asked) = error.retry_after() {
            let spread = (asked / 4).min(self.longest_wait);
            return (asked <= self.longest_asked_wait).then(|| asked + self.jitter.up_to(spread));
        }
        let is_busy =
            error.kind() == ModelErrorKind::RateLimited || matches!(error.status(), Some(429 | 529));
        let first = if is_busy { self.first_wait_when_busy } else { self.first_wait };
        let longest = first.saturating_mul(2_u32.saturating_pow(retry)).min(self.longest_wait);
        Some(self.jitter.up_to(longest))
    }
}

#[async_trait]
impl LlmProvider for Retry {
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
        Ok(Box::pin(RetryStream::new(self.clone(), request, cx)))
    }
}

impl fmt::Debug for Retry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retry")
            .field("provider", &self.provider)
            .field("attempts", &self.attempts)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}
