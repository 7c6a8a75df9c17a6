//! A circuit breaker: what keeps failing is left alone for a while, and then probed by one call before the others follow.

mod circuit;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use scorpio_core::model::ModelErrorKind;
use tokio::time::Instant;

use self::circuit::{Circuit, Entry};

/// When a route is passed over, and for how long.
///
/// | setting | default |
/// |---|---|
/// | [`failures`](Self::failures) in a row open the breaker | 5 |
/// | so does this [`share`](Self::share) of failures, of at least [`calls`](Self::calls) in the last [`window`](Self::window) | half of 10 in 60 s |
/// | [`open`](Self::open), times the number of openings in succession, is how long it stays open | 30 s |
/// | [`longest_open`](Self::longest_open) | 300 s |
///
/// [`ModelErrorKind::Auth`] opens it at once: a key that is refused will be refused again. Once the time is over, one call is let through
/// as a probe while the others still pass the route over. When its answer begins, the breaker closes; when it fails, the breaker
/// opens again. A breaker that has stayed closed for `longest_open` counts its openings from one again.
///
/// An answer that breaks off in the middle is a failure too. An error that is the request's own fault, and a call whose caller went away,
/// are neither failure nor success.
///
/// ```
/// use std::time::Duration;
/// use scorpio_providers::BreakerPolicy;
/// let policy = BreakerPolicy::default().with_failures(3).with_open(Duration::from_secs(10));
/// assert_eq!(policy.longest_open, Duration::from_secs(300));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BreakerPolicy {
    /// How many failures in a row open the breaker; 0 counts as 1.
    pub failures: u32,
    /// The share of failures that opens it, from 0 to 1.
    pub share: f64,
    /// How many calls there must be in the window for the share to count.
    pub calls: u32,
    /// How long calls are remembered.
    pub window: Duration,
    /// How long it stays open the first time.
    pub open: Duration,
    /// The longest that it stays open.
    pub longest_open: Duration,
}

impl BreakerPolicy {
    /// Sets how many failures in a row open the breaker.
    #[must_use]
    pub fn with_failures(mut self, failures: u32) -> Self {
        self.failures = failures;
        self
    }

    /// Sets the share of failures that opens it, of at least `calls` in the last `window`.
    #[must_use]
    pub fn with_share(mut self, share: f64, calls: u32, window: Duration) -> Self {
        (self.share, self.calls, self.window) = (share, calls, window);
        self
    }

    /// Sets how long it stays open the first time.
    #[must_use]
    pub fn with_open(mut self, open: Duration) -> Self {
        self.open = open;
        self
    }

    /// Sets the longest that it stays open.
    #[must_use]
    pub fn with_longest_open(mut self, longest: Duration) -> Self {
        self.longest_open = longest;
        self
    }
}

impl Default for BreakerPolicy {
    fn default() -> Self {
        Self {
            failures: 5,
            share: 0.5,
            calls: 10,
            window: Duration::from_secs(60),
            open: Duration::from_secs(30),
            longest_open: Duration::from_secs(300),
        }
    }
}

/// Whether a route is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BreakerState {
    /// It is.
    Closed,
    /// It is passed over.
    Open {
        /// For how much longer.
        remaining: Duration,
    },
    /// One call at a time is let through, to see whether it has recovered.
    HalfOpen,
}

pub(super) struct Breaker(Mutex<Circuit>);

impl Breaker {
    pub(super) fn new(policy: BreakerPolicy) -> Self {
        Self(Mutex::new(Circuit::new(policy)))
    }

    /// Leave to make a call, or what the calls before failed with.
    pub(super) fn admit(self: &Arc<Self>, now: Instant) -> Result<Ticket, ModelErrorKind> {
        let entry = self.lock().admit(now)?;
        Ok(Ticket { breaker: Arc::clone(self), entry, may_open: true })
    }

    /// Leave to make a call whatever those before came to, and without opening the breaker for others.
    pub(super) fn always_admit(self: &Arc<Self>) -> Ticket {
        let entry = self.lock().entry();
        Ticket { breaker: Arc::clone(self), entry, may_open: false }
    }

    pub(super) fn state(&self, now: Instant) -> (BreakerState, u32, u32, Option<ModelErrorKind>) {
        self.lock().state(now)
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lock().fmt(f)
    }
}

/// Leave to make one call, and the duty to say what it came to. Dropped without a word, it counts for nothing.
#[derive(Debug)]
pub(super) struct Ticket {
    breaker: Arc<Breaker>,
    entry: Entry,
    may_open: bool,
}

impl Ticket {
    /// The answer begins. A probe has done its work with that; what the answer comes to still counts.
    pub(super) fn answers(&mut self) {
        self.breaker.lock().answers(&mut self.entry, Instant::now());
    }

    pub(super) fn succeeded(mut self) {
        self.breaker.lock().succeeded(&mut self.entry, Instant::now());
    }

    pub(super) fn failed(mut self, error: ModelErrorKind) {
        self.breaker.lock().failed(&mut self.entry, error, Instant::now(), self.may_open);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.breaker.lock().leave(&self.entry);
    }
}

#[cfg(test)]
mod tests;
