//! The way to the database: connections that are lent for one statement each, and the time that a call may take.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use scorpio_core::store::StoreError;
use sqlx::{
    AssertSqlSafe, PgConnection, PgPool, Postgres,
    pool::{PoolConnection, PoolConnectionMetadata},
    postgres::PgRow,
};

use super::{
    error::{SqlResult, is_lost, store_error},
    query::Query,
    schema::Schema,
};

/// How long a connection may lie idle before it is tested when it is needed again.
const TRUSTED: Duration = Duration::from_secs(1);

/// The way to the database. Cloning it copies a pointer.
#[derive(Debug, Clone)]
pub(super) struct Database(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    schema: Schema,
    /// How long to wait for the answer to a statement.
    patience: Duration,
    losses: Arc<Losses>,
}

impl Database {
    pub(super) fn new(pool: PgPool, schema: Schema, patience: Duration, losses: Arc<Losses>) -> Self {
        Self(Arc::new(Inner { pool, schema, patience, losses }))
    }

    pub(super) fn pool(&self) -> &PgPool {
        &self.0.pool
    }

    pub(super) fn schema(&self) -> &Schema {
        &self.0.schema
    }

    /// Runs a statement, which is a transaction of its own, and answers its rows.
    ///
    /// # Cancel safety
    ///
    /// It happens whole or not at all.
    pub(super) async fn run(&self, query: Query) -> SqlResult<Vec<PgRow>> {
        let mut lent = Lent(Some(self.0.pool.acquire().await?));
        let answer = self.execute(&mut lent, query).await;
        if answer.as_ref().err().is_none_or(|error| !is_lost(error)) {
            lent.give_back();
        }
        answer
    }

    /// Runs a statement on a connection that is lent.
    async fn execute(&self, lent: &mut Lent, query: Query) -> SqlResult<Vec<PgRow>> {
        let arguments = query.arguments.map_err(sqlx::Error::Encode)?;
        let sql = if query.is_ours { self.0.schema.qualify(&query.sql) } else { query.sql.into_owned() };
        let Some(connection) = lent.0.as_deref_mut() else { return Err(sqlx::Error::PoolClosed) };
        // What is not ours would fill the memory for prepared statements.
        let statement = sqlx::query_with(AssertSqlSafe(sql), arguments).persistent(query.is_ours);
        let answer = tokio::time::timeout(self.0.patience, statement.fetch_all(connection)).await;
        let answer = answer.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into()));
        if answer.as_ref().is_err_and(is_lost) {
            self.0.losses.note();
        }
        answer
    }

    /// Begins a transaction of several statements. It is rolled back unless it is committed.
    pub(super) async fn begin(&self, how: &'static str) -> SqlResult<Transaction<'_>> {
        let lent = Lent(Some(self.0.pool.acquire().await?));
        let mut transaction = Transaction { database: self, lent };
        transaction.run(Query::new(how)).await?;
        Ok(transaction)
    }

    /// Runs a statement that no constraint concerns.
    pub(super) async fn rows(&self, query: Query) -> Result<Vec<PgRow>, StoreError> {
        self.run(query).await.map_err(store_error)
    }

    /// As [`Database::rows`], for a statement that answers one row at most.
    pub(super) async fn row(&self, query: Query) -> Result<Option<PgRow>, StoreError> {
        Ok(self.rows(query).await?.into_iter().next())
    }
}

/// A connection that is in use. One whose statement has not come to an end is closed: the database may never answer it, and whoever
/// got it next would wait for that.
struct Lent(Option<PoolConnection<Postgres>>);

impl Lent {
    fn give_back(&mut self) {
        self.0 = None;
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

/// Several statements that happen together. One that is dropped takes its connection along, which rolls it back.
pub(super) struct Transaction<'a> {
    database: &'a Database,
    lent: Lent,
}

impl Transaction<'_> {
    pub(super) async fn run(&mut self, query: Query) -> SqlResult<Vec<PgRow>> {
        self.database.execute(&mut self.lent, query).await
    }

    pub(super) async fn commit(self) -> SqlResult<()> {
        self.end("commit").await
    }

    pub(super) async fn roll_back(self) -> SqlResult<()> {
        self.end("rollback").await
    }

    async fn end(mut self, how: &'static str) -> SqlResult<()> {
        self.run(Query::new(how)).await?;
        self.lent.give_back();
        Ok(())
    }
}

/// When a connection was last lost. The others may be lost too: those that were idle since before are tested before they are used.
#[derive(Debug)]
pub(super) struct Losses {
    start: Instant,
    /// Milliseconds after the start.
    last: AtomicU64,
}

impl Losses {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), last: AtomicU64::new(0) }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn note(&self) {
        self.last.store(self.now().max(1), Ordering::Relaxed);
    }

    /// Whether a connection should be tested before it is used.
    fn concern(&self, idle: Duration) -> bool {
        let since = self.now().saturating_sub(u64::try_from(idle.as_millis()).unwrap_or(u64::MAX));
        let last = self.last.load(Ordering::Relaxed);
        idle > TRUSTED || last > 0 && since <= last
    }

    /// Whether a connection can be used.
    pub(super) async fn test(
        &self,
        connection: &mut PgConnection,
        meta: PoolConnectionMetadata,
    ) -> SqlResult<bool> {
        use sqlx::Connection;
        if self.concern(meta.idle_for) {
            connection.ping().await?;
        }
        Ok(true)
    }
}
