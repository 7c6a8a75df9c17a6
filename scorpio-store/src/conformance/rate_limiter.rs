//! The cases of [`RateLimiter`].

mod concurrency;
mod giving_back;
mod spending;

use std::time::Duration;

use scorpio_core::store::{RateDecision, RateLimiter, RateQuota};

super::suite! {
    /// Everything that a [`RateLimiter`] promises.
    RATE_LIMITER: RateLimiter,
    /// Makes one test for each promise of a [`RateLimiter`](scorpio_core::store::RateLimiter).
    ///
    /// It takes the path of an async function that answers one that has counted nothing as `Arc<dyn RateLimiter>`, or as a pair with something
    /// that must outlive it. Use it once in a module.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use scorpio_core::store::{MemoryRateLimiter, RateLimiter};
    /// async fn fresh() -> Arc<dyn RateLimiter> {
    ///     Arc::new(MemoryRateLimiter::new())
    /// }
    ///
    /// scorpio_store::rate_limiter_conformance!(fresh);
    /// # fn main() {}
    /// ```
    rate_limiter_conformance!,
    spending {
        a_burst_is_allowed_and_no_more,
        what_is_left_is_told,
        a_cost_is_spent_whole_or_not_at_all,
        a_cost_of_zero_spends_nothing,
        an_impossible_cost_is_invalid,
        keys_are_kept_apart,
        keys_are_any_text,
        what_is_denied_is_not_counted,
        extreme_quotas_are_kept,
        a_burst_of_zero_counts_as_one,
    }
    giving_back {
        retry_after_is_the_truth,
        reset_is_the_truth,
        uses_are_given_back_one_by_one,
        a_reset_key_starts_anew,
        another_quota_counts_what_was_spent,
    }
    concurrency {
        no_more_than_the_burst_is_allowed_at_once,
        costs_at_once_add_up,
        keys_at_once_do_not_mix,
    }
    [$]
}

const HOUR: Duration = Duration::from_secs(3_600);

/// So many in an hour: none is given back while a test runs.
fn an_hour(burst: u32) -> RateQuota {
    RateQuota::new(burst, HOUR * burst)
}

async fn check(limiter: &dyn RateLimiter, key: &str, quota: RateQuota, cost: u32) -> RateDecision {
    limiter.check(key, quota, cost).await.unwrap()
}

async fn is_allowed(limiter: &dyn RateLimiter, key: &str, quota: RateQuota, cost: u32) -> bool {
    check(limiter, key, quota, cost).await.is_allowed()
}
