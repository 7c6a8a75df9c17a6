//! One session in memory with all that hangs on it.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use crate::{
    MessageId, RunId,
    model::Entry,
    store::{Lease, RunRecord, RunStatus, Session, StoreError, StoreErrorKind, ToolExecution},
};

#[derive(Debug)]
pub(super) struct Thread {
    pub(super) session: Session,
    /// Oldest first, so the live one, if there is one, is the last.
    pub(super) runs: Vec<RunRecord>,
    pub(super) executions: Vec<ToolExecution>,
    /// In order of their sequence numbers.
    messages: Vec<(u64, Arc<Entry>)>,
    /// Which message began or was written by which run.
    runs_of_messages: HashMap<MessageId, RunId>,
}

impl Thread {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            runs: Vec::new(),
            executions: Vec::new(),
            messages: Vec::new(),
            runs_of_messages: HashMap::new(),
        }
    }

    pub(super) fn live_run(&self) -> Option<&RunRecord> {
        self.runs.last().filter(|run| run.status == RunStatus::Running)
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
        let holds = |record: &&RunRecord| {
            record.status == RunStatus::Running
                && record.fence == lease.fence
                && record.holder == lease.holder
        };
        match self.record(lease.run).filter(holds) {
            Some(_) => Ok(()),
            None => {
                let message =
                    format!("{} holds run {} no more (fence {})", lease.holder, lease.run, lease.fence);
                Err(StoreError::new(StoreErrorKind::Fenced, message))
            }
        }
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

    /// Whether a message up to `seq` has this id.
    pub(super) fn has_message(&self, id: &MessageId, seq: u64) -> bool {
        self.runs_of_messages.contains_key(id)
            && self
                .messages
                .iter()
                .take_while(|(at, _)| *at <= seq)
                .any(|(_, entry)| entry.message().id == *id)
    }

    pub(super) fn messages_after(&self, seq: u64, limit: usize) -> Vec<(u64, Arc<Entry>)> {
        let start = self.messages.partition_point(|(at, _)| *at <= seq);
        self.messages.iter().skip(start).take(limit).cloned().collect()
    }

    pub(super) fn run_of_message(&self, id: &MessageId) -> Option<RunId> {
        self.runs_of_messages.get(id).copied()
    }

    pub(super) fn cut_after(&mut self, seq: u64) {
        let start = self.messages.partition_point(|(at, _)| *at <= seq);
        for (_, entry) in self.messages.drain(start..) {
            self.runs_of_messages.remove(&entry.message().id);
        }
    }

    pub(super) fn append(&mut self, entry: Arc<Entry>, run: RunId, now: Timestamp) {
        self.session.version += 1;
        self.session.updated_at = now;
        self.runs_of_messages.insert(entry.message().id.clone(), run);
        self.messages.push((self.session.version, entry));
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
