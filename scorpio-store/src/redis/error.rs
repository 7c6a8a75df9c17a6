//! What the errors of Redis mean here.

use ::redis::{ErrorKind, RedisError, ServerErrorKind};
use scorpio_core::store::{StoreError, StoreErrorKind};

pub(super) fn store_error(error: RedisError) -> StoreError {
    let (kind, message) = explain(&error);
    StoreError::new(kind, message).with_source(error)
}

fn explain(error: &RedisError) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind::{Corrupt, Full, Invalid, Unavailable};
    match error.code() {
        Some("OOM") => return (Full, "Redis has no memory left"),
        Some("WRONGTYPE") => return (Corrupt, "a key of Redis is of another type than expected"),
        Some("MISCONF") => return (Unavailable, "Redis cannot write to its disk and takes no writes"),
        Some("NOAUTH" | "WRONGPASS") => return (Unavailable, "Redis refuses the credentials"),
        _ => {}
    }
    match error.kind() {
        ErrorKind::InvalidClientConfig => {
            (Invalid, "this is not a URL of Redis, or it needs the feature redis-tls")
        }
        ErrorKind::AuthenticationFailed => (Unavailable, "Redis refuses the credentials"),
        ErrorKind::UnexpectedReturnType => (Corrupt, "Redis answers something of another type than expected"),
        ErrorKind::Server(ServerErrorKind::BusyLoading) => (Unavailable, "Redis is loading its data"),
        ErrorKind::Server(ServerErrorKind::ReadOnly) => {
            (Unavailable, "Redis is a replica and takes no writes")
        }
        ErrorKind::Server(ServerErrorKind::NoPerm) => (Unavailable, "Redis does not permit this to its user"),
        ErrorKind::Io if error.is_timeout() => timed_out(),
        ErrorKind::Io => (Unavailable, "the connection to Redis failed"),
        _ => (Unavailable, "Redis failed"),
    }
}

const fn timed_out() -> (StoreErrorKind, &'static str) {
    (StoreErrorKind::Unavailable, "Redis does not answer in time")
}

pub(super) fn timeout() -> StoreError {
    let (kind, message) = timed_out();
    StoreError::new(kind, message)
}

/// An answer that has another shape than the command's.
pub(super) fn unexpected(what: &'static str) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, what)
}
