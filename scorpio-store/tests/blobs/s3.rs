//! S3, on the server that `tests/services/run` starts. Each store has a folder of its own in the bucket.

use std::sync::Arc;

use scorpio_core::store::{BlobKey, BlobStore, BlobStoreExt, StoreErrorKind};
use scorpio_store::{ObjectBlobStore, conformance::Subject};
use scorpio_test_services::{unique_name, variable};

fn settings(endpoint: &str) -> [(&str, &str); 5] {
    [
        ("endpoint", endpoint),
        ("allow_http", "true"),
        ("region", "us-east-1"),
        ("access_key_id", "canary-id"),
        ("secret_access_key", "canary-secret"),
    ]
}

fn open() -> Option<ObjectBlobStore> {
    let (endpoint, bucket) = (variable("SCORPIO_TEST_S3_ENDPOINT")?, variable("SCORPIO_TEST_S3_BUCKET")?);
    let url = format!("s3://{bucket}/{}", unique_name());
    Some(ObjectBlobStore::open_with(&url, settings(&endpoint)).unwrap())
}

async fn folder() -> Subject<dyn BlobStore> {
    open().map_or_else(Subject::absent, |store| Subject::from(Arc::new(store) as Arc<dyn BlobStore>))
}

mod conformance {
    use super::*;
    scorpio_store::blob_store_conformance!(folder);
}

fn key(text: &str) -> BlobKey {
    BlobKey::parse(text).unwrap()
}

#[tokio::test]
async fn a_bucket_that_is_not_there_is_told() {
    let Some(endpoint) = variable("SCORPIO_TEST_S3_ENDPOINT") else { return };
    let store = ObjectBlobStore::open_with("s3://no-such-bucket", settings(&endpoint)).unwrap();
    let error = store.put_bytes(&key("a"), "text", "text/plain").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotFound, "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    // Nothing listens there.
    let store = ObjectBlobStore::open_with("s3://bucket", settings("http://127.0.0.1:1")).unwrap();
    let error = store.put_bytes(&key("a"), "text", "text/plain").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.is_outage());
}

#[tokio::test]
async fn plain_http_must_be_allowed() {
    let settings = settings("http://127.0.0.1:1").into_iter().filter(|(name, _)| *name != "allow_http");
    let store = ObjectBlobStore::open_with("s3://bucket", settings).unwrap();
    let error = store.put_bytes(&key("a"), "text", "text/plain").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
}

#[tokio::test]
async fn credentials_are_never_shown() {
    let store = ObjectBlobStore::open_with("s3://bucket", settings("http://127.0.0.1:1")).unwrap();
    let error = store.put_bytes(&key("a"), "text", "text/plain").await.unwrap_err();
    assert!(!format!("{error:?}").contains("canary-secret"), "{error:?}");
    assert!(!format!("{store:?}").contains("canary-secret"), "{store:?}");
}
