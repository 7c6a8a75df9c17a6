//! Spending.

use std::{sync::Arc, time::Duration};

use scorpio_core::store::{RateDecision, RateLimiter, RateQuota, StoreErrorKind};

use super::{HOUR, an_hour, check, is_allowed};
use crate::conformance::sample::kind_of;

pub(super) async fn a_burst_is_allowed_and_no_more(limiter: Arc<dyn RateLimiter>) {
    for _ in 0..5 {
        assert!(is_allowed(&*limiter, "key", an_hour(5), 1).await);
    }
    for _ in 0..5 {
        assert!(!is_allowed(&*limiter, "key", an_hour(5), 1).await);
    }
}

pub(super) async fn what_is_left_is_told(limiter: Arc<dyn RateLimiter>) {
    for left in (0..5).rev() {
        let RateDecision::Allowed { remaining, reset } = check(&*limiter, "key", an_hour(5), 1).await else {
            panic!("it is allowed");
        };
        assert_eq!(remaining, left);
        let spent = HOUR * (5 - left);
        assert!(reset <= spent && reset > spent - HOUR / 2, "{reset:?}");
    }
    let RateDecision::Denied { retry_after } = check(&*limiter, "key", an_hour(5), 1).await else {
        panic!("it is denied");
    };
    assert!(retry_after <= HOUR && retry_after > HOUR / 2, "{retry_after:?}");
}

pub(super) async fn a_cost_is_spent_whole_or_not_at_all(limiter: Arc<dyn RateLimiter>) {
    assert!(is_allowed(&*limiter, "key", an_hour(10), 7).await);
    assert!(!is_allowed(&*limiter, "key", an_hour(10), 4).await);
    assert!(is_allowed(&*limiter, "key", an_hour(10), 3).await);
    assert!(!is_allowed(&*limiter, "key", an_hour(10), 1).await);
}

pub(super) async fn a_cost_of_zero_spends_nothing(limiter: Arc<dyn RateLimiter>) {
    let look = || check(&*limiter, "key", an_hour(3), 0);
    for _ in 0..5 {
        assert_eq!(look().await, RateDecision::Allowed { remaining: 3, reset: Duration::ZERO });
    }
    is_allowed(&*limiter, "key", an_hour(3), 2).await;
    assert!(matches!(look().await, RateDecision::Allowed { remaining: 1, .. }));
    is_allowed(&*limiter, "key", an_hour(3), 1).await;
    assert!(matches!(look().await, RateDecision::Allowed { remaining: 0, .. }));
}

pub(super) async fn an_impossible_cost_is_invalid(limiter: Arc<dyn RateLimiter>) {
    assert_eq!(kind_of(limiter.check("key", an_hour(5), 6).await), StoreErrorKind::Invalid);
    assert_eq!(kind_of(limiter.check("key", an_hour(5), u32::MAX).await), StoreErrorKind::Invalid);
    assert!(is_allowed(&*limiter, "key", an_hour(5), 5).await, "nothing was spent");
}

pub(super) async fn keys_are_kept_apart(limiter: Arc<dyn RateLimiter>) {
    assert!(is_allowed(&*limiter, "one", an_hour(1), 1).await);
    assert!(!is_allowed(&*limiter, "one", an_hour(1), 1).await);
    assert!(is_allowed(&*limiter, "two", an_hour(1), 1).await);
}

pub(super) async fn keys_are_any_text(limiter: Arc<dyn RateLimiter>) {
    let long = "k".repeat(10_000);
    for key in ["", " ", "a:b", "a*", "é🦂", "a\r\nb", "a\0b", "2001:db8::1", &long] {
        assert!(is_allowed(&*limiter, key, an_hour(1), 1).await, "{key:?}");
        assert!(!is_allowed(&*limiter, key, an_hour(1), 1).await, "{key:?}");
    }
}

pub(super) async fn what_is_denied_is_not_counted(limiter: Arc<dyn RateLimiter>) {
    assert!(is_allowed(&*limiter, "key", an_hour(2), 2).await);
    for _ in 0..100 {
        let RateDecision::Denied { retry_after } = check(&*limiter, "key", an_hour(2), 1).await else {
            panic!("it is denied");
        };
        assert!(retry_after <= HOUR, "{retry_after:?}");
    }
}

pub(super) async fn extreme_quotas_are_kept(limiter: Arc<dyn RateLimiter>) {
    let many = RateQuota::new(u32::MAX, Duration::from_secs(1));
    assert!(is_allowed(&*limiter, "many", many, u32::MAX).await);
    assert!(!is_allowed(&*limiter, "many", many, u32::MAX).await);
    let ever = RateQuota::new(2, Duration::MAX);
    assert!(is_allowed(&*limiter, "ever", ever, 1).await);
    assert!(is_allowed(&*limiter, "ever", ever, 1).await);
    assert!(!is_allowed(&*limiter, "ever", ever, 1).await);
    // As good as no limit: a microsecond each.
    let never = RateQuota::new(1, Duration::ZERO);
    let (mut allowed, mut checked) = (0, 0);
    while allowed < 3 {
        allowed += u32::from(is_allowed(&*limiter, "never", never, 1).await);
        checked += 1;
        assert!(checked < 10_000);
    }
}

pub(super) async fn a_burst_of_zero_counts_as_one(limiter: Arc<dyn RateLimiter>) {
    let quota = RateQuota::new(0, HOUR);
    assert!(is_allowed(&*limiter, "key", quota, 1).await);
    assert!(!is_allowed(&*limiter, "key", quota, 1).await);
}
