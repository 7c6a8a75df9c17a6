//! Reading blobs, in whole or in part.

use std::{io::Read, ops::Range};

use futures::StreamExt;
use jiff::Timestamp;
use object_store::{Attribute, GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta};
use scorpio_core::store::{Blob, BlobKey, BlobMeta, BlobRange, StoreError};

use super::{
    ObjectBlobStore,
    error::{is_missing, store_error},
    header,
};

async fn get(
    store: &ObjectBlobStore,
    key: &BlobKey,
    options: GetOptions,
) -> Result<Option<GetResult>, object_store::Error> {
    match store.objects.get_opts(&store.path(key), options).await {
        Ok(result) => Ok(Some(result)),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) async fn object_meta(
    store: &ObjectBlobStore,
    key: &BlobKey,
) -> Result<Option<BlobMeta>, StoreError> {
    let options = GetOptions { head: true, ..GetOptions::default() };
    let found = get(store, key, options).await.map_err(store_error)?;
    found.map(|result| meta_of(key, &result)).transpose()
}

pub(super) async fn object(
    store: &ObjectBlobStore,
    key: &BlobKey,
    range: Option<BlobRange>,
) -> Result<Option<Blob>, StoreError> {
    let wanted = range.as_ref().map(|range| match range {
        BlobRange::From(start) => GetRange::Offset(*start),
        BlobRange::Last(count) => GetRange::Suffix(*count),
        BlobRange::Within(range) => GetRange::Bounded(range.clone()),
        // There are no others yet; asked for the whole, the store is at least right.
        _ => GetRange::Offset(0),
    });
    let options = GetOptions { range: wanted, ..GetOptions::default() };
    let failed = match get(store, key, options).await {
        Ok(None) => return Ok(None),
        Ok(Some(result)) => {
            let (meta, part) = (meta_of(key, &result)?, result.range.clone());
            // One that is shorter than the range begins is no error everywhere.
            range.map_or(Ok(0..meta.size), |range| range.of(meta.size))?;
            let body = result.into_stream().map(|piece| piece.map_err(store_error)).boxed();
            return Ok(Some(Blob::new(meta, part, body)));
        }
        Err(error) => error,
    };
    // Stores say in different ways that a range is outside.
    let Some(range) = range else { return Err(store_error(failed)) };
    match object_meta(store, key).await? {
        Some(meta) => range.of(meta.size).and(Err(store_error(failed))),
        None => Ok(None),
    }
}

/// Reads a file with a header. It is opened once, so header and body are of the same blob.
pub(super) async fn file(
    store: &ObjectBlobStore,
    key: &BlobKey,
    range: Option<BlobRange>,
) -> Result<Option<Blob>, StoreError> {
    let Some(mut result) = get(store, key, GetOptions::default()).await.map_err(store_error)? else {
        return Ok(None);
    };
    let GetResultPayload::File(mut file, path) = result.payload else { return Err(header::foreign()) };
    let read = move || {
        let mut header = [0; header::LENGTH];
        file.read_exact(&mut header).map(|()| (file, header))
    };
    let read = tokio::task::spawn_blocking(read).await.map_err(StoreError::unavailable)?;
    let (file, header) = read.map_err(|error| header::foreign().with_source(error))?;
    let content_type = header::read(&header)?;

    let size = result.meta.size.saturating_sub(header::LENGTH as u64);
    let part = range.map_or(Ok(0..size), |range| range.of(size))?;
    let meta = BlobMeta::new(key.clone(), size, modified(&result.meta)).with_content_type(content_type);
    result.payload = GetResultPayload::File(file, path);
    result.range = after_header(&part);
    let body = result.into_stream().map(|piece| piece.map_err(store_error)).boxed();
    Ok(Some(Blob::new(meta, part, body)))
}

fn after_header(range: &Range<u64>) -> Range<u64> {
    range.start + header::LENGTH as u64..range.end + header::LENGTH as u64
}

fn meta_of(key: &BlobKey, result: &GetResult) -> Result<BlobMeta, StoreError> {
    let content_type = result.attributes.get(&Attribute::ContentType).map(|value| value.to_string());
    let meta = BlobMeta::new(key.clone(), result.meta.size, modified(&result.meta));
    Ok(meta.with_content_type(content_type))
}

/// When an object was put. A time out of range counts as the beginning of time: it is for people to look at.
pub(super) fn modified(meta: &ObjectMeta) -> Timestamp {
    Timestamp::from_microsecond(meta.last_modified.timestamp_micros()).unwrap_or(Timestamp::UNIX_EPOCH)
}
