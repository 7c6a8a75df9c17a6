//! [`VectorStore`] on PostgreSQL with pgvector. Small collections are searched exactly, large ones through an HNSW index, and
//! either way the owner is part of the search and not a sieve behind it.

mod error;
mod row;
mod schema;
mod search;
mod write;

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use scorpio_core::{
    CollectionId, DocumentId, OwnerId,
    store::{
        DocumentListing, DocumentSummary, Selection, StoreError, VectorHit, VectorListing, VectorPage,
        VectorQuery, VectorRecord, VectorStore,
    },
};
use sqlx::{PgPool, postgres::PgPoolOptions};

use self::error::store_error;

/// Vectors in PostgreSQL with pgvector 0.8 or later. Cloning it copies a pointer.
///
/// A collection of up to 10,000 records is searched exactly. A larger one is searched through an HNSW index over all owners, which is
/// scanned on until enough records of the owner have come, nearest first; should it still give too few, as it may when a filter is
/// rare, the collection is searched exactly after all. So there are always as many hits as there can be; in large collections a few
/// of the nearest may be missed. Vectors of more than 2,000 numbers are indexed at half precision and compared at full; those of
/// more than 4,000 cannot be indexed and are searched exactly, and more than 16,000 cannot be stored.
///
/// ```no_run
/// use scorpio_core::{CollectionId, OwnerId, store::VectorStore};
/// use scorpio_store::PostgresVectors;
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let vectors = PostgresVectors::connect("postgres://app:secret@db.example.com/app").await?;
/// let notes = vectors.count(&OwnerId::local(), &CollectionId::parse("notes")?).await?;
/// # let _ = notes;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct PostgresVectors(Arc<Inner>);

struct Inner {
    pool: PgPool,
    /// The dimensions that are known to have an index.
    indexed: Mutex<HashSet<usize>>,
}

impl PostgresVectors {
    /// Connects to the database at `url` with a pool of 10 connections, as [`PostgresVectors::from_pool`].
    ///
    /// # Errors
    ///
    /// When there is no database, and as [`PostgresVectors::from_pool`].
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new().max_connections(10).connect(url).await.map_err(store_error)?;
        Self::from_pool(pool).await
    }

    /// Uses the pool of a program, and makes the tables and the extension `vector` if they are not there. Tables are looked up as
    /// the `search_path` of the pool says.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unsupported`](scorpio_core::store::StoreErrorKind::Unsupported) when the server does not have pgvector or has
    /// it older than 0.8, when the role may not create the extension or the tables, and when a newer version of Scorpio wrote them.
    /// The message says which. Nothing is changed then.
    pub async fn from_pool(pool: PgPool) -> Result<Self, StoreError> {
        schema::migrate(&pool).await?;
        Ok(Self(Arc::new(Inner { pool, indexed: Mutex::default() })))
    }

    fn pool(&self) -> &PgPool {
        &self.0.pool
    }
}

impl fmt::Debug for PostgresVectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresVectors").finish_non_exhaustive()
    }
}

#[async_trait]
impl VectorStore for PostgresVectors {
    async fn upsert(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        records: Vec<VectorRecord>,
    ) -> Result<(), StoreError> {
        if records.is_empty() { Ok(()) } else { self.write(owner, collection, None, records).await }
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
        self.write(owner, collection, Some(document), records).await
    }

    async fn delete(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        selection: Selection,
    ) -> Result<u64, StoreError> {
        self.remove(owner, collection, &selection).await
    }

    async fn query(&self, query: VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        self.search(query).await
    }

    async fn count(&self, owner: &OwnerId, collection: &CollectionId) -> Result<u64, StoreError> {
        self.select_count(owner, collection).await
    }

    async fn list(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        page: VectorPage,
    ) -> Result<VectorListing, StoreError> {
        self.select_records(owner, collection, page).await
    }

    async fn documents(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<DocumentListing, StoreError> {
        self.select_documents(owner, collection, after, limit).await
    }

    async fn document(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        document: &DocumentId,
    ) -> Result<Option<DocumentSummary>, StoreError> {
        self.select_document(owner, collection, document).await
    }
}
