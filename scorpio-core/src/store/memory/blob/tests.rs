use super::MemoryBlobStore;
use crate::store::{BlobKey, BlobStore, BlobStoreExt, StoreErrorKind};

#[tokio::test]
async fn it_holds_no_more_than_its_capacity() {
    let files = MemoryBlobStore::with_capacity(100);
    let key = |text| BlobKey::parse(text).unwrap();
    files.put_bytes(&key("a"), vec![0; 60], "text/plain").await.unwrap();
    let error = files.put_bytes(&key("b"), vec![0; 41], "text/plain").await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full);
    // What is replaced makes room for what replaces it.
    files.put_bytes(&key("a"), vec![0; 100], "text/plain").await.unwrap();
    files.delete(&key("a")).await.unwrap();
    files.put_bytes(&key("b"), vec![0; 100], "text/plain").await.unwrap();
}
