//! What a [`Store`](super::Store) keeps.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Json, Message, OwnerId, RunEnd, RunId, SessionId, ToolCallId, ToolName, ToolResultPart, Usage,
    run::RunMachine, tool::RetryClass,
};

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
    /// The sequence number of its last message; it never falls.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a message was last appended.
    pub updated_at: Timestamp,
    /// Whatever the program wants to keep with it.
    pub metadata: Option<Json>,
}

impl Session {
    /// A session as `new` asks for it, made at `now`.
    pub fn create(new: NewSession, now: Timestamp) -> Self {
        let NewSession { id, owner, title, metadata } = new;
        Self { id, owner, title, version: 0, created_at: now, updated_at: now, metadata }
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
}

impl SessionPatch {
    /// Another title.
    pub fn title(title: impl Into<String>) -> Self {
        Self { title: Some(title.into()), ..Self::default() }
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
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoredMessage {
    /// Its sequence number: it rises, and may have gaps where history was cut.
    pub seq: u64,
    /// The message.
    pub message: Message,
}

impl StoredMessage {
    /// A message at a place.
    pub fn new(seq: u64, message: Message) -> Self {
        Self { seq, message }
    }
}

/// The right to write a run, for a time.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// Who holds it.
    pub holder: String,
    /// It rises each time the run changes hands; writes with an older one are refused.
    pub fence: u64,
}

impl Lease {
    /// A lease.
    pub fn new(run: RunId, holder: impl Into<String>, fence: u64) -> Self {
        Self { run, holder: holder.into(), fence }
    }
}

/// A run to be begun.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Begin {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub owner: OwnerId,
    /// Who will hold the lease.
    pub holder: String,
    /// How long the lease lasts.
    pub ttl: std::time::Duration,
    /// The session's version that the caller has seen. `None` takes any.
    pub expected_version: Option<u64>,
    /// Messages with a sequence number above this one are cut from the history.
    pub cut_after: Option<u64>,
    /// The message that the run answers; none when it answers what is there already.
    pub input: Option<Message>,
    /// The machine in its first state. It carries the run's id.
    pub machine: RunMachine,
}

impl Begin {
    /// A run that answers `input`.
    pub fn new(session: SessionId, owner: OwnerId, holder: impl Into<String>, machine: RunMachine) -> Self {
        Self {
            session,
            owner,
            holder: holder.into(),
            ttl: std::time::Duration::from_secs(30),
            expected_version: None,
            cut_after: None,
            input: None,
            machine,
        }
    }
}

/// A run that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Begun {
    /// The right to write it.
    pub lease: Lease,
    /// The session's version, after the input.
    pub version: u64,
}

impl Begun {
    /// A run that has begun.
    pub fn new(lease: Lease, version: u64) -> Self {
        Self { lease, version }
    }
}

/// One step of a run, to be made durable.
#[derive(Debug)]
#[non_exhaustive]
pub struct Commit<'a> {
    /// The right to write the run.
    pub lease: &'a Lease,
    /// How long the lease lasts from now.
    pub ttl: std::time::Duration,
    /// The session's version that the run has seen.
    pub expected_version: u64,
    /// Messages to append, in order.
    pub append: &'a [Arc<crate::model::Entry>],
    /// Tool executions to write or overwrite, by run, turn and index.
    pub executions: &'a [ToolExecution],
    /// The machine after the step.
    pub machine: &'a RunMachine,
    /// How the run ended; with it the lease ends too. `None` while the run goes on.
    pub end: Option<RunEnd>,
}

impl<'a> Commit<'a> {
    /// A step that changes only the machine.
    pub fn new(lease: &'a Lease, expected_version: u64, machine: &'a RunMachine) -> Self {
        let ttl = std::time::Duration::from_secs(30);
        Self { lease, ttl, expected_version, append: &[], executions: &[], machine, end: None }
    }
}

/// Whether a run is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunStatus {
    /// It is being written, or will be taken over.
    Running,
    /// It is over.
    Finished,
}

impl RunStatus {
    /// The spelling used in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
        }
    }
}

/// A run, as it is stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// Its session.
    pub session: SessionId,
    /// Whose session it is.
    pub owner: OwnerId,
    /// Whether it is live.
    pub status: RunStatus,
    /// How it ended.
    pub end: Option<RunEnd>,
    /// Who holds the lease.
    pub holder: String,
    /// The lease's fence.
    pub fence: u64,
    /// When the lease runs out.
    pub lease_until: Timestamp,
    /// Where it stands.
    pub machine: RunMachine,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl RunRecord {
    /// A run that begins at `now` and is held until `lease_until`.
    pub fn begin(begin: &Begin, now: Timestamp, lease_until: Timestamp) -> Self {
        Self {
            id: begin.machine.run(),
            session: begin.session.clone(),
            owner: begin.owner.clone(),
            status: RunStatus::Running,
            end: None,
            holder: begin.holder.clone(),
            fence: 1,
            lease_until,
            machine: begin.machine.clone(),
            started_at: now,
            finished_at: None,
        }
    }

    /// The right to write it, for whoever is its holder.
    pub fn lease(&self) -> Lease {
        Lease::new(self.id, self.holder.clone(), self.fence)
    }

    /// What it has cost so far.
    pub fn usage(&self) -> &Usage {
        self.machine.usage()
    }
}

/// How far a tool execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExecutionStatus {
    /// Planned, not started.
    Pending,
    /// Started; its effect may have happened.
    Running,
    /// The tool answered.
    Completed,
    /// The tool failed, or its arguments were refused.
    Failed,
    /// The run ended before the tool was started.
    Cancelled,
    /// The run ended after the tool was started and before it answered.
    OutcomeUnknown,
}

impl ExecutionStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Running, Self::Completed, Self::Failed, Self::Cancelled, Self::OutcomeUnknown];

    /// The spelling used in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

/// The record of doing what a model asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolExecution {
    /// The run.
    pub run: RunId,
    /// The turn, from 1.
    pub turn: u32,
    /// Which call of the turn, from 0.
    pub index: u32,
    /// The model's id of the call.
    pub call_id: ToolCallId,
    /// The tool's name.
    pub tool: ToolName,
    /// The arguments, as the model wrote them.
    pub arguments: Arc<str>,
    /// The same at every attempt of this call, and of no other.
    pub idempotency_key: Arc<str>,
    /// What a restart may do with it.
    pub retry: RetryClass,
    /// How far it is.
    pub status: ExecutionStatus,
    /// How often it was started.
    pub attempts: u32,
    /// The answer.
    pub result: Option<ToolResultPart>,
    /// What the operator should know about a failure. Models and users do not see it.
    pub error: Option<String>,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}
