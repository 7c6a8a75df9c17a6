//! How often somebody may do something: counted together with other servers where there is a place for that, and otherwise here, by the
//! generic cell rate algorithm, kept in memory for each key.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use scorpio_core::store::{RateDecision, RateLimiter, RateQuota};

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

/// Counts one kind of thing.
#[derive(Debug)]
pub(crate) struct Limiter {
    name: &'static str,
    limit: RateLimit,
    shared: Option<Arc<dyn RateLimiter>>,
    here: LocalLimiter,
}

impl Limiter {
    /// Counts things of this name, in `shared` if there is one.
    pub(crate) fn new(name: &'static str, limit: RateLimit, shared: Option<&Arc<dyn RateLimiter>>) -> Self {
        Self { name, limit, shared: shared.cloned(), here: LocalLimiter::new(limit) }
    }

    /// Counts one use of `key`, or tells how long to wait for it.
    pub(crate) async fn take(&self, key: &str, now: Timestamp) -> Result<(), Duration> {
        if let Some(shared) = &self.shared {
            let quota = RateQuota::new(self.limit.burst, self.limit.period);
            match shared.check(&self.shared_key(key), quota, 1).await {
                Ok(RateDecision::Allowed { .. }) => return Ok(()),
                Ok(RateDecision::Denied { retry_after }) => return Err(retry_after),
                Err(error) => {
                    tracing::warn!(
                        ?error,
                        limit = self.name,
                        "what all servers count together cannot be counted; counting here"
                    );
                }
            }
        }
        self.here.take(key, now)
    }

    /// Gives all uses of `key` back.
    pub(crate) async fn forget(&self, key: &str) {
        self.here.forget(key);
        if let Some(shared) = &self.shared
            && let Err(error) = shared.reset(&self.shared_key(key)).await
        {
            tracing::warn!(?error, limit = self.name, "what was counted could not be given back");
        }
    }

    fn shared_key(&self, key: &str) -> String {
        format!("{}:{key}", self.name)
    }
}

#[derive(Debug)]
struct LocalLimiter {
    /// Milliseconds that one use costs.
    cost: i64,
    /// Milliseconds that may be owed.
    credit: i64,
    /// For each key, the Unix millisecond at which all uses are given back.
    owed_until: Mutex<HashMap<String, i64>>,
}

impl LocalLimiter {
    fn new(limit: RateLimit) -> Self {
        let period = i64::try_from(limit.period.as_millis()).unwrap_or(i64::MAX / 2).max(1);
        let cost = (period / i64::from(limit.burst.max(1))).max(1);
        Self {
            cost,
            credit: cost.saturating_mul(i64::from(limit.burst.max(1))),
            owed_until: Mutex::default(),
        }
    }

    /// Counts one use of `key`, or tells how long to wait for it.
    fn take(&self, key: &str, now: Timestamp) -> Result<(), Duration> {
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
    fn forget(&self, key: &str) {
        self.owed_until.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests;
