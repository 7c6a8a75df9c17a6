//! What the errors of SQLite mean here.

use std::sync::Arc;

use scorpio_core::store::{StoreError, StoreErrorKind};

/// The result of a script.
pub(super) type SqlResult<T> = Result<T, Arc<sqlx::Error>>;

/// The constraint that a script ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violated<'a> {
    /// A value that must be unique is there already. These are the columns, such as `scorpio_runs.id`.
    Unique(&'a str),
    /// A row that must be there is not.
    ForeignKey,
}

/// The constraint that `error` is about, if it is about one.
pub(super) fn violated(error: &sqlx::Error) -> Option<Violated<'_>> {
    let error = error.as_database_error()?;
    if error.is_foreign_key_violation() {
        return Some(Violated::ForeignKey);
    }
    error.message().strip_prefix("UNIQUE constraint failed: ").map(Violated::Unique)
}

/// Any other error.
pub(super) fn store_error(error: Arc<sqlx::Error>) -> StoreError {
    let (kind, message) = match &*error {
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => {
            (StoreErrorKind::Unavailable, "the store is closed")
        }
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => {
            (StoreErrorKind::Unavailable, "the file of the database is gone, or another one is in its place")
        }
        sqlx::Error::PoolTimedOut => (StoreErrorKind::Unavailable, "every connection of the store is in use"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (StoreErrorKind::Corrupt, "what is stored is not of the expected type")
        }
        other => explain(primary_code(other)),
    };
    StoreError::new(kind, message).with_source(error)
}

/// The result codes of SQLite: <https://www.sqlite.org/rescode.html>.
fn explain(code: Option<u32>) -> (StoreErrorKind, &'static str) {
    match code {
        Some(5 | 6) => (StoreErrorKind::Unavailable, "the database is locked by another process"),
        Some(8) => (StoreErrorKind::Unavailable, "the database is read-only"),
        Some(10) => (StoreErrorKind::Unavailable, "the disk failed"),
        Some(11) => (StoreErrorKind::Corrupt, "the database is damaged"),
        Some(13) => (StoreErrorKind::Full, "the disk is full"),
        Some(14) => (StoreErrorKind::Unavailable, "the database cannot be opened"),
        Some(26) => (StoreErrorKind::Corrupt, "the file is not a database"),
        _ => (StoreErrorKind::Unavailable, "the database failed"),
    }
}

/// The result code of SQLite in `error`, without what an extended code adds to it.
pub(super) fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
