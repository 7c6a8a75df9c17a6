//! Putting and deleting.

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, stream};
use scorpio_core::store::{BlobPage, BlobPut, BlobStore, BlobStoreExt, StoreError, StoreErrorKind};

use super::{body, get, key, put, sample};
use crate::conformance::sample::kind_of;

pub(super) async fn what_was_put_is_got(store: Arc<dyn BlobStore>) {
    let meta = store.put_bytes(&key("a/b.txt"), "hello", "text/plain").await.unwrap();
    assert_eq!((meta.key, meta.size, meta.content_type.as_deref()), (key("a/b.txt"), 5, Some("text/plain")));
    assert_eq!(get(&*store, "a/b.txt").await.unwrap(), "hello");
}

pub(super) async fn an_empty_blob_is_a_blob(store: Arc<dyn BlobStore>) {
    put(&*store, "empty", "").await;
    let no_pieces = store.put(&key("no-pieces"), stream::empty().boxed(), BlobPut::new()).await.unwrap();
    assert_eq!(no_pieces.size, 0);
    for name in ["empty", "no-pieces"] {
        assert_eq!(get(&*store, name).await.unwrap(), "");
        assert_eq!(store.head(&key(name)).await.unwrap().unwrap().size, 0);
    }
}

pub(super) async fn any_bytes_come_back(store: Arc<dyn BlobStore>) {
    let all: Bytes = (0..=255).collect();
    put(&*store, "all", all.clone()).await;
    assert_eq!(get(&*store, "all").await.unwrap(), all);
}

pub(super) async fn a_large_blob_comes_back(store: Arc<dyn BlobStore>) {
    let large = sample(20_000_000, 7);
    let meta = store.put(&key("large"), body(&large, 777_777), BlobPut::new()).await.unwrap();
    assert_eq!(meta.size, 20_000_000);
    assert!(get(&*store, "large").await.unwrap() == large);
}

pub(super) async fn pieces_of_any_size_come_back(store: Arc<dyn BlobStore>) {
    let bytes = sample(3_000, 1);
    for piece in [1, 7, 512, 1_000, 2_999, 3_000] {
        store.put(&key("pieces"), body(&bytes, piece), BlobPut::new()).await.unwrap();
        assert_eq!(get(&*store, "pieces").await.unwrap(), bytes);
    }
    let with_empty = [Bytes::new(), bytes.slice(..10), Bytes::new(), bytes.slice(10..), Bytes::new()];
    let with_empty = stream::iter(with_empty.map(Ok)).boxed();
    store.put(&key("pieces"), with_empty, BlobPut::new()).await.unwrap();
    assert_eq!(get(&*store, "pieces").await.unwrap(), bytes);
}

pub(super) async fn the_content_type_comes_back(store: Arc<dyn BlobStore>) {
    let long = format!("application/{}", "x".repeat(243));
    for content_type in ["text/plain; charset=utf-8", "a/b", "multipart/mixed; boundary=\"a=b;c\"", &long] {
        store.put_bytes(&key("typed"), "text", content_type).await.unwrap();
        let blob = store.get(&key("typed"), None).await.unwrap().unwrap();
        assert_eq!(blob.meta.content_type.as_deref(), Some(content_type));
        let head = store.head(&key("typed")).await.unwrap().unwrap();
        assert_eq!(head.content_type.as_deref(), Some(content_type));
    }
}

pub(super) async fn a_blob_without_a_content_type_has_none(store: Arc<dyn BlobStore>) {
    store.put(&key("untyped"), body(&sample(10, 0), 10), BlobPut::new()).await.unwrap();
    let content_type = store.head(&key("untyped")).await.unwrap().unwrap().content_type;
    // A store over HTTP may have to say something.
    assert!(matches!(
        content_type.as_deref(),
        None | Some("application/octet-stream" | "binary/octet-stream")
    ));
}

pub(super) async fn a_blob_is_replaced_with_its_content_type(store: Arc<dyn BlobStore>) {
    store.put_bytes(&key("a"), "a long text", "text/plain").await.unwrap();
    store.put_bytes(&key("a"), "{}", "application/json").await.unwrap();
    let blob = store.get(&key("a"), None).await.unwrap().unwrap();
    assert_eq!((blob.meta.size, blob.meta.content_type.as_deref()), (2, Some("application/json")));
    assert_eq!(blob.bytes(100).await.unwrap(), "{}");
}

pub(super) async fn keys_of_every_shape_work(store: Arc<dyn BlobStore>) {
    let (deep, long) = (["d"; 30].join("/"), "l".repeat(200));
    let names =
        ["a", "a.b", "A-Z_0.9=@+,", "x/y/z", "x/y.z", "trailing.", "1", "=", "@+,", "-", "_", &deep, &long];
    for name in names {
        put(&*store, name, name.to_owned()).await;
    }
    for name in names {
        assert_eq!(get(&*store, name).await.unwrap(), name);
    }
    let listed = store.list(BlobPage::new()).await.unwrap().blobs;
    assert_eq!(listed.len(), names.len());
    assert!(listed.iter().all(|blob| names.contains(&blob.key.as_str())));
}

pub(super) async fn too_large_is_refused_and_changes_nothing(store: Arc<dyn BlobStore>) {
    put(&*store, "a", "old").await;
    for size in [101, 30_000_000] {
        for name in ["a", "new"] {
            let limited = BlobPut::new().with_limit(size as u64 - 1);
            let result = store.put(&key(name), body(&sample(size, 0), 1_000_000), limited).await;
            assert_eq!(kind_of(result), StoreErrorKind::TooLarge { limit: size as u64 - 1 });
        }
    }
    assert_eq!(get(&*store, "a").await.unwrap(), "old");
    assert_eq!(get(&*store, "new").await, None);
    assert_eq!(store.list(BlobPage::new()).await.unwrap().blobs.len(), 1);
}

pub(super) async fn a_limit_that_is_just_enough_is_enough(store: Arc<dyn BlobStore>) {
    for (name, size) in [("none", 0), ("one", 1), ("many", 12_345_678)] {
        let bytes = sample(size, 3);
        let limited = BlobPut::new().with_limit(size as u64);
        store.put(&key(name), body(&bytes, 1_000_000), limited).await.unwrap();
        assert!(get(&*store, name).await.unwrap() == bytes);
    }
}

pub(super) async fn a_body_that_never_ends_is_cut_at_the_limit(store: Arc<dyn BlobStore>) {
    let piece = sample(10_000, 0);
    let endless = stream::repeat_with(move || Ok(piece.clone())).boxed();
    let result = store.put(&key("a"), endless, BlobPut::new().with_limit(1_000_000)).await;
    assert_eq!(kind_of(result), StoreErrorKind::TooLarge { limit: 1_000_000 });
    assert_eq!(get(&*store, "a").await, None);
}

pub(super) async fn a_body_that_fails_changes_nothing(store: Arc<dyn BlobStore>) {
    put(&*store, "a", "old").await;
    for before in [0, 1, 12] {
        let piece = sample(1_000_000, 0);
        let pieces = std::iter::repeat_n(piece, before).map(Ok);
        let failure = StoreError::new(StoreErrorKind::Lagged, "the client went away");
        let failing = stream::iter(pieces.chain([Err(failure)]).collect::<Vec<_>>()).boxed();
        assert_eq!(kind_of(store.put(&key("a"), failing, BlobPut::new()).await), StoreErrorKind::Lagged);
        assert_eq!(get(&*store, "a").await.unwrap(), "old");
    }
}

pub(super) async fn a_bad_content_type_is_refused(store: Arc<dyn BlobStore>) {
    for content_type in ["", "text/plain\r\nSet-Cookie: a=b", "té/xt"] {
        let result = store.put_bytes(&key("a"), "text", content_type).await;
        assert_eq!(kind_of(result), StoreErrorKind::Invalid, "{content_type:?}");
    }
    assert_eq!(get(&*store, "a").await, None);
}

pub(super) async fn a_deleted_blob_is_gone(store: Arc<dyn BlobStore>) {
    put(&*store, "a/b", "1").await;
    put(&*store, "a/c", "2").await;
    store.delete(&key("a/b")).await.unwrap();
    store.delete(&key("a/b")).await.unwrap();
    store.delete(&key("never")).await.unwrap();
    assert_eq!(get(&*store, "a/b").await, None);
    assert_eq!(store.head(&key("a/b")).await.unwrap(), None);
    assert_eq!(get(&*store, "a/c").await.unwrap(), "2");
    put(&*store, "a/b", "3").await;
    assert_eq!(get(&*store, "a/b").await.unwrap(), "3");
}
