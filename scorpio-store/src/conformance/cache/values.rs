//! Setting, getting, removing.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::join_all;
use scorpio_core::store::{Cache, CacheExt, SetOptions, StoreErrorKind};

use super::LONG;
use crate::conformance::sample::kind_of;

async fn set(cache: &dyn Cache, key: &str, value: impl Into<Bytes>) {
    assert!(cache.set(key, value.into(), SetOptions::new()).await.unwrap());
}

async fn get(cache: &dyn Cache, key: &str) -> Option<Bytes> {
    cache.get(key).await.unwrap()
}

pub(super) async fn what_was_set_is_got(cache: Arc<dyn Cache>) {
    set(&*cache, "key", "value").await;
    assert_eq!(get(&*cache, "key").await.unwrap(), "value");
    assert_eq!(get(&*cache, "key").await.unwrap(), "value");
}

pub(super) async fn a_missing_key_has_no_value(cache: Arc<dyn Cache>) {
    assert_eq!(get(&*cache, "key").await, None);
    assert_eq!(cache.take("key").await.unwrap(), None);
    assert!(!cache.delete("key").await.unwrap());
}

pub(super) async fn the_last_value_counts(cache: Arc<dyn Cache>) {
    for value in ["one", "a longer value", ""] {
        set(&*cache, "key", value).await;
        assert_eq!(get(&*cache, "key").await.unwrap(), value);
    }
}

pub(super) async fn values_are_bytes(cache: Arc<dyn Cache>) {
    let all: Vec<u8> = (0..=255).chain(b"\r\n$-1\r\n".iter().copied()).collect();
    set(&*cache, "key", all.clone()).await;
    assert_eq!(get(&*cache, "key").await.unwrap(), all);
}

pub(super) async fn keys_are_any_text(cache: Arc<dyn Cache>) {
    let long = "k".repeat(10_000);
    let keys = ["", " ", "a:b", "a*", "a?[b]", "é🦂", "a\r\nDEL b", "a\0b", "{tag}", "../a", &long];
    for key in keys {
        set(&*cache, key, key.to_owned()).await;
    }
    for key in keys {
        assert_eq!(get(&*cache, key).await.unwrap(), key, "{key:?}");
    }
}

pub(super) async fn a_large_value_comes_back(cache: Arc<dyn Cache>) {
    let large: Vec<u8> = (0..2_000_000_u32).map(|byte| byte as u8).collect();
    set(&*cache, "key", large.clone()).await;
    assert!(get(&*cache, "key").await.unwrap() == large);
}

pub(super) async fn a_deleted_value_is_gone(cache: Arc<dyn Cache>) {
    set(&*cache, "key", "value").await;
    set(&*cache, "other", "value").await;
    assert!(cache.delete("key").await.unwrap());
    assert!(!cache.delete("key").await.unwrap());
    assert_eq!(get(&*cache, "key").await, None);
    assert!(get(&*cache, "other").await.is_some());
}

pub(super) async fn what_is_taken_is_gone(cache: Arc<dyn Cache>) {
    set(&*cache, "key", "value").await;
    assert_eq!(cache.take("key").await.unwrap().unwrap(), "value");
    assert_eq!(cache.take("key").await.unwrap(), None);
    assert_eq!(get(&*cache, "key").await, None);
}

pub(super) async fn one_of_many_takers_gets_it(cache: Arc<dyn Cache>) {
    for round in 0..20 {
        let key = format!("key {round}");
        set(&*cache, &key, "value").await;
        let takers = (0..16).map(|_| {
            let (cache, key) = (cache.clone(), key.clone());
            tokio::spawn(async move { cache.take(&key).await.unwrap().is_some() })
        });
        let got = join_all(takers).await.into_iter().filter(|got| *got.as_ref().unwrap()).count();
        assert_eq!(got, 1);
    }
}

pub(super) async fn json_comes_back(cache: Arc<dyn Cache>) {
    cache.set_json("key", &vec![1, 2, 3], LONG).await.unwrap();
    assert_eq!(cache.get_json::<Vec<u8>>("key").await.unwrap(), Some(vec![1, 2, 3]));
    assert_eq!(kind_of(cache.get_json::<String>("key").await), StoreErrorKind::Corrupt);
    assert_eq!(cache.get_json::<String>("missing").await.unwrap(), None);
}
