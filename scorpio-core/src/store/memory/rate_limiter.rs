//! A rate limiter in memory: for each key the time at which everything is given back.

use std::{collections::HashMap, fmt, sync::Mutex, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::time::Instant;

use super::lock;
use crate::store::{RateDecision, RateLimiter, RateQuota, StoreError};

/// How many keys are kept unless set.
const CAPACITY: usize = 100_000;

/// A [`RateLimiter`] in memory.
///
/// It keeps a bounded number of keys. Those that have everything given back go first, then those that have spent the least.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::store::{MemoryRateLimiter, RateDecision, RateLimiter, RateQuota};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limiter = MemoryRateLimiter::new();
/// let decision = limiter.check("alice", RateQuota::new(5, Duration::from_secs(60)), 2).await?;
/// assert!(matches!(decision, RateDecision::Allowed { remaining: 3, .. }));
/// # Ok(()) }
/// ```
pub struct MemoryRateLimiter {
    capacity: usize,
    clock: Clock,
    /// For each key, the microsecond of the clock at which everything is given back.
    owed_until: Mutex<HashMap<String, u64>>,
}

/// What the time is read from.
enum Clock {
    /// The time since then, which only ever goes forward.
    Since(Instant),
    Of(Box<dyn Fn() -> Timestamp + Send + Sync>),
}

impl MemoryRateLimiter {
    /// One that keeps 100,000 keys.
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// One that keeps that many keys, at least one.
    pub fn with_capacity(keys: usize) -> Self {
        Self { capacity: keys.max(1), clock: Clock::Since(Instant::now()), owed_until: Mutex::default() }
    }

    /// Reads the time from `clock`. Unset, it is a clock of the machine that only ever goes forward.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Clock::Of(Box::new(clock));
        self
    }

    fn now(&self) -> u64 {
        match &self.clock {
            Clock::Since(start) => micros(start.elapsed()),
            Clock::Of(clock) => u64::try_from(clock().as_microsecond()).unwrap_or(0),
        }
    }
}

impl Default for MemoryRateLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRateLimiter")
            .field("capacity", &self.capacity)
            .field("keys", &lock(&self.owed_until).len())
            .finish_non_exhaustive()
    }
}

/// Decides at `now` about a key that owes until `owed_until`. Answers also until when it owes then. All in microseconds.
fn decide(owed_until: u64, now: u64, quota: RateQuota, cost: u32) -> (RateDecision, u64) {
    let interval = micros(quota.interval());
    let credit = interval * u64::from(quota.capacity());
    let owed = owed_until.saturating_sub(now);
    let after = owed + interval * u64::from(cost);
    if after > credit && cost > 0 {
        return (RateDecision::Denied { retry_after: Duration::from_micros(after - credit) }, owed_until);
    }
    let left = credit.saturating_sub(after) / interval;
    let remaining = u32::try_from(left).unwrap_or(u32::MAX);
    (RateDecision::Allowed { remaining, reset: Duration::from_micros(after) }, now + after)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Drops a quarter of the keys if so many have something to be given back, those that owe the least.
fn make_room(owed_until: &mut HashMap<String, u64>, capacity: usize, now: u64) {
    owed_until.retain(|_, until| *until > now);
    if owed_until.len() < capacity {
        return;
    }
    let mut times: Vec<u64> = owed_until.values().copied().collect();
    let drop = (capacity / 4).max(1);
    times.sort_unstable();
    let Some(bound) = times.get(drop - 1).copied() else { return };
    let mut left = drop;
    owed_until.retain(|_, until| {
        let goes = *until <= bound && left > 0;
        left -= usize::from(goes);
        !goes
    });
}

#[async_trait]
impl RateLimiter for MemoryRateLimiter {
    async fn check(&self, key: &str, quota: RateQuota, cost: u32) -> Result<RateDecision, StoreError> {
        quota.expect_possible(cost)?;
        let mut owed_until = lock(&self.owed_until);
        let now = self.now();
        let known = owed_until.get(key).copied();
        let (decision, until) = decide(known.unwrap_or(0), now, quota, cost);
        if cost > 0 && decision.is_allowed() {
            if known.is_none() && owed_until.len() >= self.capacity {
                make_room(&mut owed_until, self.capacity, now);
            }
            owed_until.insert(key.to_owned(), until);
        }
        Ok(decision)
    }

    async fn reset(&self, key: &str) -> Result<(), StoreError> {
        lock(&self.owed_until).remove(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
