//! What the errors of MongoDB mean here.

use mongodb::error::{Error, ErrorKind, WriteFailure};
use scorpio_core::{
    SessionId,
    store::{StoreError, StoreErrorKind},
};

/// The result of a command.
pub(super) type MongoResult<T> = Result<T, Error>;

/// A value that must be unique is there already: <https://www.mongodb.com/docs/manual/reference/error-codes/>.
const DUPLICATE_KEY: i32 = 11_000;

/// How many bytes a document may have: <https://www.mongodb.com/docs/manual/reference/limits/>.
pub(super) const DOCUMENT: u64 = 16 << 20;

/// Whether `error` says that a value that must be unique is there already, and nothing else.
pub(super) fn is_duplicate(error: &Error) -> bool {
    match &*error.kind {
        ErrorKind::Command(error) => error.code == DUPLICATE_KEY,
        ErrorKind::Write(WriteFailure::WriteError(error)) => error.code == DUPLICATE_KEY,
        ErrorKind::InsertMany(error) => {
            let mut errors = error.write_errors.iter().flatten();
            error.write_concern_error.is_none() && errors.all(|error| error.code == DUPLICATE_KEY)
        }
        _ => false,
    }
}

/// Takes it as done that what must be unique is there already.
pub(super) fn once<T>(result: MongoResult<T>) -> MongoResult<()> {
    match result {
        Err(error) if !is_duplicate(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Any other error.
pub(super) fn store_error(error: Error) -> StoreError {
    let (kind, message) = match &*error.kind {
        ErrorKind::BsonDeserialization(_) | ErrorKind::Bson(_) => {
            (StoreErrorKind::Corrupt, "what is stored is not of the expected shape")
        }
        ErrorKind::ServerSelection { .. } => unavailable("no server that takes writes was found in time"),
        ErrorKind::Authentication { .. } => unavailable("the server does not let this user in"),
        ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            unavailable("the server has not answered in time")
        }
        ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. } => {
            unavailable("the connection to the server was lost")
        }
        ErrorKind::DnsResolve { .. } => unavailable("the name of the server cannot be resolved"),
        ErrorKind::InvalidTlsConfig { .. } => unavailable("the connection to the server cannot be secured"),
        ErrorKind::IncompatibleServer { .. } => unavailable("the server is too old, or too new"),
        ErrorKind::Command(error) => explain(error.code),
        ErrorKind::Write(WriteFailure::WriteError(error)) => explain(error.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(_)) => {
            unavailable("too few servers have confirmed the write in time")
        }
        _ => unavailable("the server failed"),
    };
    StoreError::new(kind, message).with_source(error)
}

const fn unavailable(message: &'static str) -> (StoreErrorKind, &'static str) {
    (StoreErrorKind::Unavailable, message)
}

/// The codes of MongoDB: <https://www.mongodb.com/docs/manual/reference/error-codes/>.
const fn explain(code: i32) -> (StoreErrorKind, &'static str) {
    match code {
        13 | 18 => unavailable("the server does not let this user do that"),
        // BSONObjectTooLarge, and the two that an update answers when the document has grown too large.
        10_334 | 17_419 | 17_420 => {
            (StoreErrorKind::TooLarge { limit: DOCUMENT }, "it does not fit into a document of MongoDB")
        }
        50 | 262 => unavailable("the server has not finished the command in time"),
        91 | 11_600 => unavailable("the server is stopping"),
        189 | 10_058 | 10_107 | 11_602 | 13_435 | 13_436 => {
            unavailable("the server takes no writes any more")
        }
        14_031 => (StoreErrorKind::Full, "the disk of the server is full"),
        _ => unavailable("the server failed"),
    }
}

/// What is stored and cannot be read.
pub(super) fn unreadable(
    what: &'static str,
    error: impl std::error::Error + Send + Sync + 'static,
) -> StoreError {
    StoreError::new(StoreErrorKind::Corrupt, format!("{what} cannot be read")).with_source(error)
}

pub(super) fn no_session(session: &SessionId) -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, format!("there is no session {session}"))
}

pub(super) fn session_is_taken(session: &SessionId) -> StoreError {
    StoreError::new(StoreErrorKind::AlreadyExists, format!("there is a session with the id {session}"))
}
