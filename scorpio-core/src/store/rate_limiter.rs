//! How often something may be done: the generic cell rate algorithm (GCRA), which needs one number for each key.

use std::{fmt, time::Duration};

use async_trait::async_trait;

use super::StoreError;

/// Counts uses by key and refuses those that are too many, for all processes that share the backend.
///
/// # Errors
///
/// [`StoreErrorKind::Unavailable`](super::StoreErrorKind::Unavailable) when the backend does not answer. The caller decides whether that allows
/// or denies; a limiter in memory is a good second line.
#[async_trait]
pub trait RateLimiter: fmt::Debug + Send + Sync + 'static {
    /// Spends `cost` of the quota of `key`, whole or not at all: of any number of calls at the same time, no more are allowed than fit.
    /// A cost of 0 spends nothing and tells how things stand.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`](super::StoreErrorKind::Invalid) when `cost` is above the burst of `quota`: it would never be allowed.
    async fn check(&self, key: &str, quota: RateQuota, cost: u32) -> Result<RateDecision, StoreError>;

    /// Gives everything that was spent of `key` back.
    async fn reset(&self, key: &str) -> Result<(), StoreError>;
}

/// So many at once, given back evenly over a time.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::store::RateQuota;
/// let five_in_fifteen_minutes = RateQuota::new(5, Duration::from_secs(15 * 60));
/// assert_eq!(five_in_fifteen_minutes.interval(), Duration::from_secs(3 * 60));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct RateQuota {
    /// How many at once. 0 counts as 1.
    pub burst: u32,
    /// How long until all of them are given back, from a microsecond for each up to a hundred years.
    pub period: Duration,
}

/// A hundred years in microseconds. Together with the time since 1970 it is well within the integers that a double holds.
const LONGEST: u64 = 100 * 365 * 24 * 3_600 * 1_000_000;

impl RateQuota {
    /// `burst` at once, given back evenly over `period`.
    pub const fn new(burst: u32, period: Duration) -> Self {
        Self { burst, period }
    }

    /// How long until one more is given back, to the microsecond: what implementations count in.
    pub fn interval(&self) -> Duration {
        let period = u64::try_from(self.period.as_micros()).unwrap_or(u64::MAX).min(LONGEST);
        Duration::from_micros((period / u64::from(self.capacity())).max(1))
    }

    /// How many at once, at least one.
    pub fn capacity(&self) -> u32 {
        self.burst.max(1)
    }

    /// Refuses a cost that can never be allowed. Implementations call it first.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`](super::StoreErrorKind::Invalid) when `cost` is above the burst.
    pub fn expect_possible(&self, cost: u32) -> Result<(), StoreError> {
        if cost > self.capacity() {
            let message =
                format!("a cost of {cost} is never allowed: the quota has {} at once", self.capacity());
            return Err(StoreError::invalid(message));
        }
        Ok(())
    }
}

/// Whether something may be done now.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::store::{MemoryRateLimiter, RateDecision, RateLimiter, RateQuota};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (limiter, quota) = (MemoryRateLimiter::new(), RateQuota::new(1, Duration::from_secs(60)));
/// assert!(limiter.check("alice", quota, 1).await?.is_allowed());
/// let RateDecision::Denied { retry_after } = limiter.check("alice", quota, 1).await? else { panic!() };
/// assert!(retry_after <= Duration::from_secs(60));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateDecision {
    /// It may, and it is counted.
    Allowed {
        /// How many more at once are left.
        remaining: u32,
        /// How long until everything is given back.
        reset: Duration,
    },
    /// It may not, and it is not counted.
    Denied {
        /// How long until this cost is allowed if nothing else is spent.
        retry_after: Duration,
    },
}

impl RateDecision {
    /// Whether it may be done.
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}
