//! Setting under a condition.

use std::sync::Arc;

use futures::future::join_all;
use scorpio_core::store::{Cache, SetCondition, SetOptions};

use super::only;

pub(super) async fn absent_sets_only_what_is_not_there(cache: Arc<dyn Cache>) {
    let absent = only(SetCondition::Absent);
    assert!(cache.set("key", "one".into(), absent).await.unwrap());
    assert!(!cache.set("key", "two".into(), absent).await.unwrap());
    assert_eq!(cache.get("key").await.unwrap().unwrap(), "one");
    cache.delete("key").await.unwrap();
    assert!(cache.set("key", "three".into(), absent).await.unwrap());
}

pub(super) async fn present_sets_only_what_is_there(cache: Arc<dyn Cache>) {
    let present = only(SetCondition::Present);
    assert!(!cache.set("key", "one".into(), present).await.unwrap());
    assert_eq!(cache.get("key").await.unwrap(), None);
    cache.set("key", "two".into(), SetOptions::new()).await.unwrap();
    assert!(cache.set("key", "three".into(), present).await.unwrap());
    assert_eq!(cache.get("key").await.unwrap().unwrap(), "three");
}

pub(super) async fn one_of_many_is_the_first(cache: Arc<dyn Cache>) {
    for round in 0..20 {
        let key = format!("key {round}");
        let setters = (0..16).map(|number| {
            let (cache, key) = (cache.clone(), key.clone());
            let value = number.to_string();
            tokio::spawn(async move {
                let is_first =
                    cache.set(&key, value.clone().into(), only(SetCondition::Absent)).await.unwrap();
                is_first.then_some(value)
            })
        });
        let first: Vec<_> = join_all(setters).await.into_iter().filter_map(|first| first.unwrap()).collect();
        assert_eq!(first.len(), 1);
        assert_eq!(cache.get(&key).await.unwrap().unwrap(), first[0]);
    }
}
