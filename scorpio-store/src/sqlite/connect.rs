//! Opening a database, with errors that say which file and why.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use scorpio_core::store::{StoreError, StoreErrorKind};
use sqlx::{
    Connection, Row, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    error::primary_code,
    migration::{Unmigrated, migrate},
    options::SqliteOptions,
};

/// How many prepared statements a connection keeps: each shape of a transaction has several.
const STATEMENTS: usize = 256;

/// How long to wait before trying again to open a database that others are opening too.
const PAUSE: Duration = Duration::from_millis(10);

/// The connection that writes, with all tables in place.
pub(super) async fn writer(
    options: &SqliteConnectOptions,
    busy_timeout: Duration,
    place: &str,
) -> Result<SqliteConnection, StoreError> {
    let start = Instant::now();
    loop {
        match connect(options).await {
            Ok(connection) => return Ok(connection),
            // SQLite does not wait by itself when two connections turn on the WAL of a new database at the same time.
            Err(Unmigrated::Failed(error)) if is_locked(&error) && start.elapsed() < busy_timeout => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(Unmigrated::Failed(error)) => return Err(explain(place, error)),
            Err(Unmigrated::Refused(error)) => {
                return Err(StoreError::new(error.kind(), format!("{place}: {error}")));
            }
        }
    }
}

async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, Unmigrated> {
    let mut connection = SqliteConnection::connect_with(options).await?;
    migrate(&mut connection).await?;
    Ok(connection)
}

fn is_locked(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(5 | 6))
}

/// What every connection that writes needs: a commit that was answered survives a loss of power, and a reader never waits for it.
pub(super) fn for_writing(options: SqliteConnectOptions, busy_timeout: Duration) -> SqliteConnectOptions {
    use sqlx::ConnectOptions;
    options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(busy_timeout)
        .statement_cache_capacity(STATEMENTS)
        .row_buffer_size(BUFFER)
        .disable_statement_logging()
}

/// How many results a connection's thread may be ahead of the task that takes them.
const BUFFER: usize = 512;

pub(super) fn file(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path)
}

pub(super) fn memory() -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(":memory:")
}

/// The connections that read. They are opened when they are needed, and cannot write.
pub(super) fn readers(path: &Path, options: &SqliteOptions) -> SqlitePool {
    use sqlx::ConnectOptions;
    let connect = file(path)
        .busy_timeout(options.busy_timeout)
        .pragma("query_only", "on")
        .row_buffer_size(BUFFER)
        .disable_statement_logging();
    // Pinging a connection before each use would cost as much as the query.
    let pool = SqlitePoolOptions::new().max_connections(options.readers.max(1)).test_before_acquire(false);
    pool.connect_lazy_with(connect)
}

/// Whether the database of a pool is a file, which several connections can share.
pub(super) async fn is_file(pool: &SqlitePool) -> Result<bool, sqlx::Error> {
    let row =
        sqlx::query("select file from pragma_database_list where name = 'main'").fetch_one(pool).await?;
    Ok(!row.try_get::<String, _>(0)?.is_empty())
}

pub(super) fn explain(place: &str, error: sqlx::Error) -> StoreError {
    let (kind, why) = match primary_code(&error) {
        Some(5 | 6) => (StoreErrorKind::Unavailable, "another process has locked it"),
        Some(8) => (StoreErrorKind::Unavailable, "it is read-only"),
        Some(11) => (StoreErrorKind::Corrupt, "it is damaged"),
        Some(13) => (StoreErrorKind::Full, "the disk is full"),
        Some(14) => (StoreErrorKind::Unavailable, "its directory does not exist or cannot be written to"),
        Some(26) => (StoreErrorKind::Corrupt, "it is not a SQLite database; it was left as it is"),
        _ => (StoreErrorKind::Unavailable, "SQLite failed"),
    };
    StoreError::new(kind, format!("cannot open {place}: {why}")).with_source(error)
}
