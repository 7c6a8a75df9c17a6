use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::Timestamp;

use super::{MemoryRateLimiter, lock};
use crate::store::{RateDecision, RateLimiter, RateQuota};

const SECOND: Duration = Duration::from_secs(1);
const TEN_IN_TEN_SECONDS: RateQuota = RateQuota::new(10, Duration::from_secs(10));

async fn check(limiter: &MemoryRateLimiter, cost: u32) -> RateDecision {
    limiter.check("key", TEN_IN_TEN_SECONDS, cost).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_is_spent_is_given_back_evenly() {
    let limiter = MemoryRateLimiter::new();
    assert_eq!(check(&limiter, 10).await, RateDecision::Allowed { remaining: 0, reset: 10 * SECOND });
    assert_eq!(check(&limiter, 1).await, RateDecision::Denied { retry_after: SECOND });
    assert_eq!(check(&limiter, 3).await, RateDecision::Denied { retry_after: 3 * SECOND });
    tokio::time::advance(3 * SECOND - Duration::from_micros(1)).await;
    assert_eq!(check(&limiter, 3).await, RateDecision::Denied { retry_after: Duration::from_micros(1) });
    tokio::time::advance(Duration::from_micros(1)).await;
    assert_eq!(check(&limiter, 3).await, RateDecision::Allowed { remaining: 0, reset: 10 * SECOND });
    tokio::time::advance(10 * SECOND).await;
    assert_eq!(check(&limiter, 0).await, RateDecision::Allowed { remaining: 10, reset: Duration::ZERO });
}

#[tokio::test(start_paused = true)]
async fn keys_are_bounded_and_those_that_owe_most_stay() {
    let limiter = MemoryRateLimiter::with_capacity(100);
    check(&limiter, 10).await;
    for number in 0..1_000 {
        limiter.check(&number.to_string(), TEN_IN_TEN_SECONDS, 1).await.unwrap();
        assert!(lock(&limiter.owed_until).len() <= 100);
    }
    assert!(!check(&limiter, 1).await.is_allowed());
    tokio::time::advance(10 * SECOND).await;
    for number in 0..100 {
        limiter.check(&number.to_string(), TEN_IN_TEN_SECONDS, 1).await.unwrap();
    }
    assert!(!lock(&limiter.owed_until).contains_key("key"), "it owes nothing and goes first");
}

#[tokio::test]
async fn the_time_is_that_of_the_clock_also_when_it_goes_back() {
    let second = Arc::new(AtomicI64::new(1_800_000_000));
    let clock = Arc::clone(&second);
    let limiter = MemoryRateLimiter::new()
        .with_clock(move || Timestamp::from_second(clock.load(Ordering::SeqCst)).unwrap());
    assert!(check(&limiter, 10).await.is_allowed());
    assert_eq!(check(&limiter, 1).await, RateDecision::Denied { retry_after: SECOND });
    second.fetch_add(1, Ordering::SeqCst);
    assert!(check(&limiter, 1).await.is_allowed());
    second.fetch_sub(5, Ordering::SeqCst);
    assert_eq!(check(&limiter, 1).await, RateDecision::Denied { retry_after: 6 * SECOND });
}
