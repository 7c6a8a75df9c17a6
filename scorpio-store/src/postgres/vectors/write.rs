//! What changes vectors. Every change locks the row of its collection first, so that all of a collection's vectors are equally long
//! and changes of a collection come one after the other.

use std::collections::BTreeMap;

use scorpio_core::{
    CollectionId, DocumentId, OwnerId, Trust, VectorId,
    store::{Selection, StoreError, StoreErrorKind, VectorRecord},
};
use sqlx::{PgConnection, Postgres, QueryBuilder, Row};

use super::{PostgresVectors, error::store_error, row::metadata_json};

/// How many records are one statement. Each takes 12 of the 65,535 parameters that a statement may have.
const BATCH: usize = 500;

impl PostgresVectors {
    /// Adds records, in the place of those of `replaced` if there is such a document.
    pub(super) async fn write(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        replaced: Option<&DocumentId>,
        records: Vec<VectorRecord>,
    ) -> Result<(), StoreError> {
        // Of equal ids the last one counts; a statement may not write one row twice.
        let records: BTreeMap<VectorId, VectorRecord> =
            records.into_iter().map(|record| (record.id.clone(), record)).collect();
        let records: Vec<VectorRecord> = records.into_values().collect();
        let dimensions = records.first().map(|record| record.embedding.dimensions());
        if let Some(dimensions) = dimensions {
            records.iter().try_for_each(|record| record.embedding.expect_dimensions(dimensions))?;
            self.ensure_index(dimensions).await?;
        }
        let mut transaction = self.pool().begin().await.map_err(store_error)?;
        match (dimensions, records.first()) {
            (Some(dimensions), Some(first)) => {
                let found = claim(&mut transaction, owner, collection, dimensions).await?;
                first.embedding.expect_dimensions(found)?;
            }
            _ => lock(&mut transaction, owner, collection).await?,
        }
        if let Some(document) = replaced {
            delete(&mut transaction, owner, collection, &Selection::Document(document.clone())).await?;
        }
        for records in records.chunks(BATCH) {
            insert(&mut transaction, owner, collection, records).await?;
        }
        forget_if_empty(&mut transaction, owner, collection).await?;
        transaction.commit().await.map_err(store_error)
    }

    pub(super) async fn remove(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        selection: &Selection,
    ) -> Result<u64, StoreError> {
        let mut transaction = self.pool().begin().await.map_err(store_error)?;
        lock(&mut transaction, owner, collection).await?;
        let deleted = delete(&mut transaction, owner, collection, selection).await?;
        forget_if_empty(&mut transaction, owner, collection).await?;
        transaction.commit().await.map_err(store_error)?;
        Ok(deleted)
    }
}

/// Makes the collection if it is not there, locks it, and tells how long its vectors are.
async fn claim(
    connection: &mut PgConnection,
    owner: &OwnerId,
    collection: &CollectionId,
    dimensions: usize,
) -> Result<usize, StoreError> {
    let row = sqlx::query(
        "insert into scorpio_vector_collections as known (owner, collection, dimensions) values ($1, $2, $3)
         on conflict (owner, collection) do update set dimensions = known.dimensions returning dimensions",
    )
    .bind(owner.as_str())
    .bind(collection.as_str())
    .bind(i32::try_from(dimensions).unwrap_or(i32::MAX))
    .fetch_one(connection)
    .await
    .map_err(store_error)?;
    let found: i32 = row.try_get(0).map_err(store_error)?;
    Ok(usize::try_from(found).unwrap_or(0))
}

async fn lock(
    connection: &mut PgConnection,
    owner: &OwnerId,
    collection: &CollectionId,
) -> Result<(), StoreError> {
    sqlx::query("select 1 from scorpio_vector_collections where owner = $1 and collection = $2 for update")
        .bind(owner.as_str())
        .bind(collection.as_str())
        .execute(connection)
        .await
        .map(drop)
        .map_err(store_error)
}

async fn delete(
    connection: &mut PgConnection,
    owner: &OwnerId,
    collection: &CollectionId,
    selection: &Selection,
) -> Result<u64, StoreError> {
    let mut query = QueryBuilder::<Postgres>::new("delete from scorpio_vectors where owner = ");
    query.push_bind(owner.as_str()).push(" and collection = ").push_bind(collection.as_str());
    match selection {
        Selection::Ids(ids) => {
            let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            query.push(" and id = any(").push_bind(ids).push(")");
        }
        Selection::Document(document) => {
            query.push(" and document_id = ").push_bind(document.as_str());
        }
        Selection::All => {}
        other => {
            let message = format!("this store does not know the selection {other:?}");
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
    }
    query.build().execute(connection).await.map(|done| done.rows_affected()).map_err(store_error)
}

async fn insert(
    connection: &mut PgConnection,
    owner: &OwnerId,
    collection: &CollectionId,
    records: &[VectorRecord],
) -> Result<(), StoreError> {
    let mut query = QueryBuilder::<Postgres>::new(
        "insert into scorpio_vectors
         (owner, collection, id, document_id, position, title, uri, trust, metadata, body, dimensions, embedding) ",
    );
    query.push_values(records, |mut row, record| {
        let source = &record.source;
        row.push_bind(owner.as_str())
            .push_bind(collection.as_str())
            .push_bind(record.id.as_str())
            .push_bind(source.document.as_str())
            .push_bind(i64::from(source.position))
            .push_bind(source.title.as_deref())
            .push_bind(source.uri.as_deref())
            .push_bind(if source.trust == Trust::Trusted { "trusted" } else { "untrusted" })
            .push_bind(metadata_json(&record.metadata))
            .push_unseparated("::jsonb")
            .push_bind(record.text.as_str())
            .push_bind(i32::try_from(record.embedding.dimensions()).unwrap_or(i32::MAX))
            .push_bind(&*record.embedding)
            .push_unseparated("::real[]::vector");
    });
    query.push(
        " on conflict (owner, collection, id) do update set document_id = excluded.document_id,
         position = excluded.position, title = excluded.title, uri = excluded.uri, trust = excluded.trust,
         metadata = excluded.metadata, body = excluded.body, dimensions = excluded.dimensions,
         embedding = excluded.embedding",
    );
    query.build().execute(connection).await.map(drop).map_err(store_error)
}

/// Forgets how long the vectors of a collection are once there are none.
async fn forget_if_empty(
    connection: &mut PgConnection,
    owner: &OwnerId,
    collection: &CollectionId,
) -> Result<(), StoreError> {
    sqlx::query(
        "delete from scorpio_vector_collections where owner = $1 and collection = $2
         and not exists (select 1 from scorpio_vectors where owner = $1 and collection = $2)",
    )
    .bind(owner.as_str())
    .bind(collection.as_str())
    .execute(connection)
    .await
    .map(drop)
    .map_err(store_error)
}
