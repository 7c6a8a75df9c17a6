//! Files: bytes under keys, streamed in and out. What a key may look like is checked once, here, for all backends.

mod key;
mod options;

use std::{fmt, pin::Pin};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, TryStreamExt, stream};

pub use self::{
    key::BlobKey,
    options::{BlobListing, BlobMeta, BlobPage, BlobPut, BlobRange},
};
use super::StoreError;
#[allow(unused_imports, reason = "for the links in the documentation")]
use super::StoreErrorKind;

/// The bytes of a blob, in pieces.
pub type BlobStream = Pin<Box<dyn Stream<Item = Result<Bytes, StoreError>> + Send>>;

/// Bytes under keys.
///
/// A blob appears whole or not at all: one that is being written is not seen, and one that is replaced while it is read goes on as it was
/// or fails, but never mixes.
///
/// # Cancel safety
///
/// A call that is dropped leaves the blob as it was, or as it was to become.
#[async_trait]
pub trait BlobStore: fmt::Debug + Send + Sync + 'static {
    /// Stores what `body` yields under `key`, over what is there.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::TooLarge`] as soon as the body is longer than `put` allows; [`StoreErrorKind::Full`] when there is no room; an error of
    /// `body` as it is. The blob is then as it was before.
    async fn put(&self, key: &BlobKey, body: BlobStream, put: BlobPut) -> Result<BlobMeta, StoreError>;

    /// The blob under `key`, or the part of it that `range` tells.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`] when `range` begins at or after the end of the blob, or is empty.
    async fn get(&self, key: &BlobKey, range: Option<BlobRange>) -> Result<Option<Blob>, StoreError>;

    /// What is known of the blob under `key`.
    async fn head(&self, key: &BlobKey) -> Result<Option<BlobMeta>, StoreError>;

    /// Removes the blob under `key`. It is no error that there is none.
    async fn delete(&self, key: &BlobKey) -> Result<(), StoreError>;

    /// The blobs of a folder and of all folders in it, or of the store, in order of their keys.
    async fn list(&self, page: BlobPage) -> Result<BlobListing, StoreError>;
}

/// A blob, or a part of it, on its way out.
#[non_exhaustive]
pub struct Blob {
    /// What is known of the whole blob.
    pub meta: BlobMeta,
    /// Which bytes of it these are.
    pub range: std::ops::Range<u64>,
    /// The bytes.
    pub body: BlobStream,
}

impl Blob {
    /// The bytes `range` of a blob.
    pub fn new(meta: BlobMeta, range: std::ops::Range<u64>, body: BlobStream) -> Self {
        Self { meta, range, body }
    }

    /// All of its bytes, if they are at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::TooLarge`] when they are more, before any is read.
    pub async fn bytes(mut self, limit: u64) -> Result<Bytes, StoreError> {
        if self.range.end.saturating_sub(self.range.start) > limit {
            return Err(StoreError::too_large(limit));
        }
        let mut whole = BytesMut::new();
        while let Some(piece) = self.body.try_next().await? {
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Blob").field("meta", &self.meta).field("range", &self.range).finish_non_exhaustive()
    }
}

/// Conveniences over any [`BlobStore`].
///
/// ```
/// use scorpio_core::store::{BlobKey, BlobStoreExt, MemoryBlobStore};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (files, key) = (MemoryBlobStore::new(), BlobKey::parse("alice/notes.txt")?);
/// files.put_bytes(&key, "Buy milk.", "text/plain").await?;
/// assert_eq!(files.get_bytes(&key, 1_024).await?.as_deref(), Some(&b"Buy milk."[..]));
/// # Ok(()) }
/// ```
#[async_trait]
pub trait BlobStoreExt: BlobStore {
    /// Stores `bytes`.
    async fn put_bytes(
        &self,
        key: &BlobKey,
        bytes: impl Into<Bytes> + Send,
        content_type: &str,
    ) -> Result<BlobMeta, StoreError> {
        let body = stream::iter([Ok(bytes.into())]).boxed();
        self.put(key, body, BlobPut::new().with_content_type(content_type)).await
    }

    /// The whole blob, if it has at most `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::TooLarge`] when it has more.
    async fn get_bytes(&self, key: &BlobKey, limit: u64) -> Result<Option<Bytes>, StoreError> {
        match self.get(key, None).await? {
            Some(blob) => blob.bytes(limit).await.map(Some),
            None => Ok(None),
        }
    }

    /// Every blob of `folder` and the folders in it, or of the store, a page at a time.
    fn list_all<'a>(
        &'a self,
        folder: Option<BlobKey>,
    ) -> Pin<Box<dyn Stream<Item = Result<BlobMeta, StoreError>> + Send + 'a>> {
        let first = Some(BlobPage { folder, ..BlobPage::new() });
        let pages = stream::try_unfold(first, move |page| async move {
            let Some(page) = page else { return Ok(None) };
            let listing = self.list(page.clone()).await?;
            let next = listing.next.map(|after| BlobPage { after: Some(after), ..page });
            Ok::<_, StoreError>(Some((stream::iter(listing.blobs.into_iter().map(Ok)), next)))
        });
        pages.try_flatten().boxed()
    }
}

impl<B: BlobStore + ?Sized> BlobStoreExt for B {}

#[cfg(test)]
mod tests;
