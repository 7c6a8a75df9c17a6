//! Which URLs name a store.

use scorpio_core::store::{BlobKey, BlobStoreExt, StoreErrorKind};
use scorpio_store::ObjectBlobStore;

fn refused(url: &str) -> String {
    let error = ObjectBlobStore::open(url).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Invalid, "{url:?}: {error}");
    error.to_string()
}

#[test]
fn what_is_no_url_of_a_store_is_explained() {
    let cases = [
        ("", "it cannot be read"),
        ("files", "it cannot be read"),
        ("/var/lib/files", "it cannot be read"),
        ("ftp://host/files", "ftp: is neither file: nor s3:"),
        ("file:///", "the whole disk is no folder for it"),
        ("file://elsewhere/files", "it is no file:///path/to/folder of this machine"),
        ("file:///tmp/files?region=mars", "settings are not part of it"),
        ("file:///tmp/files#a", "settings are not part of it"),
    ];
    for (url, reason) in cases {
        let told = refused(url);
        assert!(told.starts_with("not a URL of a blob store: ") && told.contains(reason), "{url:?}: {told}");
    }
}

#[test]
fn a_folder_has_no_settings() {
    let error = ObjectBlobStore::open_with("file:///tmp/files", [("region", "mars")]).unwrap_err();
    assert_eq!(error.to_string(), "a folder has no setting region");
}

#[tokio::test]
async fn a_folder_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("file://{}/deep/with%20space", directory.path().display());
    let store = ObjectBlobStore::open(&url).unwrap();
    store.put_bytes(&BlobKey::parse("a").unwrap(), "text", "text/plain").await.unwrap();
    assert!(directory.path().join("deep/with space/a").is_file());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "text").unwrap();
    let error = ObjectBlobStore::folder(file.join("folder")).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.to_string().contains("file/folder"), "{error}");
}

#[cfg(not(feature = "s3"))]
#[test]
fn s3_needs_its_feature() {
    assert!(refused("s3://bucket").contains("S3 needs the feature s3"));
}

#[cfg(feature = "s3")]
#[test]
fn what_is_no_bucket_is_explained() {
    assert!(refused("s3://").contains("it names no bucket"));
    assert!(refused("s3://bucket/a/../../.b").contains("its folder is no blob key"));
    assert!(refused("s3://key:canary@bucket").contains("credentials are not part of it"));
    let error = ObjectBlobStore::open_with("s3://bucket", [("colour", "red")]).unwrap_err();
    assert_eq!((error.kind(), &*error.to_string()), (StoreErrorKind::Invalid, "S3 has no setting colour"));
}
