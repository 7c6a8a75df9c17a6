//! Sessions as a store keeps them: the thread, how it is listed, and the messages in it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Json, Message, OwnerId, SessionId, ToolName};

/// A durable thread of messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub owner: OwnerId,
    /// What it is called.
    pub title: String,
    /// It rises with each message, which is numbered with it, and with each change of the branch. It never falls.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a message was last appended.
    pub updated_at: Timestamp,
    /// Whatever the program wants to keep with it.
    pub metadata: Option<Json>,
    /// Tools that its owner lets run without being asked again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved_tools: Vec<ToolName>,
}

impl Session {
    /// A session as `new` asks for it, made at `now`.
    pub fn create(new: NewSession, now: Timestamp) -> Self {
        let NewSession { id, owner, title, metadata } = new;
        let approved_tools = Vec::new();
        Self { id, owner, title, version: 0, created_at: now, updated_at: now, metadata, approved_tools }
    }
}

/// A session to be made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub owner: OwnerId,
    /// What it is called.
    pub title: String,
    /// Whatever the program wants to keep with it.
    pub metadata: Option<Json>,
}

impl NewSession {
    /// A session without a title.
    pub fn new(id: SessionId, owner: OwnerId) -> Self {
        Self { id, owner, title: String::new(), metadata: None }
    }

    /// Sets what it is called.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// Sets what the program wants to keep with it.
    #[must_use]
    pub fn with_metadata(mut self, metadata: Json) -> Self {
        self.metadata = Some(metadata);
        self
    }
}

/// Changes to a session. What is `None` stays.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct SessionPatch {
    /// What it is called.
    pub title: Option<String>,
    /// Only change the title if it is this one now: so that a generated title does not replace one that the user gave.
    pub if_title: Option<String>,
    /// Whatever the program wants to keep with it.
    pub metadata: Option<Json>,
    /// A tool that its owner lets run without being asked again. It joins those that are there.
    pub approve_tool: Option<ToolName>,
}

impl SessionPatch {
    /// Another title.
    pub fn title(title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..Self::default() }
    }

    /// Lets a tool run without its owner being asked again.
    pub fn approve_tool(tool: impl Into<ToolName>) -> Self {
        Self { approve_tool: Some(tool.into()), ..Self::default() }
    }

    /// Only if the title is this one now.
    #[must_use]
    pub fn if_title(mut self, title: impl Into<String>) -> Self {
        self.if_title = Some(title.into());
        self
    }
}

/// Which sessions to list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Page {
    /// The newest.
    First {
        /// At most this many.
        limit: usize,
    },
    /// The next ones older than this session.
    OlderThan {
        /// The cursor.
        id: SessionId,
        /// At most this many.
        limit: usize,
    },
    /// The next ones newer than this session: those nearest to it, newest first.
    NewerThan {
        /// The cursor.
        id: SessionId,
        /// At most this many.
        limit: usize,
    },
}

/// A page of sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// The sessions, newest activity first.
    pub sessions: Vec<Session>,
    /// Whether there are more in the direction of the page.
    pub has_more: bool,
}

impl Listing {
    /// A page.
    pub fn new(sessions: Vec<Session>, has_more: bool) -> Self {
        Self { sessions, has_more }
    }
}

/// A message and its place in the session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StoredMessage {
    /// Its sequence number: it rises along a branch, and has gaps where other branches are.
    pub seq: u64,
    /// The sequence number of the message before it on its branch; 0 for the first.
    pub parent: u64,
    /// The message.
    pub message: Message,
}

impl StoredMessage {
    /// A message at a place.
    pub fn new(seq: u64, parent: u64, message: Message) -> Self {
        Self { seq, parent, message }
    }
}
