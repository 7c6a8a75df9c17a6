//! One session in memory with all that hangs on it.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    Message, MessageId, RunId,
    model::Entry,
    store::{
        BranchPoint, Lease, RunRecord, RunStatus, Session, SessionSnapshot, Signal, SnapshotMessage,
        StoreError, StoreErrorKind, StoredMessage, StoredSignal, ToolExecution, Way,
    },
};

#[derive(Debug)]
pub(super) struct Thread {
    pub(super) session: Session,
    /// Oldest first, so the live one, if there is one, is the last.
    pub(super) runs: Vec<RunRecord>,
    pub(super) executions: Vec<ToolExecution>,
    /// Those of the current branch, in order of their sequence numbers.
    messages: Vec<Placed>,
    /// Those of other branches, in no order.
    others: Vec<Placed>,
    /// Which message of the current branch began or was written by which run.
    runs_of_messages: HashMap<MessageId, RunId>,
    signals: HashMap<RunId, Vec<StoredSignal>>,
}

/// A message and its place.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    seq: u64,
    parent: u64,
    run: RunId,
    entry: Arc<Entry>,
}

impl Placed {
    fn message(&self) -> &Message {
        self.entry.message()
    }

    pub(super) fn stored(self) -> StoredMessage {
        StoredMessage::new(self.seq, self.parent, self.entry.message().clone())
    }
}

impl Thread {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            runs: Vec::new(),
            executions: Vec::new(),
            messages: Vec::new(),
            others: Vec::new(),
            runs_of_messages: HashMap::new(),
            signals: HashMap::new(),
        }
    }

    pub(super) fn import(snapshot: SessionSnapshot) -> Result<Self, StoreError> {
        snapshot.check()?;
        let SessionSnapshot { session, messages, executions } = snapshot;
        let mut thread = Self { executions, ..Self::new(session) };
        for SnapshotMessage { seq, parent, is_current, run, message } in messages {
            let placed = Placed { seq, parent, run, entry: Arc::new(Entry::new(message)) };
            if is_current {
                thread.runs_of_messages.insert(placed.message().id.clone(), run);
                thread.messages.push(placed);
            } else {
                thread.others.push(placed);
            }
        }
        Ok(thread)
    }

    pub(super) fn export(&self) -> SessionSnapshot {
        let snapshot = |placed: &Placed, is_current| {
            SnapshotMessage::new(placed.seq, placed.parent, is_current, placed.run, placed.message().clone())
        };
        let current = self.messages.iter().map(|placed| snapshot(placed, true));
        let others = self.others.iter().map(|placed| snapshot(placed, false));
        let mut messages: Vec<_> = current.chain(others).collect();
        messages.sort_by_key(|message| message.seq);
        SessionSnapshot::new(self.session.clone(), messages, self.executions.clone())
    }

    pub(super) fn live_run(&self) -> Option<&RunRecord> {
        self.runs.last().filter(|run| run.status.is_live())
    }

    pub(super) fn record(&self, run: RunId) -> Option<&RunRecord> {
        self.runs.iter().rev().find(|record| record.id == run)
    }

    pub(super) fn record_mut(&mut self, run: RunId) -> Option<&mut RunRecord> {
        self.runs.iter_mut().rev().find(|record| record.id == run)
    }

    pub(super) fn expect_version(&self, expected: u64) -> Result<(), StoreError> {
        let actual = self.session.version;
        if expected == actual {
            return Ok(());
        }
        let message = format!("session {} is at version {actual}, not {expected}", self.session.id);
        Err(StoreError::new(StoreErrorKind::Conflict { actual }, message))
    }

    pub(super) fn expect_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let record = self.held(lease).filter(|record| record.status == RunStatus::Running);
        match record {
            Some(_) => Ok(()),
            None => {
                let message =
                    format!("{} holds run {} no more (fence {})", lease.holder, lease.run, lease.fence);
                Err(StoreError::new(StoreErrorKind::Fenced, message))
            }
        }
    }

    /// Whether a commit of this number was made under this lease.
    pub(super) fn has_step(&self, lease: &Lease, step: u64) -> bool {
        self.held(lease).is_some_and(|record| record.step == step)
    }

    fn held(&self, lease: &Lease) -> Option<&RunRecord> {
        self.record(lease.run).filter(|record| record.fence == lease.fence && record.holder == lease.holder)
    }

    pub(super) fn expect_new_ids(&self, entries: &[Arc<Entry>]) -> Result<(), StoreError> {
        for (index, entry) in entries.iter().enumerate() {
            let id = &entry.message().id;
            let twice = entries.iter().take(index).any(|earlier| earlier.message().id == *id);
            if twice || self.runs_of_messages.contains_key(id) {
                let message = format!("message {id} is in session {} already", self.session.id);
                return Err(StoreError::new(StoreErrorKind::AlreadyExists, message));
            }
        }
        Ok(())
    }

    /// Whether a message of the current branch up to `seq` has this id.
    pub(super) fn has_message(&self, id: &MessageId, seq: u64) -> bool {
        self.runs_of_messages.contains_key(id)
            && self
                .messages
                .iter()
                .take_while(|placed| placed.seq <= seq)
                .any(|placed| placed.message().id == *id)
    }

    pub(super) fn messages_after(&self, seq: u64, limit: usize) -> Vec<Placed> {
        let start = self.messages.partition_point(|placed| placed.seq <= seq);
        self.messages.iter().skip(start).take(limit).cloned().collect()
    }

    pub(super) fn run_of_message(&self, id: &MessageId) -> Option<RunId> {
        let elsewhere = || {
            let others = self.others.iter().filter(|placed| placed.message().id == *id);
            others.max_by_key(|placed| placed.seq).map(|placed| placed.run)
        };
        self.runs_of_messages.get(id).copied().or_else(elsewhere)
    }

    /// Leaves the current branch after `seq`.
    pub(super) fn branch_after(&mut self, seq: u64) {
        let start = self.messages.partition_point(|placed| placed.seq <= seq);
        for placed in self.messages.drain(start..) {
            self.runs_of_messages.remove(&placed.message().id);
            self.others.push(placed);
        }
    }

    pub(super) fn branch_points(&self) -> Vec<BranchPoint> {
        let mut ways: std::collections::BTreeMap<u64, Vec<Way>> = Default::default();
        let way = |placed: &Placed, is_current| Way::new(placed.seq, placed.message().id.clone(), is_current);
        for placed in &self.messages {
            ways.entry(placed.parent).or_default().push(way(placed, true));
        }
        for placed in &self.others {
            ways.entry(placed.parent).or_default().push(way(placed, false));
        }
        let mut points: Vec<_> = ways.into_iter().filter(|(_, ways)| ways.len() > 1).collect();
        for (_, ways) in &mut points {
            ways.sort_by_key(|way| way.seq);
        }
        points.into_iter().map(|(after, ways)| BranchPoint::new(after, ways)).collect()
    }

    /// Makes the branch through `seq` the current one. Answers whether there is such a message.
    pub(super) fn switch(&mut self, seq: u64) -> bool {
        let mut all: Vec<Placed> = self.all().cloned().collect();
        all.sort_by_key(|placed| placed.seq);
        let mut path = Vec::new();
        let mut next = seq;
        while next != 0 {
            let Ok(at) = all.binary_search_by_key(&next, |placed| placed.seq) else { return false };
            let Some(placed) = all.get(at) else { return false };
            next = placed.parent;
            path.push(placed.seq);
        }
        if path.is_empty() {
            return false;
        }
        path.reverse();
        // The newest way from there on.
        let mut tip = seq;
        while let Some(child) = all.iter().rev().find(|placed| placed.parent == tip) {
            tip = child.seq;
            path.push(tip);
        }
        self.session.version += 1;
        (self.messages, self.others) =
            all.into_iter().partition(|placed| path.binary_search(&placed.seq).is_ok());
        self.runs_of_messages =
            self.messages.iter().map(|placed| (placed.message().id.clone(), placed.run)).collect();
        true
    }

    fn all(&self) -> impl Iterator<Item = &Placed> {
        self.messages.iter().chain(&self.others)
    }

    pub(super) fn append(&mut self, entry: Arc<Entry>, run: RunId, now: Timestamp) {
        let parent = self.messages.last().map_or(0, |placed| placed.seq);
        self.session.version += 1;
        self.session.updated_at = now;
        self.runs_of_messages.insert(entry.message().id.clone(), run);
        self.messages.push(Placed { seq: self.session.version, parent, run, entry });
    }

    /// Adds a signal, unless one of the same subject is there.
    pub(super) fn signal(&mut self, run: RunId, signal: &Signal, now: Timestamp) -> Result<u64, StoreError> {
        let signals = self.signals.entry(run).or_default();
        if let Some(subject) = signal.subject()
            && signals.iter().any(|known| known.signal.subject() == Some(subject))
        {
            let message = format!("run {run} was told about {subject} before");
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, message));
        }
        let seq = u64::try_from(signals.len()).unwrap_or(u64::MAX) + 1;
        signals.push(StoredSignal::new(seq, now, signal.clone()));
        Ok(seq)
    }

    pub(super) fn signals_after(&self, run: RunId, after: u64) -> &[StoredSignal] {
        let signals = self.signals.get(&run).map(Vec::as_slice).unwrap_or_default();
        signals.get(usize::try_from(after).unwrap_or(usize::MAX)..).unwrap_or_default()
    }

    /// Whether nobody writes the run and it has something to do.
    pub(super) fn is_claimable(&self, record: &RunRecord, sole_holder: Option<&str>, now: Timestamp) -> bool {
        match record.status {
            RunStatus::Running => {
                record.lease_until <= now || sole_holder.is_some_and(|holder| record.holder != holder)
            }
            RunStatus::Waiting => {
                record.wake_at.is_some_and(|wake_at| wake_at <= now)
                    || !self.signals_after(record.id, record.machine.signals_seen()).is_empty()
            }
            RunStatus::Finished => false,
        }
    }

    /// Gives back the room that was kept for growing: most sessions are looked at seldom, and many stay for long.
    pub(super) fn shrink(&mut self) {
        self.runs.shrink_to_fit();
        self.executions.shrink_to_fit();
        self.messages.shrink_to_fit();
    }

    /// Overwrites the execution of this run, turn and index, or adds it.
    pub(super) fn write_execution(&mut self, execution: &ToolExecution) {
        let key = |other: &ToolExecution| (other.turn, other.index);
        // Those of a run stand together and its turns rise, so this looks at those of the present turn.
        let turn = self.executions.iter_mut().rev();
        let mut turn = turn.take_while(|other| other.run == execution.run && other.turn >= execution.turn);
        match turn.find(|other| key(other) == key(execution)) {
            Some(known) => known.clone_from(execution),
            None => self.executions.push(execution.clone()),
        }
    }
}
