//! Limits of time for any provider, with one timer for each call.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use async_trait::async_trait;
use futures::Stream;
use scorpio_core::model::{
    CallContext, Capabilities, LlmProvider, ModelError, ModelErrorKind, ModelEvent, ModelRequest,
    ModelStream, ProviderId, WireKey,
};
use tokio::time::{Instant, Sleep, sleep_until};

use super::{attempt::is_preamble, deadline::deadline};

/// What stands for a time that never comes: the timers of tokio reach about two years.
const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A provider that is not waited for beyond limits of time.
///
/// | setting | from | to | default |
/// |---|---|---|---|
/// | [`with_call`](Self::with_call) | the call | the stream, which for a provider over HTTP is there with the headers of the response | 30 s |
/// | [`with_first_token`](Self::with_first_token) | the stream | the first part of the answer | 120 s |
/// | [`with_idle`](Self::with_idle) | any event after that | the next | 60 s |
/// | [`with_total`](Self::with_total) | the call | the finish | 900 s |
///
/// The deadline of the call, if it has one, ends it too. What takes longer fails with [`ModelErrorKind::Timeout`] and a message that says
/// which limit was passed, and its connection is closed. Time in which nobody asks for the next event does not count as idle.
///
/// The providers of this crate that speak HTTP have these limits already, and one for the connection. This is for others, and for
/// tighter limits than theirs.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::{Agent, model::{Model, Scripted, ScriptedTurn}};
/// use scorpio_providers::Timeouts;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let slow = Scripted::new().turn(ScriptedTurn::new().delay(Duration::from_secs(20)).text("At last."));
/// let provider = Timeouts::new(slow).with_first_token(Duration::from_secs(10));
/// let agent = Agent::builder("hasty").with_model(Model::new(provider, "any")).build()?;
/// assert!(agent.run("Are you there?").await.is_err());
/// # Ok(()) }
/// ```
///
/// # Cancel safety
///
/// Dropping the call or the stream drops that of the provider. There is no task behind it.
#[derive(Debug, Clone)]
pub struct Timeouts {
    provider: Arc<dyn LlmProvider>,
    limits: Limits,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    call: Duration,
    first_token: Duration,
    idle: Duration,
    total: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Call,
    FirstToken,
    Idle,
    Total,
    Deadline,
}

impl Timeouts {
    /// Limits the time of `provider`.
    pub fn new(provider: impl LlmProvider) -> Self {
        Self::shared(Arc::new(provider))
    }

    /// Limits the time of a provider that others use too.
    pub fn shared(provider: Arc<dyn LlmProvider>) -> Self {
        let [call, first_token, idle, total] = [30, 120, 60, 900].map(Duration::from_secs);
        Self { provider, limits: Limits { call, first_token, idle, total } }
    }

    /// Sets how long the call may take until there is a stream.
    #[must_use]
    pub fn with_call(mut self, limit: Duration) -> Self {
        self.limits.call = limit;
        self
    }

    /// Sets how long the stream may take until the answer begins.
    #[must_use]
    pub fn with_first_token(mut self, limit: Duration) -> Self {
        self.limits.first_token = limit;
        self
    }

    /// Sets how long nothing may come in the middle of an answer.
    #[must_use]
    pub fn with_idle(mut self, limit: Duration) -> Self {
        self.limits.idle = limit;
        self
    }

    /// Sets how long everything may take.
    #[must_use]
    pub fn with_total(mut self, limit: Duration) -> Self {
        self.limits.total = limit;
        self
    }
}

#[async_trait]
impl LlmProvider for Timeouts {
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
        let mut clock = Clock::new(self.limits, cx);
        let inner = tokio::select! {
            biased;
            stream = self.provider.stream(request, cx) => stream?,
            error = std::future::poll_fn(|cx| clock.poll(cx)) => return Err(error),
        };
        clock.enter(Phase::FirstToken);
        Ok(Box::pin(TimedStream { inner: Some(inner), clock }))
    }
}

struct TimedStream {
    /// None once its time is up.
    inner: Option<ModelStream>,
    clock: Clock,
}

impl Stream for TimedStream {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(inner) = &mut this.inner else { return Poll::Ready(None) };
        if let Poll::Ready(item) = inner.as_mut().poll_next(cx) {
            this.clock.saw(item.as_ref());
            return Poll::Ready(item);
        }
        let error = ready!(this.clock.poll(cx));
        this.inner = None;
        Poll::Ready(Some(Err(error)))
    }
}

struct Clock {
    limits: Limits,
    /// None when there is nothing left to limit.
    phase: Option<Phase>,
    /// When the phase began.
    since: Instant,
    /// Something has come since then. The time is looked up when there is nothing else to do, not with each event.
    moved: bool,
    end: Instant,
    end_is: Phase,
    timer: Pin<Box<Sleep>>,
}

impl Clock {
    fn new(limits: Limits, cx: &CallContext) -> Self {
        let now = Instant::now();
        let total = after(now, limits.total);
        let (end, end_is) = match deadline(cx) {
            Some(deadline) if deadline < total => (deadline, Phase::Deadline),
            _ => (total, Phase::Total),
        };
        let timer = Box::pin(sleep_until(after(now, limits.call).min(end)));
        Self { limits, phase: Some(Phase::Call), since: now, moved: false, end, end_is, timer }
    }

    fn enter(&mut self, phase: Phase) {
        self.phase = Some(phase);
        self.since = Instant::now();
    }

    fn saw(&mut self, item: Option<&Result<ModelEvent, ModelError>>) {
        match item {
            Some(Ok(ModelEvent::Finish { .. }) | Err(_)) | None => self.phase = None,
            Some(Ok(_)) if self.phase == Some(Phase::Idle) => self.moved = true,
            Some(Ok(event)) if is_preamble(event) => {}
            Some(Ok(_)) => {
                self.phase = Some(Phase::Idle);
                self.moved = true;
            }
        }
    }

    /// The error that a limit has passed, once one has.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<ModelError> {
        let Some(phase) = self.phase else { return Poll::Pending };
        if self.moved {
            self.moved = false;
            self.since = Instant::now();
        }
        let due = after(self.since, self.limits.of(phase)).min(self.end);
        if self.timer.deadline() > due {
            self.timer.as_mut().reset(due);
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if Instant::now() >= due {
                self.phase = None;
                let passed = if due == self.end { self.end_is } else { phase };
                return Poll::Ready(self.limits.passed(passed));
            }
            // It was set for something that has happened in time.
            self.timer.as_mut().reset(due);
        }
    }
}

impl Limits {
    fn of(&self, phase: Phase) -> Duration {
        match phase {
            Phase::Call => self.call,
            Phase::FirstToken => self.first_token,
            Phase::Idle => self.idle,
            Phase::Total | Phase::Deadline => self.total,
        }
    }

    fn passed(&self, phase: Phase) -> ModelError {
        let message = match phase {
            Phase::Deadline => phase.to_string(),
            _ => format!("{phase} within {} s", self.of(phase).as_secs_f32()),
        };
        ModelError::new(ModelErrorKind::Timeout, message)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Call => "no answer to the request",
            Self::FirstToken => "no first token",
            Self::Idle => "no further piece of the answer",
            Self::Total => "no end of the answer",
            Self::Deadline => "no end of the answer before the call's deadline",
        })
    }
}

fn after(instant: Instant, time: Duration) -> Instant {
    instant + time.min(FAR)
}
