//! What the errors of PostgreSQL mean here.

use scorpio_core::store::{StoreError, StoreErrorKind};

/// The class of the codes below: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn store_error(error: sqlx::Error) -> StoreError {
    let (kind, message) = match &error {
        sqlx::Error::PoolClosed => (StoreErrorKind::Unavailable, "the store is closed"),
        sqlx::Error::PoolTimedOut => (StoreErrorKind::Unavailable, "every connection of the store is in use"),
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            (StoreErrorKind::Corrupt, "what is stored is not of the expected type")
        }
        sqlx::Error::Database(failure) => match failure.code().as_deref() {
            Some("22021" | "22P05") => {
                (StoreErrorKind::Invalid, "PostgreSQL cannot keep the character U+0000 in a text")
            }
            Some("54000" | "22000") => {
                (StoreErrorKind::Invalid, "PostgreSQL cannot keep a vector of this length")
            }
            _ => (StoreErrorKind::Unavailable, "the database failed"),
        },
        _ => (StoreErrorKind::Unavailable, "the database cannot be reached"),
    };
    StoreError::new(kind, message).with_source(error)
}
