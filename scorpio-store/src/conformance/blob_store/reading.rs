//! Getting, in whole and in part.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use scorpio_core::store::{BlobRange, BlobStore, BlobStoreExt, StoreErrorKind};

use super::{LIMIT, get, key, put, sample};
use crate::conformance::sample::kind_of;

async fn part(store: &dyn BlobStore, name: &str, range: BlobRange) -> Bytes {
    let blob = store.get(&key(name), Some(range)).await.unwrap().unwrap();
    blob.bytes(LIMIT).await.unwrap()
}

pub(super) async fn a_missing_blob_is_none(store: Arc<dyn BlobStore>) {
    put(&*store, "folder/a", "1").await;
    for name in ["missing", "folder", "folder/b", "folder/a/b", "fold"] {
        assert!(store.get(&key(name), None).await.unwrap().is_none(), "{name}");
        assert!(store.get(&key(name), Some(BlobRange::From(0))).await.unwrap().is_none(), "{name}");
        assert_eq!(store.head(&key(name)).await.unwrap(), None, "{name}");
    }
}

pub(super) async fn head_tells_what_get_tells(store: Arc<dyn BlobStore>) {
    let put = store.put_bytes(&key("a"), sample(1_234, 0), "image/png").await.unwrap();
    let head = store.head(&key("a")).await.unwrap().unwrap();
    let whole = store.get(&key("a"), None).await.unwrap().unwrap();
    let part = store.get(&key("a"), Some(BlobRange::Last(10))).await.unwrap().unwrap();
    assert_eq!(
        (head.key.clone(), head.size, head.content_type.clone()),
        (put.key, put.size, put.content_type)
    );
    assert_eq!(whole.meta, head);
    assert_eq!(part.meta, head);
    assert_eq!((whole.range, part.range), (0..1_234, 1_224..1_234));
}

pub(super) async fn the_time_is_told(store: Arc<dyn BlobStore>) {
    let before = Timestamp::now();
    put(&*store, "a", "1").await;
    let after = Timestamp::now();
    let modified = store.head(&key("a")).await.unwrap().unwrap().modified;
    // Some stores tell time to the second.
    let slack = Duration::from_secs(2);
    assert!(modified >= before - slack && modified <= after + slack, "{modified}");
}

pub(super) async fn every_range_of_a_small_blob_is_right(store: Arc<dyn BlobStore>) {
    let bytes = sample(9, 5);
    put(&*store, "a", bytes.clone()).await;
    for start in 0..9 {
        for end in start + 1..=11 {
            let expected = &bytes[start..end.min(9)];
            assert_eq!(part(&*store, "a", BlobRange::Within(start as u64..end as u64)).await, expected);
        }
        assert_eq!(part(&*store, "a", BlobRange::From(start as u64)).await, &bytes[start..]);
        assert_eq!(part(&*store, "a", BlobRange::Last(start as u64 + 1)).await, &bytes[8 - start..]);
    }
    assert_eq!(part(&*store, "a", BlobRange::Last(1_000)).await, bytes);
}

pub(super) async fn ranges_of_a_large_blob_are_right(store: Arc<dyn BlobStore>) {
    let bytes = sample(12_000_000, 9);
    put(&*store, "a", bytes.clone()).await;
    for range in [0..1, 511..513, 4_194_300..8_388_700, 11_999_999..12_000_000, 100_000..11_900_000] {
        let expected = bytes.slice(range.start as usize..range.end as usize);
        assert!(part(&*store, "a", BlobRange::Within(range)).await == expected);
    }
    assert!(part(&*store, "a", BlobRange::Last(5_000_000)).await == bytes.slice(7_000_000..));
}

pub(super) async fn a_range_outside_is_invalid(store: Arc<dyn BlobStore>) {
    put(&*store, "a", "0123456789").await;
    put(&*store, "empty", "").await;
    let outside = [
        ("a", BlobRange::Within(10..12)),
        ("a", BlobRange::Within(3..3)),
        ("a", BlobRange::Within(u64::MAX - 1..u64::MAX)),
        ("a", BlobRange::From(10)),
        ("a", BlobRange::From(u64::MAX)),
        ("a", BlobRange::Last(0)),
        ("empty", BlobRange::From(0)),
        ("empty", BlobRange::Last(1)),
    ];
    for (name, range) in outside {
        let result = store.get(&key(name), Some(range.clone())).await;
        assert_eq!(kind_of(result), StoreErrorKind::Invalid, "{range:?} of {name}");
    }
}

pub(super) async fn get_bytes_refuses_what_is_too_large(store: Arc<dyn BlobStore>) {
    put(&*store, "a", sample(1_000, 0)).await;
    let refused = store.get_bytes(&key("a"), 999).await;
    assert_eq!(kind_of(refused), StoreErrorKind::TooLarge { limit: 999 });
    assert!(store.get_bytes(&key("a"), 1_000).await.unwrap().is_some());
    assert_eq!(get(&*store, "b").await, None);
}
