//! Blobs in memory, bounded by their bytes.

use std::{collections::BTreeMap, fmt, ops::Bound, sync::Mutex};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;

use super::lock;
use crate::store::{
    Blob, BlobKey, BlobListing, BlobMeta, BlobPage, BlobPut, BlobRange, BlobStore, BlobStream, StoreError,
    StoreErrorKind,
};

/// How many bytes are kept unless set.
const CAPACITY: u64 = 256 * 1024 * 1024;

/// How many bytes of a blob are handed out at a time.
const PIECE: usize = 64 * 1024;

/// A [`BlobStore`] in memory.
///
/// ```
/// use scorpio_core::store::{BlobKey, BlobPage, BlobStore, BlobStoreExt, MemoryBlobStore};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let files = MemoryBlobStore::with_capacity(1_024);
/// files.put_bytes(&BlobKey::parse("a/b")?, "text", "text/plain").await?;
/// assert_eq!(files.list(BlobPage::new()).await?.blobs.len(), 1);
/// # Ok(()) }
/// ```
pub struct MemoryBlobStore {
    capacity: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    blobs: BTreeMap<BlobKey, (BlobMeta, Bytes)>,
    bytes: u64,
}

impl MemoryBlobStore {
    /// A store of 256 MiB.
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// A store of that many bytes.
    pub fn with_capacity(bytes: u64) -> Self {
        Self { capacity: bytes, state: Mutex::default() }
    }

    fn full(&self) -> StoreError {
        StoreError::new(
            StoreErrorKind::Full,
            format!("there is no room in {} bytes of memory", self.capacity),
        )
    }
}

impl Default for MemoryBlobStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryBlobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("MemoryBlobStore")
            .field("capacity", &self.capacity)
            .field("bytes", &state.bytes)
            .field("blobs", &state.blobs.len())
            .finish()
    }
}

impl State {
    fn remove(&mut self, key: &BlobKey) {
        if let Some((meta, _)) = self.blobs.remove(key) {
            self.bytes -= meta.size;
        }
    }
}

#[async_trait]
impl BlobStore for MemoryBlobStore {
    async fn put(&self, key: &BlobKey, mut body: BlobStream, put: BlobPut) -> Result<BlobMeta, StoreError> {
        put.expect_valid()?;
        let mut bytes = BytesMut::new();
        while let Some(piece) = body.try_next().await? {
            let size = (bytes.len() + piece.len()) as u64;
            put.expect_within(size)?;
            if size > self.capacity {
                return Err(self.full());
            }
            bytes.extend_from_slice(&piece);
        }
        let bytes = bytes.freeze();
        let size = bytes.len() as u64;
        let meta = BlobMeta::new(key.clone(), size, Timestamp::now()).with_content_type(put.content_type);
        let mut state = lock(&self.state);
        let replaced = state.blobs.get(key).map_or(0, |(meta, _)| meta.size);
        if state.bytes - replaced + size > self.capacity {
            return Err(self.full());
        }
        state.remove(key);
        state.bytes += size;
        state.blobs.insert(key.clone(), (meta.clone(), bytes));
        Ok(meta)
    }

    async fn get(&self, key: &BlobKey, range: Option<BlobRange>) -> Result<Option<Blob>, StoreError> {
        let Some((meta, bytes)) = lock(&self.state).blobs.get(key).cloned() else { return Ok(None) };
        let range = range.map_or(Ok(0..meta.size), |range| range.of(meta.size))?;
        // What is in memory is counted in `usize`.
        let mut part = bytes.slice(range.start as usize..range.end as usize);
        let pieces =
            std::iter::from_fn(move || (!part.is_empty()).then(|| Ok(part.split_to(part.len().min(PIECE)))));
        Ok(Some(Blob::new(meta, range, stream::iter(pieces).boxed())))
    }

    async fn head(&self, key: &BlobKey) -> Result<Option<BlobMeta>, StoreError> {
        Ok(lock(&self.state).blobs.get(key).map(|(meta, _)| meta.clone()))
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), StoreError> {
        lock(&self.state).remove(key);
        Ok(())
    }

    async fn list(&self, page: BlobPage) -> Result<BlobListing, StoreError> {
        let start = page.after.as_ref().max(page.folder.as_ref());
        let from = start.map_or(Bound::Unbounded, Bound::Excluded);
        let state = lock(&self.state);
        let found = state.blobs.range::<BlobKey, _>((from, Bound::Unbounded)).map(|(_, (meta, _))| meta);
        let wanted = found.filter(|meta| page.wants(&meta.key)).take(page.limit.max(1).saturating_add(1));
        Ok(BlobListing::cut(wanted.cloned().collect(), page.limit))
    }
}

#[cfg(test)]
mod tests;
