//! Sessions and runs in memory. A commit pushes pointers under one lock; messages are cloned only when somebody reads them.

mod listing;
mod thread;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;

use tokio::sync::Notify;

use self::thread::{Placed, Thread};
use super::{after, lock};
use crate::{
    MessageId, OwnerId, RunId, SessionId,
    model::Entry,
    store::{
        Begin, Begun, BranchPoint, Claimable, Commit, JournalEntry, Lease, Listing, NewSession, Page,
        RunRecord, RunStatus, Session, SessionPatch, SessionSnapshot, Signal, Store, StoreError,
        StoreErrorKind, StoredMessage, StoredSignal, ToolExecution,
    },
};

/// A [`Store`] in memory. It keeps no journal: nobody could look at it after a crash.
///
/// ```
/// use scorpio_core::{OwnerId, SessionId, store::{MemoryStore, NewSession, Store}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MemoryStore::new();
/// let (owner, id) = (OwnerId::local(), SessionId::parse("chat-7")?);
/// store.create_session(NewSession::new(id.clone(), owner.clone()).with_title("Orders")).await?;
/// assert_eq!(store.session(&owner, &id).await?.unwrap().title, "Orders");
/// # Ok(()) }
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
    /// Some run was told something.
    signalled: Notify,
}

#[derive(Debug, Default)]
struct State {
    threads: HashMap<SessionId, Thread>,
    owners: HashMap<OwnerId, BTreeSet<SessionId>>,
    runs: HashMap<RunId, SessionId>,
    live: HashSet<RunId>,
}

impl MemoryStore {
    /// A store that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl State {
    fn thread(&self, owner: &OwnerId, id: &SessionId) -> Option<&Thread> {
        self.threads.get(id).filter(|thread| thread.session.owner == *owner)
    }

    fn thread_mut(&mut self, owner: &OwnerId, id: &SessionId) -> Option<&mut Thread> {
        self.threads.get_mut(id).filter(|thread| thread.session.owner == *owner)
    }

    fn thread_of_run(&self, run: RunId) -> Option<&Thread> {
        self.threads.get(self.runs.get(&run)?)
    }

    fn thread_of_run_mut(&mut self, run: RunId) -> Option<&mut Thread> {
        self.threads.get_mut(self.runs.get(&run)?)
    }

    fn begin(&mut self, begin: &Begin, now: Timestamp) -> Result<Begun, StoreError> {
        let run = begin.machine.run();
        let run_is_taken = self.runs.contains_key(&run);
        let thread =
            self.thread_mut(&begin.owner, &begin.session).ok_or_else(|| no_session(&begin.session))?;
        thread.expect_version(begin.expected_version.unwrap_or(thread.session.version))?;
        let branch = begin.branch_after.unwrap_or(u64::MAX);
        if begin.input.as_ref().is_some_and(|input| thread.has_message(&input.id, branch)) {
            return Err(taken("a message with the id of the input is on the branch"));
        }
        if run_is_taken {
            return Err(taken("there is a run with this id"));
        }
        if let Some(live) = thread.live_run() {
            return Err(busy(format!("run {} of session {} is live", live.id, begin.session)));
        }
        thread.branch_after(branch);
        let record = RunRecord::begin(begin, now, after(now, begin.ttl));
        let lease = record.lease();
        thread.runs.push(record);
        if let Some(input) = &begin.input {
            thread.append(Arc::new(Entry::new(input.clone())), run, now);
        }
        let version = thread.session.version;
        self.runs.insert(run, begin.session.clone());
        self.live.insert(run);
        Ok(Begun::new(lease, version))
    }

    fn commit(&mut self, commit: &Commit<'_>, now: Timestamp) -> Result<u64, StoreError> {
        let run = commit.lease.run;
        let thread = self.thread_of_run_mut(run).ok_or_else(|| no_run(run))?;
        if commit.step.is_some_and(|step| thread.has_step(commit.lease, step)) {
            return Ok(thread.session.version);
        }
        thread.expect_lease(commit.lease)?;
        thread.expect_version(commit.expected_version)?;
        thread.expect_new_ids(commit.append)?;
        if !commit.statements.is_empty() {
            let message = "a store in memory has no database for a transactional tool";
            return Err(StoreError::new(StoreErrorKind::Unsupported, message));
        }
        for entry in commit.append {
            thread.append(entry.clone(), run, now);
        }
        for execution in commit.executions {
            thread.write_execution(execution);
        }
        let version = thread.session.version;
        if commit.end.is_some() {
            thread.shrink();
        }
        if let Some(record) = thread.record_mut(run) {
            record.machine = commit.machine.clone();
            record.step = commit.step.unwrap_or(record.step);
            record.lease_until = after(now, commit.ttl);
            if let Some(wait) = commit.wait {
                (record.status, record.lease_until, record.wake_at) = (RunStatus::Waiting, now, wait.wake_at);
            }
            if commit.end.is_some() {
                record.status = RunStatus::Finished;
                record.end = commit.end;
                record.finished_at = Some(now);
            }
        }
        if commit.end.is_some() {
            self.live.remove(&run);
        }
        Ok(version)
    }

    fn delete(&mut self, owner: &OwnerId, id: &SessionId) -> Option<Session> {
        self.thread(owner, id)?;
        let thread = self.threads.remove(id)?;
        for run in &thread.runs {
            self.runs.remove(&run.id);
            self.live.remove(&run.id);
        }
        if let Some(ids) = self.owners.get_mut(owner) {
            ids.remove(id);
            if ids.is_empty() {
                self.owners.remove(owner);
            }
        }
        Some(thread.session)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create_session(&self, new: NewSession) -> Result<Session, StoreError> {
        let mut state = self.lock();
        if state.threads.contains_key(&new.id) {
            return Err(taken(format!("there is a session with the id {}", new.id)));
        }
        let session = Session::create(new, Timestamp::now());
        state.owners.entry(session.owner.clone()).or_default().insert(session.id.clone());
        state.threads.insert(session.id.clone(), Thread::new(session.clone()));
        Ok(session)
    }

    async fn session(&self, owner: &OwnerId, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.lock().thread(owner, id).map(|thread| thread.session.clone()))
    }

    async fn list_sessions(&self, owner: &OwnerId, page: Page) -> Result<Listing, StoreError> {
        let state = self.lock();
        let ids = state.owners.get(owner).into_iter().flatten();
        let sessions = ids.filter_map(|id| state.threads.get(id)).map(|thread| &thread.session).collect();
        listing::page(sessions, &page)
    }

    async fn update_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        patch: SessionPatch,
    ) -> Result<Option<Session>, StoreError> {
        let mut state = self.lock();
        let Some(thread) = state.thread_mut(owner, id) else { return Ok(None) };
        let session = &mut thread.session;
        let title_may_change = patch.if_title.is_none_or(|title| title == session.title);
        if let Some(title) = patch.title.filter(|_| title_may_change) {
            session.title = title;
        }
        if patch.metadata.is_some() {
            session.metadata = patch.metadata;
        }
        if let Some(tool) = patch.approve_tool.filter(|tool| !session.approved_tools.contains(tool)) {
            session.approved_tools.push(tool);
        }
        Ok(Some(session.clone()))
    }

    async fn delete_session(&self, owner: &OwnerId, id: &SessionId) -> Result<Option<Session>, StoreError> {
        Ok(self.lock().delete(owner, id))
    }

    async fn messages(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredMessage>, StoreError> {
        let found = match self.lock().thread(owner, id) {
            Some(thread) => thread.messages_after(after, limit),
            None => Vec::new(),
        };
        // The messages are copied outside of the lock.
        Ok(found.into_iter().map(Placed::stored).collect())
    }

    async fn branch_points(&self, owner: &OwnerId, id: &SessionId) -> Result<Vec<BranchPoint>, StoreError> {
        Ok(self.lock().thread(owner, id).map(Thread::branch_points).unwrap_or_default())
    }

    async fn switch_branch(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        seq: u64,
    ) -> Result<Option<Session>, StoreError> {
        let mut state = self.lock();
        let Some(thread) = state.thread_mut(owner, id) else { return Ok(None) };
        if let Some(live) = thread.live_run() {
            return Err(busy(format!("run {} of session {id} is live", live.id)));
        }
        if !thread.switch(seq) {
            let message = format!("session {id} has no message {seq}");
            return Err(StoreError::new(StoreErrorKind::NotFound, message));
        }
        Ok(Some(thread.session.clone()))
    }

    async fn export_session(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<SessionSnapshot>, StoreError> {
        Ok(self.lock().thread(owner, id).map(Thread::export))
    }

    async fn import_session(&self, snapshot: SessionSnapshot) -> Result<Session, StoreError> {
        let thread = Thread::import(snapshot)?;
        let session = thread.session.clone();
        let mut state = self.lock();
        if state.threads.contains_key(&session.id) {
            return Err(taken(format!("there is a session with the id {}", session.id)));
        }
        state.owners.entry(session.owner.clone()).or_default().insert(session.id.clone());
        state.threads.insert(session.id.clone(), thread);
        Ok(session)
    }

    async fn begin_run(&self, begin: Begin) -> Result<Begun, StoreError> {
        self.lock().begin(&begin, Timestamp::now())
    }

    async fn commit(&self, commit: Commit<'_>) -> Result<u64, StoreError> {
        self.lock().commit(&commit, Timestamp::now())
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError> {
        let mut state = self.lock();
        let thread = state.thread_of_run_mut(lease.run).ok_or_else(|| no_run(lease.run))?;
        thread.expect_lease(lease)?;
        if let Some(record) = thread.record_mut(lease.run) {
            record.lease_until = after(Timestamp::now(), ttl);
        }
        Ok(())
    }

    async fn take_over(
        &self,
        run: RunId,
        holder: &str,
        dead: Option<&str>,
        ttl: Duration,
    ) -> Result<RunRecord, StoreError> {
        let now = Timestamp::now();
        let mut state = self.lock();
        let record = state.thread_of_run_mut(run).and_then(|thread| thread.record_mut(run));
        let live = record.filter(|record| record.status.is_live());
        let record = live.ok_or_else(|| no_run(run))?;
        let is_running = record.status == RunStatus::Running;
        if is_running && record.lease_until > now && dead != Some(record.holder.as_str()) {
            return Err(busy(format!("{} holds run {run} until {}", record.holder, record.lease_until)));
        }
        record.recoveries += u32::from(is_running);
        (record.status, record.wake_at) = (RunStatus::Running, None);
        holder.clone_into(&mut record.holder);
        record.fence += 1;
        record.lease_until = after(now, ttl);
        Ok(record.clone())
    }

    async fn run(&self, owner: &OwnerId, id: RunId) -> Result<Option<RunRecord>, StoreError> {
        let state = self.lock();
        let thread = state.thread_of_run(id).filter(|thread| thread.session.owner == *owner);
        Ok(thread.and_then(|thread| thread.record(id)).cloned())
    }

    async fn live_run(&self, owner: &OwnerId, session: &SessionId) -> Result<Option<RunRecord>, StoreError> {
        let state = self.lock();
        let live = state.thread(owner, session).and_then(Thread::live_run);
        Ok(live.cloned())
    }

    async fn claimable_runs(&self, which: Claimable) -> Result<Vec<RunRecord>, StoreError> {
        let now = Timestamp::now();
        let state = self.lock();
        let is_wanted = |record: &RunRecord| {
            which
                .agents
                .as_ref()
                .is_none_or(|agents| agents.iter().any(|agent| agent == record.machine.agent()))
        };
        let live = state.live.iter().filter_map(|run| {
            let thread = state.thread_of_run(*run)?;
            let record = thread.record(*run).filter(|record| is_wanted(record))?;
            thread.is_claimable(record, which.sole_holder.as_deref(), now).then_some(record)
        });
        let mut claimable: Vec<_> = live.collect();
        claimable.sort_by_key(|record| (record.started_at, record.id));
        Ok(claimable.into_iter().take(which.limit).cloned().collect())
    }

    async fn run_of_message(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<Option<RunRecord>, StoreError> {
        let state = self.lock();
        let Some(thread) = state.thread(owner, session) else { return Ok(None) };
        Ok(thread.run_of_message(message).and_then(|run| thread.record(run)).cloned())
    }

    async fn executions(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        limit: usize,
    ) -> Result<Vec<ToolExecution>, StoreError> {
        let state = self.lock();
        let executions = state.thread(owner, session).map(|thread| thread.executions.iter());
        Ok(executions.into_iter().flatten().take(limit).cloned().collect())
    }

    async fn send_signal(&self, owner: &OwnerId, run: RunId, signal: &Signal) -> Result<u64, StoreError> {
        let seq = {
            let mut state = self.lock();
            let thread = state.thread_of_run_mut(run).filter(|thread| thread.session.owner == *owner);
            let thread = thread.ok_or_else(|| no_run(run))?;
            if !thread.record(run).is_some_and(|record| record.status.is_live()) {
                return Err(no_run(run));
            }
            thread.signal(run, signal, Timestamp::now())?
        };
        self.signalled.notify_waiters();
        Ok(seq)
    }

    async fn signals(&self, run: RunId, after: u64) -> Result<Vec<StoredSignal>, StoreError> {
        let state = self.lock();
        Ok(state
            .thread_of_run(run)
            .map(|thread| thread.signals_after(run, after).to_vec())
            .unwrap_or_default())
    }

    async fn signalled(&self, run: RunId, after: u64) -> Result<(), StoreError> {
        loop {
            // Registered before the signals are looked at, so that none is missed in between.
            let mut signalled = std::pin::pin!(self.signalled.notified());
            signalled.as_mut().enable();
            if self
                .lock()
                .thread_of_run(run)
                .is_some_and(|thread| !thread.signals_after(run, after).is_empty())
            {
                return Ok(());
            }
            signalled.await;
        }
    }

    fn keeps_journal(&self) -> bool {
        false
    }

    async fn journal(
        &self,
        _owner: &OwnerId,
        _run: RunId,
        _after: u64,
        _limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        Ok(Vec::new())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn no_session(id: &SessionId) -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, format!("there is no session {id}"))
}

fn no_run(id: RunId) -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, format!("there is no run {id}, or it is over"))
}

fn taken(message: impl Into<std::borrow::Cow<'static, str>>) -> StoreError {
    StoreError::new(StoreErrorKind::AlreadyExists, message)
}

fn busy(message: String) -> StoreError {
    StoreError::new(StoreErrorKind::Busy, message)
}
