//! [`VectorStore`] on SQLite. Embeddings are blobs, and a query scans those of the collection.

mod row;
mod scan;

use std::sync::Arc;

use async_trait::async_trait;
use scorpio_core::{
    CollectionId, DocumentId, OwnerId,
    store::{
        DocumentListing, DocumentSummary, Selection, StoreError, StoreErrorKind, VectorHit, VectorListing,
        VectorPage, VectorQuery, VectorRecord, VectorStore,
    },
};
use serde::Serialize;
use sqlx::Row as _;

use super::{
    SqliteStore,
    error::{Violated, store_error, violated},
    row::{changes, rows},
    script::Script,
};

/// Which rows are those of an owner's collection.
const OF_COLLECTION: &str = "owner = ? and collection = ?";

/// What SQL makes a row of, apart from the embedding.
#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    document: &'a str,
    position: u32,
    title: Option<&'a str>,
    uri: Option<&'a str>,
    trust: scorpio_core::Trust,
    metadata: &'a scorpio_core::store::Metadata,
    text: &'a str,
}

impl<'a> From<&'a VectorRecord> for Written<'a> {
    fn from(record: &'a VectorRecord) -> Self {
        let source = &record.source;
        Self {
            id: record.id.as_str(),
            document: source.document.as_str(),
            position: source.position,
            title: source.title.as_deref(),
            uri: source.uri.as_deref(),
            trust: source.trust,
            metadata: &record.metadata,
            text: &record.text,
        }
    }
}

trait OfCollection {
    /// Binds both parameters of [`OF_COLLECTION`].
    fn of(self, owner: &OwnerId, collection: &CollectionId) -> Self;
}

impl OfCollection for Script {
    fn of(self, owner: &OwnerId, collection: &CollectionId) -> Self {
        self.bind(owner.as_str()).bind(collection.as_str())
    }
}

/// All records are one statement, whose text is the same however many they are.
fn insert(
    script: Script,
    owner: &OwnerId,
    collection: &CollectionId,
    records: &[VectorRecord],
) -> Result<Script, StoreError> {
    let Some(first) = records.first() else { return Ok(script) };
    let dimensions = first.embedding.dimensions();
    records.iter().try_for_each(|record| record.embedding.expect_dimensions(dimensions))?;
    let written: Vec<Written<'_>> = records.iter().map(Written::from).collect();
    let written = serde_json::to_string(&written).map_err(StoreError::unavailable)?;
    let numbers = records.iter().flat_map(|record| record.embedding.iter());
    let bytes: Vec<u8> = numbers.flat_map(|number| number.to_le_bytes()).collect();
    let script = script
        .then("insert or ignore into scorpio_vector_collections (owner, collection, dimensions) values (?, ?, ?)")
        .of(owner, collection)
        .bind(dimensions)
        .then(
            "insert or replace into scorpio_vectors
             (owner, collection, dimensions, embedding,
              id, document_id, position, title, uri, trust, metadata, body)
             select ?, ?, ?, substr(?, key * ? + 1, ?),
             value ->> 'id', value ->> 'document', value ->> 'position', value ->> 'title', value ->> 'uri',
             value ->> 'trust', value -> 'metadata', value ->> 'text'
             from json_each(?) order by key",
        )
        .of(owner, collection)
        .bind(dimensions)
        .bind(super::script::Value::Blob(bytes))
        .bind(4 * dimensions)
        .bind(4 * dimensions)
        .bind(written);
    Ok(script)
}

/// Forgets how long the vectors of a collection are once there are none.
fn forget_if_empty(script: Script, owner: &OwnerId, collection: &CollectionId) -> Script {
    script
        .then(&format!(
            "delete from scorpio_vector_collections where {OF_COLLECTION}
             and not exists (select 1 from scorpio_vectors where {OF_COLLECTION})"
        ))
        .of(owner, collection)
        .of(owner, collection)
}

impl SqliteStore {
    /// Runs a script that adds vectors.
    async fn write_vectors(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        first: Option<&VectorRecord>,
        script: Script,
    ) -> Result<(), StoreError> {
        let Err(error) = self.write(script).await else { return Ok(()) };
        let (Some(Violated::ForeignKey), Some(first)) = (violated(&error), first) else {
            return Err(store_error(error));
        };
        if let Some(dimensions) = self.dimensions(owner, collection).await? {
            first.embedding.expect_dimensions(dimensions)?;
        }
        // It was emptied between the two calls.
        let message = "the vectors of this collection had another length";
        Err(StoreError::new(StoreErrorKind::Invalid, message).with_source(error))
    }

    /// How long the vectors of a collection are, if there are any.
    async fn dimensions(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
    ) -> Result<Option<usize>, StoreError> {
        let sql = format!("select dimensions from scorpio_vector_collections where {OF_COLLECTION}");
        let steps = self.read(Script::new(&sql).of(owner, collection)).await?;
        let Some(row) = rows(&steps, 0).first() else { return Ok(None) };
        let dimensions: i64 = row.try_get(0).map_err(|error| store_error(Arc::new(error)))?;
        Ok(usize::try_from(dimensions).ok())
    }

    /// What a script of [`select_documents`] finds.
    async fn summaries(&self, script: Script) -> Result<Vec<DocumentSummary>, StoreError> {
        let steps = self.read(script).await?;
        rows(&steps, 0).iter().map(row::summary).collect()
    }
}

/// The documents whose ids a statement selects.
fn select_documents(ids: &str) -> Script {
    Script::new(&format!(
        "select document_id, position, title, uri, trust, metadata, records from (
             select document_id, position, title, uri, trust, metadata,
             count(*) over (partition by document_id) as records,
             row_number() over (partition by document_id order by position, id) as number
             from scorpio_vectors where {OF_COLLECTION} and document_id in ({ids}))
         where number = 1 order by document_id"
    ))
}

#[async_trait]
impl VectorStore for SqliteStore {
    async fn upsert(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        records: Vec<VectorRecord>,
    ) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let script = insert(Script::default(), owner, collection, &records)?;
        self.write_vectors(owner, collection, records.first(), script).await
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
        let script =
            Script::new(&format!("delete from scorpio_vectors where {OF_COLLECTION} and document_id = ?"))
                .of(owner, collection)
                .bind(document.as_str());
        let script = insert(script, owner, collection, &records)?;
        let script = forget_if_empty(script, owner, collection);
        self.write_vectors(owner, collection, records.first(), script).await
    }

    async fn delete(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        selection: Selection,
    ) -> Result<u64, StoreError> {
        let delete = |condition: &str| {
            Script::new(&format!("delete from scorpio_vectors where {OF_COLLECTION}{condition}"))
                .of(owner, collection)
        };
        let script = match selection {
            Selection::Ids(ids) => {
                let ids = serde_json::to_string(&ids).map_err(StoreError::unavailable)?;
                delete(" and id in (select value from json_each(?))").bind(ids)
            }
            Selection::Document(document) => delete(" and document_id = ?").bind(document.as_str()),
            Selection::All => delete(""),
            other => {
                let message = format!("this store does not know the selection {other:?}");
                return Err(StoreError::new(StoreErrorKind::Unavailable, message));
            }
        };
        let script = forget_if_empty(script, owner, collection);
        Ok(changes(&self.write(script).await.map_err(store_error)?, 0))
    }

    async fn query(&self, query: VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        let Some(dimensions) = self.dimensions(&query.owner, &query.collection).await? else {
            return Ok(Vec::new());
        };
        query.embedding.expect_dimensions(dimensions)?;
        self.scan(query).await
    }

    async fn count(&self, owner: &OwnerId, collection: &CollectionId) -> Result<u64, StoreError> {
        let sql = format!("select count(*) from scorpio_vectors where {OF_COLLECTION}");
        let steps = self.read(Script::new(&sql).of(owner, collection)).await?;
        rows(&steps, 0).first().map_or(Ok(0), row::count)
    }

    async fn list(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        page: VectorPage,
    ) -> Result<VectorListing, StoreError> {
        let columns = row::RECORD;
        let after = page.after.as_ref().map_or("", |id| id.as_str());
        let mut script = Script::new(&format!(
            "select {columns} from scorpio_vectors where {OF_COLLECTION} and id > ?
                 and (? is null or document_id = ?) order by id limit ?"
        ))
        .of(owner, collection)
        .bind(after);
        for _ in 0..2 {
            script = script.bind(page.document.as_ref().map(|document| document.as_str()));
        }
        let steps = self.read(script.bind(page.limit.saturating_add(1))).await?;
        let found = rows(&steps, 0);
        let records = found.iter().take(page.limit).map(row::record).collect::<Result<_, _>>()?;
        Ok(VectorListing::new(records, found.len() > page.limit))
    }

    async fn documents(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<DocumentListing, StoreError> {
        let script = select_documents(&format!(
            "select distinct document_id from scorpio_vectors
             where {OF_COLLECTION} and document_id > ? order by document_id limit ?"
        ));
        let script = script
            .of(owner, collection)
            .of(owner, collection)
            .bind(after.map_or("", |id| id.as_str()))
            .bind(limit.saturating_add(1));
        let mut documents = self.summaries(script).await?;
        let has_more = documents.len() > limit;
        documents.truncate(limit);
        Ok(DocumentListing::new(documents, has_more))
    }

    async fn document(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        document: &DocumentId,
    ) -> Result<Option<DocumentSummary>, StoreError> {
        let script = select_documents("?").of(owner, collection).bind(document.as_str());
        Ok(self.summaries(script).await?.pop())
    }
}
