//! Runs as a store keeps them: who may write one, how it begins, and each step that is made durable.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{JournalEntry, Statement, ToolExecution};
use crate::{Message, OwnerId, RunEnd, RunId, SessionId, Usage, run::RunMachine};

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
    pub ttl: Duration,
    /// The session's version that the caller has seen. `None` takes any.
    pub expected_version: Option<u64>,
    /// The run goes on after the message of this sequence number, 0 for the beginning. What came after it stays, as another branch.
    pub branch_after: Option<u64>,
    /// The message that the run answers; none when it answers what is there already.
    pub input: Option<Message>,
    /// The machine in its first state. It carries the run's id and the name of its agent.
    pub machine: RunMachine,
    /// The first entry of the run's journal, if the store keeps one.
    pub journal: Option<JournalEntry>,
}

impl Begin {
    /// A run that answers `input`.
    pub fn new(session: SessionId, owner: OwnerId, holder: impl Into<String>, machine: RunMachine) -> Self {
        Self {
            session,
            owner,
            holder: holder.into(),
            ttl: Duration::from_secs(30),
            expected_version: None,
            branch_after: None,
            input: None,
            machine,
            journal: None,
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
    pub ttl: Duration,
    /// Which commit of the run this is, from 1. One that is there already under the same lease is not made again. `None` is made anyhow.
    pub step: Option<u64>,
    /// The session's version that the run has seen.
    pub expected_version: u64,
    /// Messages to append, in order.
    pub append: &'a [Arc<crate::model::Entry>],
    /// Tool executions to write or overwrite, by run, turn and index.
    pub executions: &'a [ToolExecution],
    /// What a transactional tool has to say to the database, in the same transaction.
    pub statements: &'a [Statement],
    /// The machine after the step.
    pub machine: &'a RunMachine,
    /// The run now waits for somebody. With it the lease ends: whoever takes the run over goes on.
    pub wait: Option<Wait>,
    /// How the run ended; with it the lease ends too. `None` while the run goes on.
    pub end: Option<RunEnd>,
    /// What the journal is told of the step, if the store keeps one.
    pub journal: Option<&'a JournalEntry>,
}

/// What a run waits for besides a [`Signal`](super::Signal).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Wait {
    /// At this time it goes on by itself.
    pub wake_at: Option<Timestamp>,
}

impl Wait {
    /// Waits until `wake_at`, or for ever.
    pub fn until(wake_at: Option<Timestamp>) -> Self {
        Self { wake_at }
    }
}

impl<'a> Commit<'a> {
    /// A step that changes only the machine.
    pub fn new(lease: &'a Lease, expected_version: u64, machine: &'a RunMachine) -> Self {
        Self {
            lease,
            ttl: Duration::from_secs(30),
            step: None,
            expected_version,
            append: &[],
            executions: &[],
            statements: &[],
            machine,
            wait: None,
            end: None,
            journal: None,
        }
    }
}

/// Whether a run is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunStatus {
    /// It is being written, or will be taken over.
    Running,
    /// It waits for somebody's decision and nobody holds it.
    Waiting,
    /// It is over.
    Finished,
}

impl RunStatus {
    /// The spelling used in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Finished => "finished",
        }
    }

    /// Whether it is not over.
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Finished)
    }
}

impl std::str::FromStr for RunStatus {
    type Err = UnknownRunStatus;

    fn from_str(text: &str) -> Result<Self, UnknownRunStatus> {
        let known = [Self::Running, Self::Waiting, Self::Finished];
        known.into_iter().find(|status| status.as_str() == text).ok_or_else(|| UnknownRunStatus(text.into()))
    }
}

/// A status that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no status of a run")]
pub struct UnknownRunStatus(Box<str>);

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
    /// When a run that waits goes on by itself.
    pub wake_at: Option<Timestamp>,
    /// The last commit that said which one it is.
    pub step: u64,
    /// How often it was taken over because its holder was gone.
    pub recoveries: u32,
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
            wake_at: None,
            step: 0,
            recoveries: 0,
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

/// Which live runs to look for: those that nobody writes at the moment and that have something to do.
///
/// ```
/// use scorpio_core::store::Claimable;
/// let mine = Claimable::new(10).of_agents(["support".to_owned()]);
/// assert_eq!(mine.limit, 10);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Claimable {
    /// Only runs of these agents. `None` means all.
    pub agents: Option<Vec<String>>,
    /// Whoever else holds a lease is dead: runs that are held by anybody but this holder count too, however long their leases last.
    pub sole_holder: Option<String>,
    /// At most this many.
    pub limit: usize,
}

impl Claimable {
    /// Runs of all agents whose lease has run out, and those that wait and have been sent something or whose time has come.
    pub fn new(limit: usize) -> Self {
        Self { agents: None, sole_holder: None, limit }
    }

    /// Only runs of these agents.
    #[must_use]
    pub fn of_agents(mut self, agents: impl IntoIterator<Item = String>) -> Self {
        self.agents = Some(agents.into_iter().collect());
        self
    }

    /// Runs that others hold count too: there is nobody but `holder` any more.
    #[must_use]
    pub fn sole_holder(mut self, holder: impl Into<String>) -> Self {
        self.sole_holder = Some(holder.into());
        self
    }
}
