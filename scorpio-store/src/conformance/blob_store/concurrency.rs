//! Many at the same time.

use std::sync::Arc;

use bytes::Bytes;
use futures::{FutureExt, StreamExt, future::join_all, stream};
use scorpio_core::store::{BlobPage, BlobPut, BlobStore, BlobStoreExt};

use super::{LIMIT, get, key, put};

/// Blobs that are recognized: all bytes are the same, as many as the type says.
async fn put_uniform(store: &dyn BlobStore, letter: u8) {
    let size = 1_000 * usize::from(letter);
    let content_type = format!("letter/{}", char::from(letter));
    store.put_bytes(&key("shared"), vec![letter; size], &content_type).await.unwrap();
}

fn expect_uniform(bytes: &Bytes, content_type: Option<&str>) {
    let letter = bytes[0];
    assert!(bytes.iter().all(|byte| *byte == letter), "the bytes of two blobs are mixed");
    assert_eq!(bytes.len(), 1_000 * usize::from(letter));
    assert_eq!(content_type, Some(&*format!("letter/{}", char::from(letter))));
}

pub(super) async fn writers_of_one_key_do_not_mix(store: Arc<dyn BlobStore>) {
    let writers = (b'a'..=b'p').map(|letter| {
        let store = store.clone();
        tokio::spawn(async move { put_uniform(&*store, letter).await })
    });
    for written in join_all(writers).await {
        written.unwrap();
    }
    let blob = store.get(&key("shared"), None).await.unwrap().unwrap();
    let content_type = blob.meta.content_type.clone();
    expect_uniform(&blob.bytes(LIMIT).await.unwrap(), content_type.as_deref());
    assert_eq!(store.list(BlobPage::new()).await.unwrap().blobs.len(), 1);
}

pub(super) async fn a_reader_never_sees_half_a_blob(store: Arc<dyn BlobStore>) {
    put_uniform(&*store, b'a').await;
    let writer = tokio::spawn({
        let store = store.clone();
        async move {
            for round in 0..40 {
                put_uniform(&*store, b'a' + round % 26).await;
            }
        }
    });
    while !writer.is_finished() {
        let blob = store.get(&key("shared"), None).await.unwrap().expect("it is there all the time");
        let content_type = blob.meta.content_type.clone();
        expect_uniform(&blob.bytes(LIMIT).await.unwrap(), content_type.as_deref());
    }
    writer.await.unwrap();
}

pub(super) async fn many_blobs_at_once(store: Arc<dyn BlobStore>) {
    let tasks = (0..64).map(|number| {
        let store = store.clone();
        tokio::spawn(async move {
            let name = format!("folder-{}/{number:02}", number % 4);
            put(&*store, &name, name.repeat(1_000)).await;
            assert_eq!(get(&*store, &name).await.unwrap(), name.repeat(1_000));
            if number % 8 == 7 {
                store.delete(&key(&name)).await.unwrap();
            }
        })
    });
    for done in join_all(tasks).await {
        done.unwrap();
    }
    assert_eq!(store.list(BlobPage::new()).await.unwrap().blobs.len(), 56);
}

pub(super) async fn a_dropped_put_leaves_the_old_blob(store: Arc<dyn BlobStore>) {
    put(&*store, "a", "old").await;
    let (sender, pieces) = futures::channel::oneshot::channel::<()>();
    let large = Bytes::from(vec![b'x'; 12_000_000]);
    let stuck = async move {
        let _ = pieces.await;
        Ok(Bytes::new())
    };
    let body = stream::iter([Ok(large)]).chain(stream::once(stuck)).boxed();
    let target = key("a");
    let mut putting = Box::pin(store.put(&target, body, BlobPut::new()));
    // As far as it gets without the rest of the body.
    for _ in 0..100 {
        assert!(putting.as_mut().now_or_never().is_none());
        tokio::task::yield_now().await;
    }
    drop(putting);
    drop(sender);
    assert_eq!(get(&*store, "a").await.unwrap(), "old");
    assert_eq!(store.list(BlobPage::new()).await.unwrap().blobs.len(), 1);
}
