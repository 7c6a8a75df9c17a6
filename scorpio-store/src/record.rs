//! What databases store alike, and the words of their refusals.

use scorpio_core::{
    Message, MessageId, Role, RunId, SessionId,
    store::{Lease, StoreError, StoreErrorKind},
};
use serde::Serialize;

pub(crate) fn json<T: Serialize + ?Sized>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::corrupt(format!("{what} cannot be written as JSON"), error))
}

/// What a message is stored as.
pub(crate) struct MessageRow {
    pub(crate) id: MessageId,
    pub(crate) role: &'static str,
    pub(crate) body: String,
}

impl MessageRow {
    pub(crate) fn of(message: &Message) -> Result<Self, StoreError> {
        let role = match message.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
            _ => "other",
        };
        Ok(Self { id: message.id.clone(), role, body: json("a message", message)? })
    }
}

/// A hash as it is stored.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) fn journal_hash(bytes: &[u8]) -> Result<scorpio_core::store::JournalHash, StoreError> {
    <[u8; 32]>::try_from(bytes).map(Into::into).map_err(|error| {
        StoreError::new(StoreErrorKind::Corrupt, "a hash of a journal cannot be read").with_source(error)
    })
}

pub(crate) fn no_run(run: RunId) -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, format!("there is no run {run}, or it is over"))
}

pub(crate) fn fenced(lease: &Lease) -> StoreError {
    let message = format!("{} holds run {} no more (fence {})", lease.holder, lease.run, lease.fence);
    StoreError::new(StoreErrorKind::Fenced, message)
}

pub(crate) fn conflict(session: &SessionId, actual: u64) -> StoreError {
    let message = format!("session {session} is at version {actual}, not at the expected one");
    StoreError::new(StoreErrorKind::Conflict { actual }, message)
}
