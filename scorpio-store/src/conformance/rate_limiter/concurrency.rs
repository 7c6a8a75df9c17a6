//! Many at the same time.

use std::sync::Arc;

use futures::future::join_all;
use scorpio_core::store::RateLimiter;

use super::{an_hour, is_allowed};

/// How many of `calls` checks at the same time are allowed.
async fn allowed(limiter: &Arc<dyn RateLimiter>, key: &str, burst: u32, cost: u32, calls: u32) -> usize {
    let checks = (0..calls).map(|_| {
        let (limiter, key) = (limiter.clone(), key.to_owned());
        tokio::spawn(async move { is_allowed(&*limiter, &key, an_hour(burst), cost).await })
    });
    join_all(checks).await.into_iter().filter(|allowed| *allowed.as_ref().unwrap()).count()
}

pub(super) async fn no_more_than_the_burst_is_allowed_at_once(limiter: Arc<dyn RateLimiter>) {
    for round in 0..10 {
        assert_eq!(allowed(&limiter, &format!("key {round}"), 17, 1, 64).await, 17);
    }
}

pub(super) async fn costs_at_once_add_up(limiter: Arc<dyn RateLimiter>) {
    assert_eq!(allowed(&limiter, "key", 100, 7, 64).await, 14);
    assert_eq!(allowed(&limiter, "key", 100, 1, 64).await, 2);
}

pub(super) async fn keys_at_once_do_not_mix(limiter: Arc<dyn RateLimiter>) {
    let keys = (0..16).map(|number| {
        let limiter = limiter.clone();
        tokio::spawn(async move { allowed(&limiter, &format!("key {number}"), number + 1, 1, 32).await })
    });
    let counts: Vec<_> = join_all(keys).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(counts, Vec::from_iter(1..=16));
}
