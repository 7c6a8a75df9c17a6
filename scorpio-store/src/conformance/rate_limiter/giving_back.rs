//! Giving back, on the clock. Waiting is never taken for granted: a test looks how long it was.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use scorpio_core::store::{RateDecision, RateLimiter, RateQuota};

use super::{HOUR, an_hour, check, is_allowed};

/// The limiter may have another clock, and tell time to the millisecond.
const SLACK: Duration = Duration::from_millis(5);

pub(super) async fn retry_after_is_the_truth(limiter: Arc<dyn RateLimiter>) {
    let quota = RateQuota::new(2, Duration::from_millis(160));
    assert!(is_allowed(&*limiter, "key", quota, 2).await);
    let start = Instant::now();
    let RateDecision::Denied { retry_after } = check(&*limiter, "key", quota, 1).await else {
        // On a machine this slow, one has been given back by now.
        return;
    };
    assert!(retry_after <= Duration::from_millis(80), "{retry_after:?}");
    let mut waited = start.elapsed();
    while !is_allowed(&*limiter, "key", quota, 1).await {
        tokio::time::sleep(Duration::from_millis(1)).await;
        waited = start.elapsed();
    }
    assert!(start.elapsed() + SLACK >= retry_after, "it was allowed too early, after {waited:?}");
    // Whoever waits for as long as they are told is not refused again.
    let RateDecision::Denied { retry_after } = check(&*limiter, "key", quota, 1).await else { return };
    tokio::time::sleep(retry_after + SLACK).await;
    assert!(is_allowed(&*limiter, "key", quota, 1).await);
}

pub(super) async fn reset_is_the_truth(limiter: Arc<dyn RateLimiter>) {
    let quota = RateQuota::new(4, Duration::from_millis(100));
    let RateDecision::Allowed { remaining: 0, reset } = check(&*limiter, "key", quota, 4).await else {
        panic!("the burst is allowed");
    };
    assert!(reset <= Duration::from_millis(100));
    tokio::time::sleep(reset + SLACK).await;
    assert!(is_allowed(&*limiter, "key", quota, 4).await, "everything has been given back");
}

pub(super) async fn uses_are_given_back_one_by_one(limiter: Arc<dyn RateLimiter>) {
    let quota = RateQuota::new(5, Duration::from_millis(200));
    let start = Instant::now();
    assert!(is_allowed(&*limiter, "key", quota, 5).await);
    for given_back in 1..=5 {
        while !is_allowed(&*limiter, "key", quota, 1).await {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let due = Duration::from_millis(40) * given_back;
        assert!(start.elapsed() + SLACK >= due, "number {given_back} came after {:?}", start.elapsed());
    }
}

pub(super) async fn a_reset_key_starts_anew(limiter: Arc<dyn RateLimiter>) {
    for _ in 0..3 {
        assert!(is_allowed(&*limiter, "key", an_hour(2), 2).await);
        assert!(!is_allowed(&*limiter, "key", an_hour(2), 1).await);
        limiter.reset("key").await.unwrap();
    }
    limiter.reset("unknown").await.unwrap();
}

pub(super) async fn another_quota_counts_what_was_spent(limiter: Arc<dyn RateLimiter>) {
    // Four hours are owed.
    assert!(is_allowed(&*limiter, "key", an_hour(4), 4).await);
    let wider = RateQuota::new(6, 6 * HOUR);
    assert!(matches!(check(&*limiter, "key", wider, 0).await, RateDecision::Allowed { remaining: 2, .. }));
    assert!(!is_allowed(&*limiter, "key", an_hour(2), 1).await);
}
