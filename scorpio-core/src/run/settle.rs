//! Ends runs that nobody drives any more, so that their sessions take the next message: what there was of the answer is kept, and
//! calls of tools that had not answered are answered with the truth about them.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;

use super::{Input, Rules, StopReason, driver::payload, emitter::Emitter, live};
use crate::{
    EventKind, Part, Result, RunEnd, RunFinished, RunId,
    model::{Assembler, Entry, ModelEvent},
    store::{Claimable, Commit, EventLog, JournalEntry, RunRecord, RunStatus, Store, StoreErrorKind},
    tool::ToolCatalog,
};

/// How long settling may take.
const LEASE: Duration = Duration::from_secs(30);

/// What is known about the process that drove a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presumed {
    /// It may be alive: only a lease that has run out tells.
    Alive,
    /// It is dead, whatever the lease says: it was this process, or the only other one that the store can have had.
    Dead,
}

/// Ends the runs in `store` that no process drives any more and answers how many there were. To be called when a program starts.
///
/// Say [`Presumed::Dead`] when no other process can be using the store, as with a data folder that this process has locked.
///
/// # Errors
///
/// When the store fails.
///
/// # Cancel safety
///
/// Each run is settled whole or not at all; calling it again goes on with the rest.
pub async fn settle_abandoned(
    store: &Arc<dyn Store>,
    log: Option<&Arc<dyn EventLog>>,
    presumed: Presumed,
) -> Result<usize> {
    const BATCH: usize = 100;
    let mut settled = 0;
    loop {
        let mut which = Claimable::new(BATCH);
        if presumed == Presumed::Dead {
            which = which.sole_holder(live::holder());
        }
        let records = store.claimable_runs(which).await?;
        let before = settled;
        for record in records.iter().filter(|record| record.status == RunStatus::Running) {
            settled += usize::from(settle(store, log, record, presumed, Vec::new()).await?);
        }
        if settled == before || records.len() < BATCH {
            return Ok(settled);
        }
    }
}

/// Ends one run. Answers false when somebody else drives it after all, and true when it is over, by this or by another hand.
/// `partial` is what there is of its answer, if the caller knows; otherwise the log is asked.
pub(super) async fn settle(
    store: &Arc<dyn Store>,
    log: Option<&Arc<dyn EventLog>>,
    record: &RunRecord,
    presumed: Presumed,
    partial: Vec<Part>,
) -> Result<bool> {
    let was_waiting = record.status == RunStatus::Waiting;
    let dead = (presumed == Presumed::Dead).then_some(record.holder.as_str());
    let mut record = match store.take_over(record.id, live::holder(), dead, LEASE).await {
        Ok(record) => record,
        Err(error) if error.kind() == StoreErrorKind::NotFound => return Ok(true),
        Err(error) if error.kind() == StoreErrorKind::Busy => return Ok(false),
        Err(error) => return Err(error.into()),
    };
    let logged = read_log(log, record.id, record.machine.turn()).await;
    let partial = if partial.is_empty() { logged.partial } else { partial };
    // One that waited was left by its user, who goes on with something else.
    let (input, end) = if was_waiting {
        let reason = StopReason::Cancelled;
        let input = Input::Stop { reason, partial: Vec::new(), usage: crate::Usage::default() };
        (input, RunEnd::Stopped { reason })
    } else {
        (Input::Interrupted { partial }, RunEnd::Interrupted)
    };
    let tools = ToolCatalog::default();
    let Ok(applied) = record.machine.apply(input, &Rules::new(&tools), Timestamp::now()) else {
        return Ok(true);
    };
    let Some(session) = store.session(&record.owner, &record.session).await? else { return Ok(true) };
    let entries: Vec<Arc<Entry>> =
        applied.append.into_iter().map(|message| Arc::new(Entry::new(message))).collect();
    let lease = record.lease();
    let journal = store.keeps_journal().then(|| {
        let payload = payload(record.machine.turn(), &record.machine.next(), &entries, &applied.executions);
        let seq = record.machine.step() + 1;
        JournalEntry::new(seq, lease.fence, payload, Timestamp::now(), record.machine.journal())
    });
    record.machine.count_step(journal.as_ref().map(|entry| entry.hash));
    let mut commit = Commit::new(&lease, session.version, &record.machine);
    commit.append = &entries;
    commit.executions = &applied.executions;
    commit.step = Some(record.machine.step());
    commit.journal = journal.as_ref();
    commit.end = Some(end);
    match store.commit(commit).await {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), StoreErrorKind::Fenced | StoreErrorKind::NotFound) => {
            return Ok(true);
        }
        Err(error) => return Err(error.into()),
    }
    let usage = record.machine.usage().clone();
    if !logged.ended {
        let mut emitter = Emitter::new(record.session, record.id, None, log.cloned()).after(logged.last_seq);
        emitter.emit(|| EventKind::RunFinished(RunFinished { outcome: end, usage }));
        emitter.flush().await;
    }
    Ok(true)
}

/// What the log has of a run.
#[derive(Debug, Default)]
pub(super) struct Logged {
    /// The answer that was being written.
    partial: Vec<Part>,
    pub(super) last_seq: u64,
    ended: bool,
}

/// A log that fails has nothing.
pub(super) async fn read_log(log: Option<&Arc<dyn EventLog>>, run: RunId, turn: u32) -> Logged {
    const PAGE: usize = 1_000;
    let mut logged = Logged::default();
    let Some(log) = log else { return logged };
    let mut answer = Assembler::new();
    loop {
        let events = log.read(run, logged.last_seq, PAGE).await.unwrap_or_default();
        for event in &events {
            logged.last_seq = event.seq;
            logged.ended |= event.is_last();
            if let Some(event) = of_turn(&event.kind, turn) {
                // Events that do not fit together are as good as lost.
                let _ = answer.push(&event);
            }
        }
        if events.len() < PAGE {
            logged.partial = answer.partial();
            return logged;
        }
    }
}

/// What the model said, if it said so in this turn.
fn of_turn(kind: &EventKind, turn: u32) -> Option<ModelEvent> {
    match kind {
        EventKind::PartStarted(start) if start.turn == turn => {
            Some(ModelEvent::PartStart { index: start.index, kind: start.part.clone() })
        }
        EventKind::PartDelta(delta) if delta.turn == turn => {
            Some(ModelEvent::Delta { index: delta.index, text: Arc::clone(&delta.text) })
        }
        EventKind::PartFinished(end) if end.turn == turn => {
            Some(ModelEvent::PartEnd { index: end.index, part: Box::new(end.part.clone()) })
        }
        _ => None,
    }
}
