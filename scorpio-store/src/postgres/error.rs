//! What the errors of PostgreSQL mean here. Nothing of the SQL gets into a message.

use std::sync::Arc;

use scorpio_core::store::{StoreError, StoreErrorKind};
use sqlx::postgres::PgDatabaseError;

/// The result of a statement.
pub(super) type SqlResult<T> = Result<T, sqlx::Error>;

/// The constraint that a statement ran into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violated<'a> {
    /// A value that must be unique is there already. This is the constraint's or the index's name.
    Unique(&'a str),
    /// A row that must be there is not.
    ForeignKey,
}

/// The constraint that `error` is about, if it is about one.
pub(super) fn violated(error: &sqlx::Error) -> Option<Violated<'_>> {
    let error = error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?;
    match error.code() {
        "23505" => Some(Violated::Unique(error.constraint().unwrap_or_default())),
        "23503" => Some(Violated::ForeignKey),
        _ => None,
    }
}

/// Any other error.
pub(super) fn store_error(error: impl Into<Arc<sqlx::Error>>) -> StoreError {
    let error = error.into();
    let (kind, message) = match &*error {
        sqlx::Error::PoolClosed => (StoreErrorKind::Unavailable, "the store is closed"),
        sqlx::Error::PoolTimedOut => {
            (StoreErrorKind::Unavailable, "the database has not given a connection in time")
        }
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (StoreErrorKind::Corrupt, "what is stored is not of the expected type")
        }
        sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            (StoreErrorKind::Unavailable, "the database has not answered in time")
        }
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => {
            (StoreErrorKind::Unavailable, "the connection to the database was lost")
        }
        sqlx::Error::Tls(_) => {
            (StoreErrorKind::Unavailable, "the connection to the database cannot be secured")
        }
        other => explain(code(other)),
    };
    StoreError::new(kind, message).with_source(error)
}

/// The codes of PostgreSQL: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn explain(code: &str) -> (StoreErrorKind, &'static str) {
    let unavailable = |message| (StoreErrorKind::Unavailable, message);
    match code {
        "25006" => unavailable("the database is read-only"),
        "25P03" => unavailable("the database has closed a connection that was idle in a transaction"),
        "28000" | "28P01" => unavailable("the database does not let this user in"),
        "3D000" => unavailable("there is no such database"),
        "40001" | "40P01" => unavailable("the statement got in the way of another and was undone"),
        "42501" => unavailable("the database does not let this user do that"),
        "53100" => (StoreErrorKind::Full, "the disk of the database is full"),
        "53300" => unavailable("the database has no connection left"),
        "55P03" => unavailable("another statement has held a lock for too long"),
        "57014" => unavailable("the database has not finished the statement in time"),
        "57P01" | "57P02" | "57P05" => unavailable("the database has closed the connection"),
        "57P03" => unavailable("the database is starting or stopping"),
        code if code.starts_with("08") => unavailable("the connection to the database was lost"),
        code if code.starts_with("53") => unavailable("the database is out of resources"),
        code if code.starts_with("XX") => (StoreErrorKind::Corrupt, "the database is damaged"),
        _ => unavailable("the database failed"),
    }
}

/// The code of PostgreSQL in `error`, or nothing.
pub(super) fn code(error: &sqlx::Error) -> &str {
    let error = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
    error.map(PgDatabaseError::code).unwrap_or_default()
}

/// Whether the connection that `error` came from cannot be used any more.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        other => matches!(code(other), "25P03" | "57P01" | "57P02" | "57P05"),
    }
}

/// Why a database cannot be opened.
pub(super) fn explain_opening(place: &str, error: sqlx::Error) -> StoreError {
    let failure = match &error {
        sqlx::Error::Configuration(_) => StoreError::new(StoreErrorKind::Unavailable, "its URL is not valid"),
        sqlx::Error::Io(_) => StoreError::new(StoreErrorKind::Unavailable, "nothing answers there"),
        _ => {
            let failure = store_error(error);
            let message = format!("cannot open {place}: {failure}");
            return StoreError::new(failure.kind(), message).with_source(failure);
        }
    };
    StoreError::new(failure.kind(), format!("cannot open {place}: {failure}")).with_source(error)
}
