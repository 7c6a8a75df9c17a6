//! The log of one run that this process writes.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use scorpio_core::{Event, RunId, SessionId, store::StoreError};
use tokio::sync::{Notify, OwnedMutexGuard};

use super::{BATCH, Batch, EventTable};

/// How many events that are written already stay in memory for those who follow.
const RECENT: usize = 1024;

/// How many batches are written in one transaction at most.
const BATCHES: usize = 16;

#[derive(Debug)]
pub(super) struct LiveLog {
    pub(super) session: SessionId,
    state: Mutex<State>,
    /// There are new events.
    pub(super) changed: Notify,
    /// Held while batches are written, so that they follow each other.
    flushing: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Debug)]
struct State {
    /// Every event after `start`, with the time it was appended.
    events: VecDeque<(Timestamp, Arc<Event>)>,
    /// The number of the event before the first one in memory.
    start: u64,
    /// The number of the last event that is in the table.
    written: u64,
    /// The number of the last event.
    last: u64,
    finished: bool,
}

pub(super) struct Appended {
    /// How many events are to be written.
    pub(super) pending: usize,
    pub(super) is_finished: bool,
}

/// What there is for somebody who follows.
pub(super) enum Look {
    Events(Vec<Arc<Event>>),
    /// The next events are in the table alone, up to this number.
    InTable(u64),
    NothingYet,
    Over,
}

impl LiveLog {
    /// A log that continues after the event `last`, which is in the table.
    pub(super) fn new(session: SessionId, last: u64, finished: bool) -> Self {
        let state = State { events: VecDeque::new(), start: last, written: last, last, finished };
        Self { session, state: Mutex::new(state), changed: Notify::new(), flushing: Arc::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn append(&self, events: &[Arc<Event>], time: Timestamp) -> Appended {
        let mut state = self.state();
        for event in events {
            if event.seq > state.last {
                state.last = event.seq;
                state.finished |= event.is_last();
                state.events.push_back((time, event.clone()));
            }
        }
        let appended = Appended { pending: state.after(state.written).count(), is_finished: state.finished };
        drop(state);
        self.changed.notify_waiters();
        appended
    }

    /// The events in memory after `seq`, and the number of the event before the first one in memory.
    pub(super) fn recent(&self, seq: u64, limit: usize) -> (u64, Vec<Arc<Event>>) {
        let state = self.state();
        (state.start, state.after(seq).take(limit).map(|(_, event)| event.clone()).collect())
    }

    pub(super) fn look(&self, seq: u64, limit: usize) -> Look {
        let state = self.state();
        if seq < state.start {
            return Look::InTable(state.start);
        }
        let events: Vec<_> = state.after(seq).take(limit).map(|(_, event)| event.clone()).collect();
        match events.is_empty() {
            false => Look::Events(events),
            true if state.finished => Look::Over,
            true => Look::NothingYet,
        }
    }

    /// Writes the events that are not in the table yet.
    ///
    /// # Cancel safety
    ///
    /// Events may be written without being remembered as such. Then they are written again, over themselves.
    pub(super) async fn flush(&self, run: RunId, table: &impl EventTable) -> Result<(), StoreError> {
        let _turn = self.flushing.lock().await;
        loop {
            let (batches, last) = {
                let state = self.state();
                let events: Vec<_> = state.after(state.written).take(BATCH * BATCHES).cloned().collect();
                let Some((_, last)) = events.last() else { return Ok(()) };
                let last = last.seq;
                (events.chunks(BATCH).map(Batch::from).collect(), last)
            };
            table.write(run, batches).await?;
            let mut state = self.state();
            state.written = state.written.max(last);
            state.keep_recent();
        }
    }

    /// Waits until nothing is being written and keeps it so.
    pub(super) async fn hold(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.flushing).lock_owned().await
    }

    /// Whether it has ended and is written.
    pub(super) fn is_done(&self) -> bool {
        let state = self.state();
        state.finished && state.written >= state.last
    }

    /// Whether everything is written and older than `time`.
    pub(super) fn is_idle_since(&self, time: Timestamp) -> bool {
        let state = self.state();
        state.written >= state.last && state.events.back().is_none_or(|(appended, _)| *appended < time)
    }

    /// Drops events that were appended before `time` from memory.
    pub(super) fn expire(&self, time: Timestamp) {
        let mut state = self.state();
        while let Some((appended, event)) = state.events.front()
            && *appended < time
            && event.seq <= state.written
        {
            state.drop_first();
        }
    }

    /// Drops everything, written or not: those who follow it are done.
    pub(super) fn forget(&self) {
        let mut state = self.state();
        state.events.clear();
        (state.start, state.written, state.finished) = (state.last, state.last, true);
        drop(state);
        self.changed.notify_waiters();
    }
}

impl State {
    fn after(&self, seq: u64) -> impl Iterator<Item = &(Timestamp, Arc<Event>)> {
        self.events.range(self.events.partition_point(|(_, event)| event.seq <= seq)..)
    }

    fn keep_recent(&mut self) {
        while self.events.len() > RECENT
            && self.events.front().is_some_and(|(_, event)| event.seq <= self.written)
        {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) {
        if let Some((_, event)) = self.events.pop_front() {
            self.start = event.seq;
        }
    }
}
