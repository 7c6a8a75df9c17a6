//! The seam to vector search: texts with their embeddings, in collections that each belong to an owner. A search is scoped to
//! the owner before it looks for neighbours, so what it finds is never somebody else's and never too little because of others.

mod nearest;
mod record;
mod unit_vector;

use std::fmt;

use async_trait::async_trait;

pub use self::{
    nearest::Nearest,
    record::{
        DocumentListing, DocumentSummary, Metadata, Selection, VectorHit, VectorListing, VectorPage,
        VectorQuery, VectorRecord, VectorSource,
    },
    unit_vector::UnitVector,
};
use crate::{CollectionId, DocumentId, OwnerId, store::StoreError};

/// Texts with their embeddings, to be found by what they are near to.
///
/// The similarity is the cosine. The first record of a collection fixes how long its vectors are, until the collection is empty
/// again. Collections come to be by being written to. What is not there, and what is somebody else's, is found by nobody.
///
/// ```
/// use scorpio_core::{CollectionId, DocumentId, OwnerId, VectorId};
/// use scorpio_core::store::{MemoryVectors, UnitVector, VectorQuery, VectorRecord, VectorSource, VectorStore};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (store, owner) = (MemoryVectors::new(), OwnerId::local());
/// let notes = CollectionId::parse("notes")?;
/// let source = VectorSource::new(DocumentId::parse("sky")?);
/// let record = VectorRecord::new(VectorId::new(), UnitVector::new(vec![0.6, 0.8])?, "The sky is blue.", source);
/// store.upsert(&owner, &notes, vec![record]).await?;
///
/// let hits = store.query(VectorQuery::new(owner, notes, UnitVector::new(vec![3.0, 4.0])?, 5)).await?;
/// assert_eq!(hits[0].text, "The sky is blue.");
/// assert!(hits[0].score > 0.999);
/// # Ok(()) }
/// ```
///
/// # Cancel safety
///
/// Every call either happens whole or not at all, also when its future is dropped.
#[async_trait]
pub trait VectorStore: fmt::Debug + Send + Sync + 'static {
    /// Adds records, in one transaction. One whose id the collection has is replaced. Of several with the same id the last one counts.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`](super::StoreErrorKind::Invalid) when a vector is not as long as those of the collection.
    async fn upsert(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        records: Vec<VectorRecord>,
    ) -> Result<(), StoreError>;

    /// Puts `records` in the place of all records of a document, in one transaction: a search sees either the old ones or the new
    /// ones. The source of each is made to name the document.
    ///
    /// # Errors
    ///
    /// As [`VectorStore::upsert`]; the old ones are kept then.
    async fn replace_document(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        document: &DocumentId,
        records: Vec<VectorRecord>,
    ) -> Result<(), StoreError>;

    /// Deletes records, and tells how many.
    async fn delete(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        selection: Selection,
    ) -> Result<u64, StoreError>;

    /// The records nearest to a vector, the nearest first; among equally near ones the lowest id.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`](super::StoreErrorKind::Invalid) when the vector is not as long as those of the collection.
    async fn query(&self, query: VectorQuery) -> Result<Vec<VectorHit>, StoreError>;

    /// How many records a collection has.
    async fn count(&self, owner: &OwnerId, collection: &CollectionId) -> Result<u64, StoreError>;

    /// The records of a collection in the order of their ids.
    async fn list(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        page: VectorPage,
    ) -> Result<VectorListing, StoreError>;

    /// The documents of a collection in the order of their ids, those behind `after`, at most `limit`.
    async fn documents(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<DocumentListing, StoreError>;

    /// One document of a collection.
    async fn document(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        document: &DocumentId,
    ) -> Result<Option<DocumentSummary>, StoreError>;
}

#[cfg(test)]
mod tests;
