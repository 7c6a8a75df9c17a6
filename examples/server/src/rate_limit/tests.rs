use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use scorpio_core::store::{StoreError, StoreErrorKind};

use super::*;

const DETAIL: &str = "Please wait.";

fn noon() -> Clock {
    Clock::from_fn(|| Timestamp::from_second(1_800_000_000).unwrap())
}

fn one_a_minute(counters: &Counters, name: &'static str) -> Limiter {
    counters.limit(name, RateQuota::new(1, Duration::from_secs(60)), Surface::Auth, DETAIL)
}

#[tokio::test]
async fn kinds_and_keys_are_apart_and_are_given_back() {
    let counters = Counters::new(None, noon());
    let (logins, guests) = (one_a_minute(&counters, "logins"), one_a_minute(&counters, "guests"));
    for limiter in [&logins, &guests] {
        limiter.take("ada").await.unwrap();
        limiter.take("eve").await.unwrap();
        assert!(limiter.take("ada").await.is_err());
    }
    logins.forget("ada").await.unwrap();
    logins.take("ada").await.unwrap();
    assert!(guests.take("ada").await.is_err());
}

#[tokio::test]
async fn servers_that_share_a_place_count_together() {
    let shared: Arc<dyn RateLimiter> = Arc::new(MemoryRateLimiter::new());
    let server = || one_a_minute(&Counters::new(Some(shared.clone()), noon()), "logins");
    let (first, second) = (server(), server());
    first.take("ada").await.unwrap();
    assert!(second.take("ada").await.is_err());
    second.forget("ada").await.unwrap();
    first.take("ada").await.unwrap();
}

/// A place that does not answer.
#[derive(Debug)]
struct Down;

#[async_trait]
impl RateLimiter for Down {
    async fn check(&self, _: &str, _: RateQuota, _: u32) -> Result<RateDecision, StoreError> {
        Err(StoreError::new(StoreErrorKind::Unavailable, "it is down"))
    }

    async fn reset(&self, _: &str) -> Result<(), StoreError> {
        Err(StoreError::new(StoreErrorKind::Unavailable, "it is down"))
    }
}

#[tokio::test]
async fn while_the_shared_place_is_down_each_server_counts_for_itself() {
    let limiter = one_a_minute(&Counters::new(Some(Arc::new(Down)), noon()), "logins");
    limiter.take("ada").await.unwrap();
    assert!(limiter.take("ada").await.is_err());
    limiter.forget("ada").await.unwrap();
    limiter.take("ada").await.unwrap();
}
