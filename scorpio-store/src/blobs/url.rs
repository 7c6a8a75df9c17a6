//! Which store a URL names.

#[cfg(feature = "s3")]
use scorpio_core::store::BlobKey;
use scorpio_core::store::StoreError;
use url::Url;

use super::ObjectBlobStore;

pub(super) fn open<'a>(
    text: &str,
    settings: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<ObjectBlobStore, StoreError> {
    let url = Url::parse(text)
        .map_err(|error| invalid(format!("it cannot be read: {error}")).with_source(error))?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("settings are not part of it"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("credentials are not part of it"));
    }
    match url.scheme() {
        "file" => match settings.into_iter().next() {
            Some((name, _)) => Err(StoreError::invalid(format!("a folder has no setting {name}"))),
            None => folder(&url),
        },
        "s3" => bucket(&url, settings),
        scheme => Err(invalid(format!("{scheme}: is neither file: nor s3:"))),
    }
}

fn folder(url: &Url) -> Result<ObjectBlobStore, StoreError> {
    if url.path() == "/" {
        return Err(invalid("the whole disk is no folder for it"));
    }
    let path = url.to_file_path().map_err(|()| invalid("it is no file:///path/to/folder of this machine"))?;
    ObjectBlobStore::folder(path)
}

/// The folder within a bucket, if there is one.
#[cfg(feature = "s3")]
fn folder_in(url: &Url) -> Result<Option<BlobKey>, StoreError> {
    match url.path().trim_matches('/') {
        "" => Ok(None),
        path => BlobKey::parse(path)
            .map(Some)
            .map_err(|error| invalid("its folder is no blob key").with_source(error)),
    }
}

#[cfg(feature = "s3")]
fn bucket<'a>(
    url: &Url,
    settings: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<ObjectBlobStore, StoreError> {
    let bucket =
        url.host_str().filter(|bucket| !bucket.is_empty()).ok_or_else(|| invalid("it names no bucket"))?;
    let folder = folder_in(url)?;
    let store = super::s3::open(bucket, settings)?;
    Ok(folder.iter().fold(store, ObjectBlobStore::in_folder))
}

#[cfg(not(feature = "s3"))]
fn bucket<'a>(
    _: &Url,
    _: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Result<ObjectBlobStore, StoreError> {
    Err(invalid("S3 needs the feature s3"))
}

fn invalid(reason: impl std::fmt::Display) -> StoreError {
    StoreError::invalid(format!("not a URL of a blob store: {reason}"))
}
