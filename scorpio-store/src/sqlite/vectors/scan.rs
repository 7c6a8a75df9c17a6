//! The search: one statement, which sees one state of the database, reads the records of a collection, and threads that may compute
//! for long compare them by the batch. At any time a batch is in memory, however large the collection.

use std::sync::Arc;

use futures::TryStreamExt;
use scorpio_core::store::{Nearest, StoreError, UnitVector, VectorHit, VectorQuery};
use sqlx::{AssertSqlSafe, sqlite::SqliteRow};

use super::{OF_COLLECTION, OfCollection, row};
use crate::sqlite::{SqliteStore, error::store_error, script::Script};

/// How many records are compared in one go.
const BATCH: usize = 512;

/// A search that is under way.
struct Scan {
    wanted: UnitVector,
    nearest: Nearest<SqliteRow>,
    /// Room for the numbers of one row.
    numbers: Vec<f32>,
}

impl Scan {
    fn new(query: VectorQuery) -> Self {
        let nearest = Nearest::new(query.limit, query.min_score);
        Self { wanted: query.embedding, nearest, numbers: Vec::new() }
    }

    fn compare(&mut self, row: SqliteRow) -> Result<(), StoreError> {
        let id = row::vector(&row, &mut self.numbers)?;
        let score = self.wanted.cosine(&self.numbers);
        if self.nearest.is_too_low(score) {
            return Ok(());
        }
        let id =
            id.parse().map_err(|error| StoreError::corrupt("the id of a vector cannot be read", error))?;
        self.nearest.offer(score, &id, || row);
        Ok(())
    }

    /// Compares rows on a thread that may compute for long.
    async fn compare_all(mut self, rows: Vec<SqliteRow>) -> Result<Self, StoreError> {
        let work = move || rows.into_iter().try_for_each(|row| self.compare(row)).map(|()| self);
        tokio::task::spawn_blocking(work).await.map_err(StoreError::unavailable)?
    }

    fn finish(self) -> Result<Vec<VectorHit>, StoreError> {
        self.nearest.into_sorted().map(|(score, id, row)| row::hit(score, id, &row)).collect()
    }
}

impl SqliteStore {
    pub(super) async fn scan(&self, query: VectorQuery) -> Result<Vec<VectorHit>, StoreError> {
        let script = select(&query);
        let mut scan = Scan::new(query);
        let Some(readers) = &self.0.readers else {
            // A database in memory has a single connection. It is not to be held up by comparisons.
            let rows = self.read(script).await?.into_iter().flat_map(|step| step.rows).collect();
            return scan.compare_all(rows).await?.finish();
        };
        let failed = |error| store_error(Arc::new(error));
        let mut connection = readers.acquire().await.map_err(failed)?;
        let (sql, arguments) = script.into_query().map_err(failed)?;
        let rows = sqlx::query_with(AssertSqlSafe(sql), arguments).fetch(&mut *connection);
        let mut batches = rows.try_chunks(BATCH);
        while let Some(batch) = batches.try_next().await.map_err(|broken| failed(broken.1))? {
            scan = scan.compare_all(batch).await?;
        }
        scan.finish()
    }
}

fn select(query: &VectorQuery) -> Script {
    let columns = row::RECORD;
    let has = " and exists (select 1 from json_each(metadata) where key = ? and value = ?)";
    let filter = has.repeat(query.filter.len());
    let script = Script::new(&format!("select {columns} from scorpio_vectors where {OF_COLLECTION}{filter}"));
    let script = script.of(&query.owner, &query.collection);
    query.filter.iter().fold(script, |script, (name, value)| script.bind(name.as_str()).bind(value.as_str()))
}
