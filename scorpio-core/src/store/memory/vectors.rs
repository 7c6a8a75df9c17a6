//! [`VectorStore`] in memory: an exact scan over numbers that lie one behind the other.

mod collection;

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use async_trait::async_trait;

use self::collection::Collection;
use crate::{
    CollectionId, DocumentId, OwnerId,
    store::{
        DocumentListing, DocumentSummary, Selection, StoreError, VectorHit, VectorListing, VectorPage,
        VectorQuery, VectorRecord, VectorStore,
    },
};

/// How many numbers are scanned on the thread that asks. More take longer than a millisecond or two and go to another thread.
const INLINE: usize = 1 << 20;

type Collections = HashMap<(OwnerId, CollectionId), Collection>;

/// Vectors in memory. A query looks at every record of the collection: it is exact, and costs records × dimensions
/// multiplications, one or two milliseconds for a million. Cloning it copies a pointer.
///
/// [`VectorStore`] has an example.
#[derive(Clone, Default)]
pub struct MemoryVectors(Arc<RwLock<Collections>>);

impl MemoryVectors {
    /// No collections.
    pub fn new() -> Self {
        Self::default()
    }

    // Every change is checked before it begins, so that a panic elsewhere leaves nothing half done.
    fn read(&self) -> RwLockReadGuard<'_, Collections> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Collections> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `look` finds in a collection, or nothing when there is none.
    fn with<T: Default>(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        look: impl FnOnce(&Collection) -> T,
    ) -> T {
        self.read().get(&(owner.clone(), collection.clone())).map(look).unwrap_or_default()
    }
}

impl fmt::Debug for MemoryVectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryVectors").field("collections", &self.read().len()).finish()
    }
}

#[async_trait]
impl VectorStore for MemoryVectors {
    async fn upsert(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        records: Vec<VectorRecord>,
    ) -> Result<(), StoreError> {
        let Some(first) = records.first() else { return Ok(()) };
        let dimensions = first.embedding.dimensions();
        let mut collections = self.write();
        let key = (owner.clone(), collection.clone());
        let dimensions = collections.get(&key).map_or(dimensions, Collection::dimensions);
        collection::check(dimensions, &records)?;
        collections.entry(key).or_insert_with(|| Collection::new(dimensions)).upsert(records);
        Ok(())
    }

    async fn replace_document(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        document: &DocumentId,
        mut records: Vec<VectorRecord>,
    ) -> Result<(), StoreError> {
        for record in &mut records {
            record.source.document = document.clone();
        }
        let mut collections = self.write();
        let key = (owner.clone(), collection.clone());
        if let Some(known) = collections.get(&key) {
            collection::check(known.dimensions(), &records)?;
        } else if let Some(first) = records.first() {
            collection::check(first.embedding.dimensions(), &records)?;
            collections.insert(key.clone(), Collection::new(first.embedding.dimensions()));
        }
        let Some(known) = collections.get_mut(&key) else { return Ok(()) };
        known.delete(&Selection::Document(document.clone()));
        known.upsert(records);
        if known.is_empty() {
            collections.remove(&key);
        }
        Ok(())
    }

    async fn delete(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        selection: Selection,
    ) -> Result<u64, StoreError> {
        let mut collections = self.write();
        let key = (owner.clone(), collection.clone());
        let Some(known) = collections.get_mut(&key) else { return Ok(0) };
        let deleted = known.delete(&selection);
        if known.is_empty() {
            collections.remove(&key);
        }
        Ok(deleted)
    }

    async fn query(&self, query: VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        let numbers = self.with(&query.owner, &query.collection, Collection::numbers);
        let this = self.clone();
        let scan = move || {
            let collections = this.read();
            let key = (query.owner.clone(), query.collection.clone());
            collections.get(&key).map_or_else(|| Ok(Vec::new()), |known| known.query(&query))
        };
        if numbers <= INLINE {
            return scan();
        }
        tokio::task::spawn_blocking(scan).await.map_err(StoreError::unavailable)?
    }

    async fn count(&self, owner: &OwnerId, collection: &CollectionId) -> Result<u64, StoreError> {
        Ok(self.with(owner, collection, Collection::len))
    }

    async fn list(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        page: VectorPage,
    ) -> Result<VectorListing, StoreError> {
        Ok(self.with(owner, collection, |known| known.list(&page)))
    }

    async fn documents(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<DocumentListing, StoreError> {
        Ok(self.with(owner, collection, |known| known.documents(after, limit)))
    }

    async fn document(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        document: &DocumentId,
    ) -> Result<Option<DocumentSummary>, StoreError> {
        Ok(self.with(owner, collection, |known| known.document(document)))
    }
}
