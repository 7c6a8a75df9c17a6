//! The seams to durable truth: sessions and runs ([`Store`]), the log of events ([`EventLog`]) and accounts ([`AccountStore`]).
//! Each has an implementation in memory here; the ones that outlive the process are in `scorpio-store`.

mod account;
mod approval;
mod branch;
mod error;
mod event_log;
mod execution;
mod journal;
mod memory;
mod run_record;
mod session;
mod signal;
mod snapshot;
mod statement;

use std::{fmt, time::Duration};

use async_trait::async_trait;

pub use self::{
    account::{
        AccountStore, AuthSession, Credentials, NewAuthSession, Quota, RefreshRotation, Rotation, Spend,
        Spending, User, UserKind,
    },
    approval::{Approval, ApprovalReason, Decision},
    branch::{BranchPoint, Way},
    error::{StoreError, StoreErrorKind},
    event_log::{EventLog, EventLogStream},
    execution::{ExecutionStatus, ToolExecution},
    journal::{BrokenJournal, InvalidJournalHash, JournalEntry, JournalHash, verify_journal},
    memory::{MemoryAccounts, MemoryEventLog, MemoryStore},
    run_record::{Begin, Begun, Claimable, Commit, Lease, RunRecord, RunStatus, UnknownRunStatus, Wait},
    session::{Listing, NewSession, Page, Session, SessionPatch, StoredMessage},
    signal::{Signal, StoredSignal},
    snapshot::{InvalidLine, SessionSnapshot, SnapshotMessage},
    statement::Statement,
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

    /// The messages of the session's current branch in order, those with a sequence number above `after`, at most `limit`.
    /// Empty when `owner` has no such session.
    async fn messages(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError>;

    /// The places where the session went on in more than one way, in order. Empty when `owner` has no such session.
    async fn branch_points(&self, owner: &OwnerId, id: &SessionId) -> Result<Vec<BranchPoint>, StoreError>;

    /// Makes the branch that goes through the message `seq` the history: the messages that lead to it, and from there on at each place
    /// the newest way. The session's version rises. `None` when `owner` has no such session.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::NotFound`] when the session has no such message; [`StoreErrorKind::Busy`] when a run of it is live.
    async fn switch_branch(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        seq: u64,
    ) -> Result<Option<Session>, StoreError>;

    /// A session with all that hangs on it. `None` when `owner` has no such session.
    async fn export_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<SessionSnapshot>, StoreError>;

    /// Puts a session in as it was exported, whole or not at all. Its id and its owner are those that the snapshot says by now.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::AlreadyExists`] when the session's id is taken, by whomever; [`StoreErrorKind::Corrupt`] when its messages are
    /// out of order, lead nowhere, or two on the current branch have the same id.
    async fn import_session(&self, snapshot: SessionSnapshot) -> Result<Session, StoreError>;

    /// Begins a run, in one transaction: checks the version, leaves the branch if asked to, appends the input, records the run under
    /// a new lease.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::NotFound`] when the owner has no such session; [`StoreErrorKind::Conflict`] when the session's version is not
    /// the expected one; [`StoreErrorKind::AlreadyExists`] when a message with the input's id is on the branch, or the run's id is taken;
    /// [`StoreErrorKind::Busy`] when another run of the session is live.
    async fn begin_run(&self, begin: Begin) -> Result<Begun, StoreError>;

    /// Moves a run on, in one transaction: the machine, the messages it appends, its tool executions, its status, its journal.
    /// Renews the lease. Answers the session's new version.
    ///
    /// The same commit may be sent again when its answer was lost: one whose step was made under the same lease is answered and changes
    /// nothing.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Fenced`] when the lease is another's by now; [`StoreErrorKind::Conflict`] when the session's version is not the
    /// expected one; [`StoreErrorKind::NotFound`] when the run or its session is gone; [`StoreErrorKind::Rejected`] when the database
    /// refuses one of the [`statements`](Commit::statements); [`StoreErrorKind::Unsupported`] when there are some and the store has no
    /// transactions to offer.
    async fn commit(&self, commit: Commit<'_>) -> Result<u64, StoreError>;

    /// Prolongs a lease by `ttl` from now, by the clock of the store.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Fenced`] when it is another's by now.
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError>;

    /// Takes a live run whose lease has run out by the clock of the store, that waits, or whose holder is `dead`, and gives it a new lease
    /// with a higher fence. One whose holder is gone is counted as recovered once more.
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

    /// Live runs of all owners that [`Store::take_over`] may be tried on, oldest first.
    async fn claimable_runs(&self, which: Claimable) -> Result<Vec<RunRecord>, StoreError>;

    /// The run that a message of a session began or that wrote it: on the current branch if it stands there, else on the newest one.
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

    /// Tells a live run of `owner` something, whichever process drives it. Answers the signal's place among those of the run.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::NotFound`] when `owner` has no such live run; [`StoreErrorKind::AlreadyExists`] when a signal of the same
    /// [subject](Signal::subject) was sent before.
    async fn send_signal(&self, owner: &OwnerId, run: RunId, signal: &Signal) -> Result<u64, StoreError>;

    /// What a run was told, in order, after the first `after` signals.
    async fn signals(&self, run: RunId, after: u64) -> Result<Vec<StoredSignal>, StoreError>;

    /// Waits until a run has been told more than `after` things, by whichever process. It may come back early; it may be a second late.
    ///
    /// # Errors
    ///
    /// When the store cannot be asked. A caller asks again after a while.
    async fn signalled(&self, run: RunId, after: u64) -> Result<(), StoreError>;

    /// Whether it keeps journals. One that does not ignores the entries that it is given.
    fn keeps_journal(&self) -> bool {
        true
    }

    /// The journal of a run of `owner`, in order, after the first `after` steps, at most `limit`.
    async fn journal(
        &self,
        owner: &OwnerId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError>;

    /// Whether the store answers.
    async fn ping(&self) -> Result<(), StoreError>;
}
