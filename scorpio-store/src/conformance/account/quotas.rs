//! The usage ledger: exact, whatever happens at once.

use std::{sync::Arc, time::Duration};

use futures::future::join_all;
use jiff::Timestamp;
use scorpio_core::{
    UserId,
    store::{AccountStore, Quota, Spend, Spending},
};

use super::{HOUR, spend};
use crate::conformance::sample::now;

const MOMENT: Duration = Duration::from_micros(1);

#[track_caller]
fn spent(spending: Spending) -> Quota {
    match spending {
        Spending::Spent(quota) => quota,
        other => panic!("not spent: {other:?}"),
    }
}

#[track_caller]
fn exceeded(spending: Spending) -> Quota {
    match spending {
        Spending::Exceeded(quota) => quota,
        other => panic!("not exceeded: {other:?}"),
    }
}

fn quota(used: u64, oldest: Timestamp) -> Quota {
    Quota { used, oldest: Some(oldest) }
}

/// Spends `m0` to `m{count - 1}`, an hour apart, and answers the time of the first.
async fn hourly(store: &dyn AccountStore, user: UserId, count: u32) -> Timestamp {
    let start = now();
    for index in 0..count {
        let entry = spend(user, &format!("m{index}"), start + index * HOUR);
        spent(store.spend(&entry).await.unwrap());
    }
    start
}

pub(super) async fn spending_counts_up_to_the_limit(store: Arc<dyn AccountStore>) {
    let (user, start) = (UserId::new(), now());
    for index in 0..20 {
        let time = start + Duration::from_secs(index);
        let entry = spend(user, &format!("m{index}"), time);
        assert_eq!(spent(store.spend(&entry).await.unwrap()), quota(index + 1, start));
    }
    let entry = spend(user, "m20", start + HOUR);
    assert_eq!(exceeded(store.spend(&entry).await.unwrap()), quota(20, start));
}

pub(super) async fn the_same_key_counts_once(store: Arc<dyn AccountStore>) {
    let (user, start) = (UserId::new(), now());
    for hours in 0..5 {
        let entry = spend(user, "m", start + hours * HOUR);
        assert_eq!(spent(store.spend(&entry).await.unwrap()), quota(1, start));
    }
}

pub(super) async fn a_known_key_is_spent_even_at_the_limit(store: Arc<dyn AccountStore>) {
    let user = UserId::new();
    let start = hourly(&*store, user, 20).await;
    let again = spend(user, "m7", start + 20 * HOUR);
    assert_eq!(spent(store.spend(&again).await.unwrap()), quota(20, start));
    let new = spend(user, "new", start + 20 * HOUR);
    assert_eq!(exceeded(store.spend(&new).await.unwrap()), quota(20, start));
}

pub(super) async fn what_exceeds_is_not_counted(store: Arc<dyn AccountStore>) {
    let user = UserId::new();
    let start = hourly(&*store, user, 20).await;
    let mut late = spend(user, "late", start + 21 * HOUR);
    for _ in 0..3 {
        exceeded(store.spend(&late).await.unwrap());
    }
    assert_eq!(store.quota(user, "message", start - MOMENT).await.unwrap().used, 20);
    // The refused key is free: with more room the same request goes through.
    late.limit = 21;
    assert_eq!(spent(store.spend(&late).await.unwrap()), quota(21, start));
}

pub(super) async fn users_and_kinds_count_apart(store: Arc<dyn AccountStore>) {
    let (one, two, time) = (UserId::new(), UserId::new(), now());
    let of = |user, kind| Spend { kind, limit: 1, ..spend(user, "same key", time) };
    for entry in [of(one, "message"), of(two, "message"), of(one, "upload")] {
        assert_eq!(spent(store.spend(&entry).await.unwrap()), quota(1, time));
    }
    let full = Spend { key: "other key".into(), ..of(one, "upload") };
    assert_eq!(exceeded(store.spend(&full).await.unwrap()), quota(1, time));
    assert_eq!(store.quota(two, "upload", time - HOUR).await.unwrap().used, 0);
}

pub(super) async fn the_window_slides(store: Arc<dyn AccountStore>) {
    let user = UserId::new();
    let start = hourly(&*store, user, 20).await;
    // At the 25th hour the first two have left the window of 24 hours.
    let entry = spend(user, "later", start + 25 * HOUR);
    assert_eq!(spent(store.spend(&entry).await.unwrap()), quota(19, start + 2 * HOUR));
    let entry = spend(user, "last", start + 25 * HOUR);
    assert_eq!(spent(store.spend(&entry).await.unwrap()), quota(20, start + 2 * HOUR));
    let entry = spend(user, "too many", start + 25 * HOUR);
    assert_eq!(exceeded(store.spend(&entry).await.unwrap()), quota(20, start + 2 * HOUR));
}

pub(super) async fn an_entry_leaves_the_window_at_its_end(store: Arc<dyn AccountStore>) {
    let (user, start) = (UserId::new(), now());
    let of = |key: &str, time| Spend { limit: 1, ..spend(user, key, time) };
    spent(store.spend(&of("first", start)).await.unwrap());
    let end = start + 24 * HOUR;
    let early = store.spend(&of("second", end - MOMENT)).await.unwrap();
    assert_eq!(exceeded(early), quota(1, start), "oldest + window tells when to come back");
    assert_eq!(spent(store.spend(&of("second", end)).await.unwrap()), quota(1, end));
}

pub(super) async fn the_quota_is_that_of_spending(store: Arc<dyn AccountStore>) {
    let user = UserId::new();
    let start = hourly(&*store, user, 5).await;
    for (since, used) in [(start - MOMENT, 5), (start, 4), (start + HOUR, 3), (start + 3 * HOUR, 1)] {
        let quota = store.quota(user, "message", since).await.unwrap();
        assert_eq!(
            (quota.used, quota.oldest),
            (used, Some(start + (5 - u32::try_from(used).unwrap()) * HOUR))
        );
    }
}

pub(super) async fn an_empty_quota_has_no_oldest(store: Arc<dyn AccountStore>) {
    let user = UserId::new();
    let empty = Quota { used: 0, oldest: None };
    assert_eq!(store.quota(user, "message", Timestamp::UNIX_EPOCH).await.unwrap(), empty);
    let start = hourly(&*store, user, 1).await;
    assert_eq!(store.quota(user, "message", start).await.unwrap(), empty);
    assert_eq!(store.quota(user, "upload", start - HOUR).await.unwrap(), empty);
}

pub(super) async fn a_limit_of_zero_allows_nothing(store: Arc<dyn AccountStore>) {
    let entry = Spend { limit: 0, ..spend(UserId::new(), "m", now()) };
    assert_eq!(exceeded(store.spend(&entry).await.unwrap()), Quota { used: 0, oldest: None });
}

pub(super) async fn a_window_of_all_time_counts_everything(store: Arc<dyn AccountStore>) {
    let user = UserId::new();
    let start = hourly(&*store, user, 3).await;
    let entry = Spend { window: Duration::MAX, ..spend(user, "m", start + 1_000 * HOUR) };
    assert_eq!(spent(store.spend(&entry).await.unwrap()), quota(4, start));
    assert_eq!(store.quota(user, "message", Timestamp::MIN).await.unwrap().used, 4);
}

async fn thirty_at_once(store: &Arc<dyn AccountStore>, entry: impl Fn(usize) -> Spend) -> Vec<Spending> {
    let tasks: Vec<_> = (0..30)
        .map(|index| {
            let (store, entry) = (store.clone(), entry(index));
            tokio::spawn(async move { store.spend(&entry).await.unwrap() })
        })
        .collect();
    join_all(tasks).await.into_iter().map(|joined| joined.unwrap()).collect()
}

pub(super) async fn of_thirty_at_fifteen_of_twenty_five_fit(store: Arc<dyn AccountStore>) {
    let user = UserId::new();
    let start = hourly(&*store, user, 15).await;
    let time = start + 15 * HOUR;
    let spendings = thirty_at_once(&store, |index| spend(user, &format!("new{index}"), time)).await;
    let fit = spendings.iter().filter(|spending| matches!(spending, Spending::Spent(_))).count();
    assert_eq!(fit, 5);
    assert_eq!(store.quota(user, "message", start - MOMENT).await.unwrap(), quota(20, start));
}

pub(super) async fn of_thirty_with_one_key_one_counts(store: Arc<dyn AccountStore>) {
    let (user, time) = (UserId::new(), now());
    let spendings = thirty_at_once(&store, |_| spend(user, "same", time)).await;
    for spending in spendings {
        assert_eq!(spent(spending), quota(1, time));
    }
    assert_eq!(store.quota(user, "message", time - MOMENT).await.unwrap(), quota(1, time));
}
