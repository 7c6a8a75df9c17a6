//! When the time of a response is up.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use scorpio_core::model::ModelError;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::http::{Phase, Timeouts};

/// How long to wait for the usage once the model has finished. Servers that send it send it at once.
const USAGE: Duration = Duration::from_secs(5);

/// How long to wait for the end of a response that has said all. A connection that is left before that cannot be used again.
const CLOSING: Duration = Duration::from_millis(50);

/// The clock of one response. It has one timer, which is set anew only when it goes off too early.
pub(crate) struct Clock {
    timeouts: Timeouts,
    begun: Instant,
    answered: Instant,
    received: Instant,
    closing: Option<Instant>,
    has_spoken: bool,
    timer: Pin<Box<Sleep>>,
    /// Whom the timer wakes. Asking it again would change nothing.
    waker: Option<Waker>,
    /// Whether the connection was let go first since the last bytes came.
    yielded: bool,
}

impl Clock {
    /// The clock of a call that began at `begun` and whose response begins now.
    pub(crate) fn new(timeouts: Timeouts, begun: Instant) -> Self {
        let now = Instant::now();
        let timer = Box::pin(sleep_until(now + timeouts.idle));
        Self {
            timeouts,
            begun,
            answered: now,
            received: now,
            closing: None,
            has_spoken: false,
            timer,
            waker: None,
            yielded: false,
        }
    }

    /// Bytes came.
    pub(super) fn received(&mut self) {
        self.received = Instant::now();
        self.yielded = false;
    }

    /// The model said something.
    pub(super) fn said_something(&mut self) {
        self.has_spoken = true;
    }

    /// The model has said all.
    pub(super) fn begin_closing(&mut self) {
        self.closing = Some(Instant::now() + CLOSING);
        self.yielded = false;
    }

    /// Whether the server had time enough to end the response.
    pub(super) fn is_closing_over(&self) -> bool {
        self.closing.is_none_or(|deadline| Instant::now() >= deadline)
    }

    /// Ready when the server had time enough to end the response.
    pub(super) fn poll_closing(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.closing {
            Some(deadline) => self.poll_until(deadline, cx),
            None => Poll::Ready(()),
        }
    }

    /// Ready with an error when a limit has passed. `is_whole` tells that only the usage is waited for.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, is_whole: bool) -> Poll<ModelError> {
        let (deadline, phase) = self.deadline(is_whole);
        self.poll_until(deadline, cx).map(|()| phase.passed(&self.timeouts))
    }

    fn deadline(&self, is_whole: bool) -> (Instant, Phase) {
        let Timeouts { first_token, idle, total, .. } = self.timeouts;
        let idle = if is_whole { idle.min(USAGE) } else { idle };
        let mut earliest = (self.received + idle, Phase::Idle);
        let first_token = (!self.has_spoken).then(|| (self.answered + first_token, Phase::FirstToken));
        for limit in first_token.into_iter().chain([(self.begun + total, Phase::Total)]) {
            if limit.0 < earliest.0 {
                earliest = limit;
            }
        }
        earliest
    }

    fn poll_until(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        let is_set = self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()));
        if deadline < self.timer.deadline() {
            // What is due so soon is mostly here, and waits for the task of the connection. To let that go first is much
            // cheaper than to set the timer to an earlier time, which wakes the driver of the runtime.
            if !std::mem::replace(&mut self.yielded, true) {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.timer.as_mut().reset(deadline);
        } else if is_set && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        self.waker = Some(cx.waker().clone());
        while self.timer.as_mut().poll(cx).is_ready() {
            if Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}
