//! The seams to durable truth: sessions and runs ([`Store`]), the log of events ([`EventLog`]), accounts ([`AccountStore`])
//! and vectors ([`VectorStore`]).
//! Each has an implementation in memory here; the ones that outlive the process are in `scorpio-store`.

mod account;
mod error;
mod event_log;
mod memory;
mod record;
mod vector;

use std::{fmt, time::Duration};

use async_trait::async_trait;

pub use self::{
    account::{
        AccountStore, AuthSession, Credentials, NewAuthSession, Quota, RefreshRotation, Rotation, Spend,
        Spending, User, UserKind,
    },
    error::{StoreError, StoreErrorKind},
    event_log::{EventLog, EventLogStream},
    memory::{MemoryAccounts, MemoryEventLog, MemoryStore, MemoryVectors},
    record::{
        Begin, Begun, Commit, ExecutionStatus, Lease, Listing, NewSession, Page, RunRecord, RunStatus,
        Session, SessionPatch, StoredMessage, ToolExecution,
    },
    vector::{
        DocumentListing, DocumentSummary, Metadata, Nearest, Selection, UnitVector, VectorHit, VectorListing,
        VectorPage, VectorQuery, VectorRecord, VectorSource, VectorStore,
    },
};
use crate::{MessageId, OwnerId, RunId, SessionId};

/// Sessions, their messages, and the runs that write them.
///
/// Every call that reads is scoped to an owner: somebody else's session is as absent as a missing one. The calls that write a
/// run are fenced: they carry the fence of the [`Lease`] and fail with [`StoreErrorKind::Fenced`] once somebody else took the run over.
///
/// # Cancel safety
///
/// Every call either happens whole or not at all, also when its future is dropped.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync + 'static {
    /// Makes a session.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::AlreadyExists`] when the id is taken, by whomever.
    async fn create_session(&self, new: NewSession) -> Result<Session, StoreError>;

    /// A session of `owner`.
    async fn session(&self, owner: &OwnerId, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// The sessions of `owner`, the one with the newest activity (`updated_at`, then `id`) first.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::NotFound`] when the page's cursor is no session of `owner`.
    async fn list_sessions(&self, owner: &OwnerId, page: Page) -> Result<Listing, StoreError>;

    /// Changes a session's own fields. `None` when `owner` has no such session.
    async fn update_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        patch: SessionPatch,
    ) -> Result<Option<Session>, StoreError>;

    /// Deletes a session with its messages, runs and tool executions. `None` when `owner` has no such session. A run that is
    /// going loses its session: its next commit fails with [`StoreErrorKind::NotFound`].
    async fn delete_session(&self, owner: &OwnerId, id: &SessionId) -> Result<Option<Session>, StoreError>;

    /// The messages of a session in order, those with a sequence number above `after`, at most `limit`.
    /// Empty when `owner` has no such session.
    async fn messages(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// Begins a run, in one transaction: checks the version, cuts the history if asked to, appends the input, records the run under
    /// a new lease.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::NotFound`] when the owner has no such session; [`StoreErrorKind::Conflict`] when the session's version is not
    /// the expected one; [`StoreErrorKind::AlreadyExists`] when a message with the input's id is there; [`StoreErrorKind::Busy`] when
    /// another run of the session is live.
    async fn begin_run(&self, begin: Begin) -> Result<Begun, StoreError>;

    /// Moves a run on, in one transaction: the machine, the messages it appends, its tool executions, its status.
    /// Renews the lease. Answers the session's new version.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Fenced`] when the lease is another's by now; [`StoreErrorKind::Conflict`] when the session's version is not the
    /// expected one; [`StoreErrorKind::NotFound`] when the run or its session is gone.
    async fn commit(&self, commit: Commit<'_>) -> Result<u64, StoreError>;

    /// Prolongs a lease by `ttl` from now.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Fenced`] when it is another's by now.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError>;

    /// Takes a live run whose lease has run out, or whose holder is `dead`, and gives it a new lease with a higher fence.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Busy`] when somebody else holds it; [`StoreErrorKind::NotFound`] when there is no such live run.
    async fn take_over(
        &self,
        run: RunId,
        holder: &str,
        dead: Option<&str>,
        ttl: Duration,
    ) -> Result<RunRecord, StoreError>;

    /// A run of `owner`.
    async fn run(&self, owner: &OwnerId, id: RunId) -> Result<Option<RunRecord>, StoreError>;

    /// The run of a session that is live, if one is.
    async fn live_run(&self, owner: &OwnerId, session: &SessionId) -> Result<Option<RunRecord>, StoreError>;

    /// Live runs of all owners whose lease has run out or whose holder is not `holder`, oldest first, at most `limit`: those that
    /// [`Store::take_over`] may be tried on after a restart.
    async fn abandoned_runs(&self, holder: &str, limit: usize) -> Result<Vec<RunRecord>, StoreError>;

    /// The run that a message of a session began or that wrote it.
    async fn run_of_message(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<Option<RunRecord>, StoreError>;

    /// The tool executions of a session, oldest first, at most `limit`.
    async fn executions(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        limit: usize,
    ) -> Result<Vec<ToolExecution>, StoreError>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
