//! The search. The owner and the collection are conditions of the statement that looks for neighbours.

use scorpio_core::store::{StoreError, VectorHit, VectorQuery};
use sqlx::{AssertSqlSafe, PgConnection, Row, postgres::PgRow};

use super::{
    PostgresVectors,
    error::store_error,
    row::{self, CONTENT, metadata_json},
    schema::indexed_type,
};

/// The most records of a collection that are compared one by one: a few milliseconds. An index over all owners would have to
/// be scanned for longer until so few of one owner have come.
const EXACT: i64 = 10_000;

/// The most neighbours that are asked of the index. Its search keeps a list that is as long.
const INDEX_LIMIT: usize = 500;

impl PostgresVectors {
    pub(super) async fn search(&self, query: VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        let mut transaction = self.pool().begin().await.map_err(store_error)?;
        let Some((dimensions, records)) = size(&mut transaction, &query).await? else {
            return Ok(Vec::new());
        };
        query.embedding.expect_dimensions(dimensions)?;
        if query.limit == 0 {
            return Ok(Vec::new());
        }
        let mut hits = None;
        if records > EXACT
            && query.limit <= INDEX_LIMIT
            && let Some(at) = indexed_type(dimensions)
        {
            let found = through_index(&mut transaction, &query, dimensions, &at).await?;
            // Fewer than wanted may mean that the index was not scanned far enough.
            hits = Some(found).filter(|found| found.len() >= query.limit);
        }
        let rows = match hits {
            Some(rows) => rows,
            None => one_by_one(&mut transaction, &query).await?,
        };
        transaction.commit().await.map_err(store_error)?;
        let mut hits = rows.iter().map(row::hit).collect::<Result<Vec<_>, _>>()?;
        hits.retain(|hit| query.min_score.is_none_or(|min| hit.score >= min));
        Ok(hits)
    }
}

/// How long the vectors of the collection are, and how many there are, counted up to one more than [`EXACT`].
async fn size(
    connection: &mut PgConnection,
    query: &VectorQuery,
) -> Result<Option<(usize, i64)>, StoreError> {
    let row = sqlx::query(
        "select dimensions, (select count(*) from (select 1 from scorpio_vectors
                             where owner = $1 and collection = $2 limit $3) as counted)
         from scorpio_vector_collections where owner = $1 and collection = $2",
    )
    .bind(query.owner.as_str())
    .bind(query.collection.as_str())
    .bind(EXACT + 1)
    .fetch_optional(connection)
    .await
    .map_err(store_error)?;
    let Some(row) = row else { return Ok(None) };
    let dimensions: i32 = row.try_get(0).map_err(store_error)?;
    Ok(Some((usize::try_from(dimensions).unwrap_or(0), row.try_get(1).map_err(store_error)?)))
}

/// Without the cast that the indexes are made of, no index on embeddings can be used: the planner takes the one on owners.
async fn one_by_one(connection: &mut PgConnection, query: &VectorQuery) -> Result<Vec<PgRow>, StoreError> {
    let sql = format!(
        "select {CONTENT}, -(embedding <#> $3::real[]::vector) as score from scorpio_vectors
         where owner = $1 and collection = $2 and metadata @> $4::jsonb
         order by embedding <#> $3::real[]::vector, id limit $5"
    );
    fetch(connection, sql, query, query.limit).await
}

/// Takes more than wanted from the index, whose numbers may be rounded, and compares them at full precision.
async fn through_index(
    connection: &mut PgConnection,
    query: &VectorQuery,
    dimensions: usize,
    at: &str,
) -> Result<Vec<PgRow>, StoreError> {
    let candidates = query.limit * 2 + 20;
    let settings = format!(
        "set local hnsw.iterative_scan = strict_order; set local hnsw.ef_search = {};
         set local hnsw.max_scan_tuples = 100000",
        candidates.clamp(100, 1000)
    );
    sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *connection).await.map_err(store_error)?;
    let limit = query.limit;
    let sql = format!(
        "select * from (
             select {CONTENT}, -(embedding <#> $3::real[]::vector) as score from scorpio_vectors
             where owner = $1 and collection = $2 and dimensions = {dimensions} and metadata @> $4::jsonb
             order by embedding::{at} <#> $3::real[]::vector::{at} limit $5) as candidates
         order by score desc, id limit {limit}"
    );
    fetch(connection, sql, query, candidates).await
}

async fn fetch(
    connection: &mut PgConnection,
    sql: String,
    query: &VectorQuery,
    limit: usize,
) -> Result<Vec<PgRow>, StoreError> {
    sqlx::query(AssertSqlSafe(sql))
        .bind(query.owner.as_str())
        .bind(query.collection.as_str())
        .bind(&*query.embedding)
        .bind(metadata_json(&query.filter))
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch_all(connection)
        .await
        .map_err(store_error)
}
