//! Stores that live as long as the process: the default of an agent, and what tests run on. They keep the whole contract of
//! their traits except that they forget everything at the end.

mod accounts;
mod blob;
mod cache;
mod event_log;
mod pub_sub;
mod rate_limiter;
mod store;
mod vectors;

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;

pub use self::{
    accounts::MemoryAccounts, blob::MemoryBlobStore, cache::MemoryCache, event_log::MemoryEventLog,
    pub_sub::MemoryPubSub, rate_limiter::MemoryRateLimiter, store::MemoryStore, vectors::MemoryVectors,
};

/// Locks `mutex`. Every change in these stores is checked before it begins, so that a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `time` and `ttl` together, or the end of time.
fn after(time: Timestamp, ttl: Duration) -> Timestamp {
    time.checked_add(ttl).unwrap_or(Timestamp::MAX)
}

/// `time` less `window`, or the beginning of time.
fn before(time: Timestamp, window: Duration) -> Timestamp {
    time.checked_sub(window).unwrap_or(Timestamp::MIN)
}
