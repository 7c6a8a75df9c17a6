//! Running out.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use scorpio_core::store::{Cache, SetCondition, SetOptions};

use super::{LONG, SHORT, for_a, only, run_out};

pub(super) async fn a_value_runs_out(cache: Arc<dyn Cache>) {
    let start = Instant::now();
    cache.set("key", "value".into(), for_a(SHORT)).await.unwrap();
    run_out(&*cache, "key").await;
    // The clock of the cache may be another one.
    assert!(start.elapsed() >= SHORT - Duration::from_millis(5), "it ran out after {:?}", start.elapsed());
}

pub(super) async fn a_value_without_a_time_stays(cache: Arc<dyn Cache>) {
    cache.set("stays", "value".into(), SetOptions::new()).await.unwrap();
    cache.set("long", "value".into(), for_a(LONG)).await.unwrap();
    cache.set("short", "value".into(), for_a(SHORT)).await.unwrap();
    run_out(&*cache, "short").await;
    assert!(cache.get("stays").await.unwrap().is_some());
    assert!(cache.get("long").await.unwrap().is_some());
}

pub(super) async fn setting_again_sets_the_time_anew(cache: Arc<dyn Cache>) {
    cache.set("key", "one".into(), for_a(SHORT)).await.unwrap();
    cache.set("mark", "one".into(), for_a(SHORT)).await.unwrap();
    cache.set("key", "two".into(), for_a(LONG)).await.unwrap();
    run_out(&*cache, "mark").await;
    assert_eq!(cache.get("key").await.unwrap().unwrap(), "two");
    cache.set("key", "three".into(), for_a(SHORT)).await.unwrap();
    run_out(&*cache, "key").await;
}

pub(super) async fn setting_without_a_time_makes_it_stay(cache: Arc<dyn Cache>) {
    cache.set("key", "one".into(), for_a(SHORT)).await.unwrap();
    cache.set("mark", "one".into(), for_a(SHORT)).await.unwrap();
    cache.set("key", "two".into(), SetOptions::new()).await.unwrap();
    run_out(&*cache, "mark").await;
    assert_eq!(cache.get("key").await.unwrap().unwrap(), "two");
}

pub(super) async fn what_has_run_out_counts_as_absent(cache: Arc<dyn Cache>) {
    cache.set("key", "one".into(), for_a(SHORT)).await.unwrap();
    run_out(&*cache, "key").await;
    assert!(!cache.set("key", "two".into(), only(SetCondition::Present)).await.unwrap());
    assert!(!cache.delete("key").await.unwrap());
    assert!(cache.set("key", "three".into(), only(SetCondition::Absent)).await.unwrap());
}

pub(super) async fn the_shortest_and_the_longest_times_are_taken(cache: Arc<dyn Cache>) {
    cache.set("none", "value".into(), for_a(Duration::ZERO)).await.unwrap();
    cache.set("nanosecond", "value".into(), for_a(Duration::from_nanos(1))).await.unwrap();
    cache.set("century", "value".into(), for_a(LONG * 24 * 365 * 100)).await.unwrap();
    cache.set("ever", "value".into(), for_a(Duration::MAX)).await.unwrap();
    run_out(&*cache, "none").await;
    run_out(&*cache, "nanosecond").await;
    assert!(cache.get("century").await.unwrap().is_some());
    assert!(cache.get("ever").await.unwrap().is_some());
}

pub(super) async fn what_has_run_out_cannot_be_taken(cache: Arc<dyn Cache>) {
    cache.set("key", "value".into(), for_a(SHORT)).await.unwrap();
    run_out(&*cache, "key").await;
    assert_eq!(cache.take("key").await.unwrap(), None);
}
