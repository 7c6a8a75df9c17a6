//! The branches of a session: what an edit or a new answer leaves behind.

use crate::MessageId;

/// A place where a session went on in more than one way.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct BranchPoint {
    /// The sequence number of the message after which the ways part; 0 for the beginning.
    pub after: u64,
    /// The ways, oldest first. There are at least two.
    pub ways: Vec<Way>,
}

impl BranchPoint {
    /// A place with these ways.
    pub fn new(after: u64, ways: Vec<Way>) -> Self {
        Self { after, ways }
    }
}

/// One way in which a session went on.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Way {
    /// The sequence number of its first message.
    pub seq: u64,
    /// The id of its first message.
    pub message: MessageId,
    /// Whether the history goes this way now.
    pub is_current: bool,
}

impl Way {
    /// A way that begins with this message.
    pub fn new(seq: u64, message: MessageId, is_current: bool) -> Self {
        Self { seq, message, is_current }
    }
}
