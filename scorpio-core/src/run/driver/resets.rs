//! How often, and after how long, an answer that broke off is asked for again.

use std::time::Duration;

use uuid::Uuid;

use crate::model::{ModelError, ModelErrorKind};

/// The longest wait before the first time, doubled each time after.
const FIRST_WAIT: Duration = Duration::from_millis(500);

/// The longest wait of all but those that the provider asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// A provider that asks for a longer wait is not waited for.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

/// The resets of one turn.
#[derive(Debug)]
pub(super) struct Resets {
    left: u32,
    longest: Duration,
}

impl Resets {
    pub(super) fn new(times: u32) -> Self {
        Self { left: times, longest: FIRST_WAIT }
    }

    /// How long to wait before the answer that failed with `error` is asked for again, if it is.
    pub(super) fn next(&mut self, error: &ModelError) -> Option<Duration> {
        // An answer that breaks the rules of its format was most likely garbled on its way.
        let may_pass = error.is_retryable() || error.kind() == ModelErrorKind::Protocol;
        if self.left == 0 || !may_pass {
            return None;
        }
        self.left -= 1;
        let longest = self.longest;
        self.longest = (longest * 2).min(LONGEST_WAIT);
        match error.retry_after() {
            Some(asked) => Some(asked).filter(|asked| *asked <= LONGEST_ASKED),
            // Full jitter, so that what broke off together does not come back together.
            None => Some(longest.mul_f64(random_fraction())),
        }
    }
}

/// A random number from 0 to 1.
fn random_fraction() -> f64 {
    let (_, random) = Uuid::now_v7().as_u64_pair();
    // The two highest bits are the variant's.
    (random << 2) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests;
