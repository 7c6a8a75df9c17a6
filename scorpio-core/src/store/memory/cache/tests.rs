use std::time::Duration;

use super::{MemoryCache, OVERHEAD};
use crate::store::{Cache, SetCondition, SetOptions, StoreErrorKind};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_value_runs_out_to_the_millisecond() {
    let cache = MemoryCache::new();
    cache.set("key", "value".into(), SetOptions::new().with_ttl(SECOND)).await.unwrap();
    tokio::time::advance(Duration::from_millis(999)).await;
    assert!(cache.get("key").await.unwrap().is_some());
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(cache.get("key").await.unwrap(), None);
    let absent = SetOptions::new().with_condition(SetCondition::Absent);
    assert!(cache.set("key", "again".into(), absent).await.unwrap());
}

#[tokio::test]
async fn what_was_used_longest_ago_goes_first() {
    let cache = MemoryCache::with_capacity(8 * (OVERHEAD + 2));
    for key in ["a", "b", "c", "d", "e", "f", "g"] {
        cache.set(key, "1".into(), SetOptions::new()).await.unwrap();
    }
    cache.get("a").await.unwrap();
    cache.set("h", "1".into(), SetOptions::new()).await.unwrap();
    cache.set("i", "1".into(), SetOptions::new()).await.unwrap();
    assert!(cache.get("a").await.unwrap().is_some());
    assert_eq!(cache.get("b").await.unwrap(), None);
    assert!(cache.get("i").await.unwrap().is_some());
}

#[tokio::test]
async fn it_never_holds_more_than_its_capacity() {
    let capacity = 10_000;
    let cache = MemoryCache::with_capacity(capacity);
    for number in 0..1_000_usize {
        let value = vec![0; number % 300];
        cache.set(&number.to_string(), value.into(), SetOptions::new()).await.unwrap();
        assert!(super::lock(&cache.state).bytes <= capacity);
    }
    let state = super::lock(&cache.state);
    assert_eq!(state.entries.len(), state.order.len());
    let bytes: usize = state.entries.iter().map(|(key, entry)| super::weight(key, &entry.value)).sum();
    assert_eq!(bytes, state.bytes);
}

#[tokio::test]
async fn a_value_that_cannot_fit_is_refused() {
    let cache = MemoryCache::with_capacity(1_000);
    cache.set("key", "small".into(), SetOptions::new()).await.unwrap();
    let error = cache.set("key", vec![0; 1_000].into(), SetOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TooLarge { limit: 1_000 });
    assert!(cache.get("key").await.unwrap().is_some(), "the old value stays");
}
