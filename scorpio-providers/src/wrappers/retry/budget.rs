//! How many retries a route can afford.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering::Relaxed},
};

/// What a retry takes.
const RETRY: u32 = 14;

/// What an answer at the first attempt gives back.
const SUCCESS: u32 = 1;

/// A budget of retries that all calls of a route share. Clones are the same budget.
///
/// It holds 500 tokens at first, and never more. A retry takes 14 of them; when there are fewer, nothing is retried. A call that
/// is answered at its first attempt gives back 1, one that is answered after retries gives back the 14 of the last. The amounts are those
/// of the standard retry mode of the AWS SDKs.
///
/// So a budget that is full pays for 35 retries, however many calls fail. After that, retries that fail are at most a fourteenth of the
/// calls that succeed: while a provider is down altogether there are none, and a program's calls are what they would be without retries.
///
/// ```
/// use scorpio_providers::RetryBudget;
/// assert_eq!(RetryBudget::default().tokens(), 500);
/// ```
#[derive(Debug, Clone)]
pub struct RetryBudget(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    capacity: u32,
    tokens: AtomicU32,
}

impl RetryBudget {
    /// A full budget of `capacity` tokens.
    pub fn new(capacity: u32) -> Self {
        Self(Arc::new(Inner { capacity, tokens: AtomicU32::new(capacity) }))
    }

    /// How many tokens are left.
    pub fn tokens(&self) -> u32 {
        self.0.tokens.load(Relaxed)
    }

    /// Takes what a retry costs, if it is there.
    pub(super) fn take(&self) -> bool {
        self.0.tokens.fetch_update(Relaxed, Relaxed, |tokens| tokens.checked_sub(RETRY)).is_ok()
    }

    /// Gives back what an answer is worth.
    pub(super) fn answered(&self, after_retries: bool) {
        let worth = if after_retries { RETRY } else { SUCCESS };
        let refill = |tokens: u32| {
            let refilled = tokens.saturating_add(worth).min(self.0.capacity);
            (refilled != tokens).then_some(refilled)
        };
        // It fails when the budget is full, which is as well.
        let _ = self.0.tokens.fetch_update(Relaxed, Relaxed, refill);
    }
}

/// 500 tokens.
impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(500)
    }
}
