//! Reading vectors other than by what they are near to, and from rows to what they stand for.

use std::{error::Error as StdError, str::FromStr};

use scorpio_core::{
    CollectionId, DocumentId, OwnerId, Trust,
    store::{
        DocumentListing, DocumentSummary, Metadata, StoreError, StoreErrorKind, UnitVector, VectorHit,
        VectorListing, VectorPage, VectorRecord, VectorSource,
    },
};
use sqlx::{AssertSqlSafe, Row, postgres::PgRow};

use super::{PostgresVectors, error::store_error};

/// What a [`VectorSource`], metadata and a text are read from, by name.
pub(super) const CONTENT: &str =
    "id, document_id, position, title, uri, trust, metadata::text as metadata, body";

fn get<'a, T: sqlx::Decode<'a, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>>(
    row: &'a PgRow,
    column: &str,
) -> Result<T, StoreError> {
    row.try_get(column).map_err(|error| unreadable(column, error))
}

fn id<T: FromStr<Err: StdError + Send + Sync + 'static>>(row: &PgRow, column: &str) -> Result<T, StoreError> {
    get::<&str>(row, column)?.parse().map_err(|error| unreadable(column, error))
}

fn unreadable(column: &str, error: impl StdError + Send + Sync + 'static) -> StoreError {
    StoreError::corrupt(format!("column {column} of a row of scorpio_vectors cannot be read"), error)
}

fn source(row: &PgRow) -> Result<VectorSource, StoreError> {
    let mut source = VectorSource::new(id(row, "document_id")?);
    source.position =
        u32::try_from(get::<i64>(row, "position")?).map_err(|error| unreadable("position", error))?;
    (source.title, source.uri) = (get(row, "title")?, get(row, "uri")?);
    source.trust = match get(row, "trust")? {
        "trusted" => Trust::Trusted,
        "untrusted" => Trust::Untrusted,
        other => {
            let message = format!("a row of scorpio_vectors has the unknown trust `{other}`");
            return Err(StoreError::new(StoreErrorKind::Corrupt, message));
        }
    };
    Ok(source)
}

fn metadata(row: &PgRow) -> Result<Metadata, StoreError> {
    serde_json::from_str(get(row, "metadata")?).map_err(|error| unreadable("metadata", error))
}

/// An object whose values are strings.
pub(super) fn metadata_json(metadata: &Metadata) -> String {
    serde_json::Value::from_iter(metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())))
        .to_string()
}

pub(super) fn hit(row: &PgRow) -> Result<VectorHit, StoreError> {
    #[allow(clippy::cast_possible_truncation, reason = "it is between -1 and 1")]
    let score = get::<f64>(row, "score")? as f32;
    let text: String = get(row, "body")?;
    Ok(VectorHit::new(id(row, "id")?, score.clamp(-1.0, 1.0), text, source(row)?, metadata(row)?))
}

fn record(row: &PgRow) -> Result<VectorRecord, StoreError> {
    let numbers: Vec<f32> = get(row, "embedding")?;
    let embedding = UnitVector::new(numbers).map_err(|error| unreadable("embedding", error))?;
    let text: String = get(row, "body")?;
    let mut record = VectorRecord::new(id(row, "id")?, embedding, text, source(row)?);
    record.metadata = metadata(row)?;
    Ok(record)
}

fn summary(row: &PgRow) -> Result<DocumentSummary, StoreError> {
    let records = u64::try_from(get::<i64>(row, "records")?).map_err(|error| unreadable("records", error))?;
    Ok(DocumentSummary::new(source(row)?, metadata(row)?, records))
}

/// A limit that PostgreSQL takes, with one more to see whether there is more.
fn one_more(limit: usize) -> i64 {
    i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX)
}

/// The documents whose ids a statement selects.
fn documents(ids: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(format!(
        "select * from (
             select document_id, position, title, uri, trust, metadata::text as metadata,
             count(*) over (partition by document_id) as records,
             row_number() over (partition by document_id order by position, id) as number
             from scorpio_vectors where owner = $1 and collection = $2 and document_id in ({ids})) as numbered
         where number = 1 order by document_id"
    ))
}

impl PostgresVectors {
    pub(super) async fn select_count(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
    ) -> Result<u64, StoreError> {
        let row = sqlx::query(
            "select count(*) as records from scorpio_vectors where owner = $1 and collection = $2",
        )
        .bind(owner.as_str())
        .bind(collection.as_str())
        .fetch_one(self.pool())
        .await
        .map_err(store_error)?;
        u64::try_from(get::<i64>(&row, "records")?).map_err(|error| unreadable("records", error))
    }

    pub(super) async fn select_records(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        page: VectorPage,
    ) -> Result<VectorListing, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "select {CONTENT}, embedding::real[] as embedding from scorpio_vectors
             where owner = $1 and collection = $2 and id > $3 and ($4::text is null or document_id = $4)
             order by id limit $5"
        )))
        .bind(owner.as_str())
        .bind(collection.as_str())
        .bind(page.after.as_ref().map_or("", |id| id.as_str()))
        .bind(page.document.as_ref().map(|document| document.as_str()))
        .bind(one_more(page.limit))
        .fetch_all(self.pool())
        .await
        .map_err(store_error)?;
        let records = rows.iter().take(page.limit).map(record).collect::<Result<_, _>>()?;
        Ok(VectorListing::new(records, rows.len() > page.limit))
    }

    pub(super) async fn select_documents(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<DocumentListing, StoreError> {
        let ids = "select distinct document_id from scorpio_vectors
                   where owner = $1 and collection = $2 and document_id > $3 order by document_id limit $4";
        let rows = sqlx::query(documents(ids))
            .bind(owner.as_str())
            .bind(collection.as_str())
            .bind(after.map_or("", |id| id.as_str()))
            .bind(one_more(limit))
            .fetch_all(self.pool())
            .await
            .map_err(store_error)?;
        let documents = rows.iter().take(limit).map(summary).collect::<Result<_, _>>()?;
        Ok(DocumentListing::new(documents, rows.len() > limit))
    }

    pub(super) async fn select_document(
        &self,
        owner: &OwnerId,
        collection: &CollectionId,
        document: &DocumentId,
    ) -> Result<Option<DocumentSummary>, StoreError> {
        let row = sqlx::query(documents("$3"))
            .bind(owner.as_str())
            .bind(collection.as_str())
            .bind(document.as_str())
            .fetch_optional(self.pool())
            .await
            .map_err(store_error)?;
        row.as_ref().map(summary).transpose()
    }
}
