//! A step of a run.

use mongodb::bson::{self, doc};
use scorpio_core::{
    model::Entry,
    store::{Commit, RunStatus, StoreError, StoreErrorKind},
};

use super::{
    MongoStore,
    document::{
        ExecutionDocument, JournalDocument, MessageDocument, Pending, after, millis, now, signed, unsigned,
    },
    error::store_error,
    runs::Found,
    step::{Attempts, Change, check_size},
};
use crate::record::{conflict, fenced, json, no_run};

impl MongoStore {
    pub(super) async fn write_commit(&self, commit: Commit<'_>) -> Result<u64, StoreError> {
        if !commit.statements.is_empty() {
            let message = "a store on MongoDB has no SQL for a transactional tool";
            return Err(StoreError::new(StoreErrorKind::Unsupported, message));
        }
        let run = commit.lease.run;
        let mut attempts = Attempts::default();
        loop {
            let found = self.find_run(run).await?.ok_or_else(|| no_run(run))?;
            if is_made(&commit, &found)? {
                return Ok(unsigned(found.session.version));
            }
            self.expect_new_ids(&commit, &found).await?;
            let version = found.session.version.saturating_add(count(commit.append));
            if self.step(&found.session, change(&commit, &found)?).await.map_err(store_error)? {
                return Ok(unsigned(version));
            }
            attempts.pause().await?;
        }
    }

    async fn expect_new_ids(&self, commit: &Commit<'_>, found: &Found) -> Result<(), StoreError> {
        let ids: Vec<&str> = commit.append.iter().map(|entry| entry.message().id.as_str()).collect();
        let is_twice = ids.iter().zip(1..).any(|(id, next)| ids.iter().skip(next).any(|later| later == id));
        if is_twice || self.has_messages(&found.session, &found.session.history, ids).await? {
            let message =
                format!("a message of run {} has an id that is in its session already", commit.lease.run);
            return Err(StoreError::new(StoreErrorKind::AlreadyExists, message));
        }
        Ok(())
    }
}

/// Whether the step was made before. An error when it may not be made now.
fn is_made(commit: &Commit<'_>, found: &Found) -> Result<bool, StoreError> {
    let (lease, run) = (commit.lease, &found.run);
    if run.holder != lease.holder || run.fence != signed(lease.fence) {
        return Err(fenced(lease));
    }
    if commit.step.is_some_and(|step| signed(step) == run.step) {
        return Ok(true);
    }
    if !run.is_running() {
        return Err(fenced(lease));
    }
    if found.session.version != signed(commit.expected_version) {
        return Err(conflict(commit.machine.session(), unsigned(found.session.version)));
    }
    Ok(false)
}

fn change(commit: &Commit<'_>, found: &Found) -> Result<Change, StoreError> {
    let (session, now) = (&found.session, now());
    let (key, revision) = (session.key.as_str(), session.revision.saturating_add(1));
    let mut history = session.history.clone();
    let mut pending = Pending { is_end: commit.end.is_some(), ..Pending::default() };
    for (entry, seq) in commit.append.iter().zip(session.version.saturating_add(1)..) {
        let place = (seq, history.last());
        pending.messages.push(MessageDocument::new(key, place, commit.lease.run, entry.message())?);
        history.push(seq);
    }
    for (execution, place) in commit.executions.iter().zip(0..) {
        pending.executions.push(ExecutionDocument::new(key, (revision, place), execution)?);
    }
    pending.journal = commit.journal.map(|entry| JournalDocument::new(key, commit.lease.run, entry));
    let status = match (&commit.end, &commit.wait) {
        (Some(_), _) => RunStatus::Finished,
        (None, Some(_)) => RunStatus::Waiting,
        (None, None) => RunStatus::Running,
    };
    let machine = json("a run", commit.machine)?;
    check_size(&pending, Some(&found.run), &machine)?;
    let is_waiting = commit.wait.is_some();
    let mut set = doc! {
        "run.machine": machine,
        "run.signals_seen": signed(commit.machine.signals_seen()),
        "run.status": status.as_str(),
        "run.lease_millis": if is_waiting { 0 } else { millis(commit.ttl) },
        "run.lease_until": if is_waiting { now } else { after(now, commit.ttl) }.as_microsecond(),
        "run.wake_at": commit.wait.and_then(|wait| wait.wake_at).map(|wake_at| wake_at.as_microsecond()),
        "run.end": commit.end.as_ref().map(|end| json("the end of a run", end)).transpose()?,
        "run.finished_at": commit.end.map(|_| now.as_microsecond()),
    };
    if let Some(step) = commit.step {
        set.insert("run.step", signed(step));
    }
    if !commit.append.is_empty() {
        set.insert("version", session.version.saturating_add(count(commit.append)));
        set.insert("updated_at", now.as_microsecond());
        set.insert("history", bson::serialize_to_bson(&history).map_err(|error| store_error(error.into()))?);
    }
    Ok(Change { set, renews: true, pending })
}

fn count(entries: &[std::sync::Arc<Entry>]) -> i64 {
    i64::try_from(entries.len()).unwrap_or(i64::MAX)
}
