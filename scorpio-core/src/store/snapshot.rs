//! A session with all that hangs on it, as it is exported and imported.

mod fork;
mod lines;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

pub use self::lines::InvalidLine;
use super::{Session, StoreError, StoreErrorKind, ToolExecution};
use crate::{Message, RunId};

/// A message of a [`SessionSnapshot`], on whichever branch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SnapshotMessage {
    /// Its sequence number.
    pub seq: u64,
    /// That of the message before it on its branch; 0 for the first.
    pub parent: u64,
    /// Whether it is on the branch that is the history now.
    pub is_current: bool,
    /// The run that it began or that wrote it.
    pub run: RunId,
    /// The message.
    pub message: Message,
}

impl SnapshotMessage {
    /// A message at a place.
    pub fn new(seq: u64, parent: u64, is_current: bool, run: RunId, message: Message) -> Self {
        Self { seq, parent, is_current, run, message }
    }
}

/// A session with its messages on all branches, and its tool executions. Runs are no part of it: what they wrote is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SessionSnapshot {
    /// The session.
    pub session: Session,
    /// Its messages, by their sequence numbers.
    pub messages: Vec<SnapshotMessage>,
    /// Its tool executions, oldest first.
    pub executions: Vec<ToolExecution>,
}

impl SessionSnapshot {
    /// A session with these messages and tool executions.
    pub fn new(session: Session, messages: Vec<SnapshotMessage>, executions: Vec<ToolExecution>) -> Self {
        Self { session, messages, executions }
    }

    /// Checks that its messages make a tree, and those of the current branch a history. Stores do so before they import it.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Corrupt`] when messages are out of order, lead nowhere, or two on the current branch have the same id.
    pub fn check(&self) -> Result<(), StoreError> {
        let corrupt = |what: &'static str| Err(StoreError::new(StoreErrorKind::Corrupt, what));
        let (mut last, mut head) = (0, 0);
        let (mut places, mut ids) = (HashSet::new(), HashSet::new());
        for message in &self.messages {
            if message.seq <= last || message.seq > self.session.version {
                return corrupt("the messages of the snapshot are out of order");
            }
            if message.parent != 0 && !places.contains(&message.parent) {
                return corrupt("a message of the snapshot follows one that is not there");
            }
            last = message.seq;
            places.insert(message.seq);
            if !message.is_current {
                continue;
            }
            if message.parent != head {
                return corrupt("the current branch of the snapshot has a gap");
            }
            head = message.seq;
            if !ids.insert(&message.message.id) {
                return corrupt("two messages of the snapshot's current branch have the same id");
            }
        }
        Ok(())
    }
}
