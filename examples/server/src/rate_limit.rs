//! How often somebody may do something: the generic cell rate algorithm, kept in memory for each key.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

/// So many at once, given back evenly over a time.
///
/// ```
/// use std::time::Duration;
/// use scorpio_server::RateLimit;
/// let five_in_fifteen_minutes = RateLimit::new(5, Duration::from_secs(15 * 60));
/// assert_eq!(five_in_fifteen_minutes.burst, 5);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many at once. 0 counts as 1.
    pub burst: u32,
    /// How long until all of them are given back.
    pub period: Duration,
}

impl RateLimit {
    /// `burst` at once, given back evenly over `period`.
    pub const fn new(burst: u32, period: Duration) -> Self {
        Self { burst, period }
    }
}

/// When this many keys are kept, those that are as good as new are dropped.
const CROWDED: usize = 10_000;

#[derive(Debug)]
pub(crate) struct RateLimiter {
    /// Milliseconds that one use costs.
    cost: i64,
    /// Milliseconds that may be owed.
    credit: i64,
    /// For each key, the Unix millisecond at which all uses are given back.
    owed_until: Mutex<HashMap<String, i64>>,
}

impl RateLimiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        let period = i64::try_from(limit.period.as_millis()).unwrap_or(i64::MAX / 2).max(1);
        let cost = (period / i64::from(limit.burst.max(1))).max(1);
        Self {
            cost,
            credit: cost.saturating_mul(i64::from(limit.burst.max(1))),
            owed_until: Mutex::default(),
        }
    }

    /// Counts one use of `key`, or tells how long to wait for it.
    pub(crate) fn take(&self, key: &str, now: Timestamp) -> Result<(), Duration> {
        let now = now.as_millisecond();
        let mut owed_until = self.owed_until.lock().unwrap_or_else(PoisonError::into_inner);
        if owed_until.len() >= CROWDED {
            owed_until.retain(|_, until| *until > now);
        }
        let after = owed_until.get(key).copied().unwrap_or(now).max(now).saturating_add(self.cost);
        let excess = after.saturating_sub(now).saturating_sub(self.credit);
        if excess > 0 {
            return Err(Duration::from_millis(u64::try_from(excess).unwrap_or(0)));
        }
        owed_until.insert(key.to_owned(), after);
        Ok(())
    }

    /// Gives all uses of `key` back.
    pub(crate) fn forget(&self, key: &str) {
        self.owed_until.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests;
