//! A folder of the local disk.

use std::{fs, path::Path, sync::Arc};

use scorpio_core::store::{BlobKey, BlobPage, BlobPut, BlobStore, BlobStoreExt, StoreErrorKind};
use scorpio_store::ObjectBlobStore;
use tempfile::TempDir;

async fn folder() -> (Arc<dyn BlobStore>, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    (Arc::new(ObjectBlobStore::folder(directory.path()).unwrap()), directory)
}

mod conformance {
    use super::*;
    scorpio_store::blob_store_conformance!(folder);
}

mod conformance_in_a_folder {
    use super::*;

    async fn folder_in_folder() -> (Arc<dyn BlobStore>, TempDir) {
        let directory = tempfile::tempdir().unwrap();
        let store = ObjectBlobStore::folder(directory.path()).unwrap();
        (Arc::new(store.in_folder(&key("tenants/alice"))), directory)
    }

    scorpio_store::blob_store_conformance!(folder_in_folder);
}

fn key(text: &str) -> BlobKey {
    BlobKey::parse(text).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(files(&entry.path())),
            false => found.push(entry.path().display().to_string()),
        }
    }
    found
}

#[tokio::test]
async fn blobs_are_there_after_a_restart() {
    let (store, directory) = folder().await;
    store.put_bytes(&key("a/b"), "text", "text/plain").await.unwrap();
    drop(store);
    let store = ObjectBlobStore::folder(directory.path()).unwrap();
    let blob = store.get(&key("a/b"), None).await.unwrap().unwrap();
    assert_eq!(blob.meta.content_type.as_deref(), Some("text/plain"));
    assert_eq!(blob.bytes(100).await.unwrap(), "text");
}

#[tokio::test]
async fn folders_keep_stores_apart() {
    let directory = tempfile::tempdir().unwrap();
    let store = ObjectBlobStore::folder(directory.path()).unwrap();
    let (one, two) = (store.clone().in_folder(&key("one")), store.clone().in_folder(&key("two")));
    one.put_bytes(&key("a"), "text", "text/plain").await.unwrap();
    assert_eq!(two.get_bytes(&key("a"), 10).await.unwrap(), None);
    assert_eq!(two.list(BlobPage::new()).await.unwrap().blobs.len(), 0);
    assert_eq!(store.list(BlobPage::new()).await.unwrap().blobs[0].key, key("one/a"));
}

#[tokio::test]
async fn nothing_is_left_of_what_was_not_put() {
    let (store, directory) = folder().await;
    let pieces = std::iter::repeat_with(|| Ok(vec![0; 1_000_000].into())).take(20);
    let body = Box::pin(futures::stream::iter(pieces.collect::<Vec<_>>()));
    let error = store.put(&key("a"), body, BlobPut::new().with_limit(15_000_000)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TooLarge { limit: 15_000_000 });
    for _ in 0..1_000 {
        if files(directory.path()).is_empty() {
            return;
        }
        // It is removed in the background.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("these are left: {:?}", files(directory.path()));
}

#[tokio::test]
async fn files_of_others_are_not_taken_for_blobs() {
    let (store, directory) = folder().await;
    fs::write(directory.path().join("short"), "text").unwrap();
    fs::write(directory.path().join("long"), "x".repeat(1_000)).unwrap();
    for name in ["short", "long"] {
        assert_eq!(store.get(&key(name), None).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
        assert_eq!(store.head(&key(name)).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
    }
    fs::write(directory.path().join("not a key"), "x".repeat(1_000)).unwrap();
    let listed = store.list(BlobPage::new()).await.unwrap().blobs;
    assert!(listed.iter().all(|blob| blob.key == key("long")), "{listed:?}");
}

#[tokio::test]
async fn a_key_that_is_a_folder_is_refused() {
    let (store, _directory) = folder().await;
    store.put_bytes(&key("a/b"), "text", "text/plain").await.unwrap();
    for name in ["a", "a/b/c"] {
        let error = store.put_bytes(&key(name), "text", "text/plain").await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Invalid, "{name}: {error:?}");
    }
    assert_eq!(store.get_bytes(&key("a/b"), 10).await.unwrap().unwrap(), "text");
}

#[tokio::test]
async fn a_folder_that_is_gone_is_an_error_or_made_again() {
    let (store, directory) = folder().await;
    store.put_bytes(&key("a"), "text", "text/plain").await.unwrap();
    fs::remove_dir_all(directory.path()).unwrap();
    assert_eq!(store.get_bytes(&key("a"), 10).await.unwrap(), None);
    store.put_bytes(&key("a"), "again", "text/plain").await.unwrap();
    assert_eq!(store.get_bytes(&key("a"), 10).await.unwrap().unwrap(), "again");
}
