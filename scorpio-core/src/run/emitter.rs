//! Where the events of a run go: to whoever polls its stream, and to the log. Nothing is built when nobody wants it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::{Event, EventKind, RunId, SessionId, failpoint::reach, store::EventLog};

/// Events that the caller has not taken yet. The driver and the caller are polled by the same task.
#[derive(Debug, Clone, Default)]
pub(crate) struct Queue(Arc<Mutex<VecDeque<Arc<Event>>>>);

impl Queue {
    /// Moves all of them to `taken`, which is empty.
    pub(super) fn take(&self, taken: &mut VecDeque<Arc<Event>>) {
        std::mem::swap(&mut *self.lock(), taken);
    }

    fn push(&self, event: Arc<Event>) -> usize {
        let mut queue = self.lock();
        queue.push_back(event);
        queue.len()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Arc<Event>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many events may wait for the caller, or for the log, before the driver hands them on.
const FULL: usize = 64;

/// How many events are kept for a log that fails.
const MOST_UNLOGGED: usize = 4_096;

/// How often the last events of a run are offered to a log that fails, and how long to wait in between at first.
const LAST_TRIES: u32 = 5;
const LAST_WAIT: Duration = Duration::from_millis(50);

/// How long a log that failed is left alone, at first and at most: each try may take as long as its timeout, and whoever watches waits.
const FIRST_REST: Duration = Duration::from_secs(1);
const LONGEST_REST: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Emitter {
    session: SessionId,
    run: RunId,
    seq: u64,
    queue: Option<Queue>,
    log: Option<Arc<dyn EventLog>>,
    unlogged: Vec<Arc<Event>>,
    /// Until when the log is left alone because it failed, and for how long the next time.
    rest: Option<(Instant, Duration)>,
    full: bool,
}

impl Emitter {
    pub(super) fn new(
        session: SessionId,
        run: RunId,
        queue: Option<Queue>,
        log: Option<Arc<dyn EventLog>>,
    ) -> Self {
        Self { session, run, seq: 0, queue, log, unlogged: Vec::new(), rest: None, full: false }
    }

    /// Continues a log that has events up to `seq`.
    pub(super) fn after(mut self, seq: u64) -> Self {
        self.seq = seq;
        self
    }

    pub(super) fn emit(&mut self, kind: impl FnOnce() -> EventKind) {
        if self.queue.is_none() && self.log.is_none() {
            return;
        }
        self.seq += 1;
        let event = Event::new(self.session.clone(), self.run, self.seq, Timestamp::now(), kind());
        let event = Arc::new(event);
        if self.log.is_some() {
            self.unlogged.push(Arc::clone(&event));
        }
        let queued = self.queue.as_ref().map_or(0, |queue| queue.push(event));
        let unlogged = if self.rest.is_none() { self.unlogged.len() } else { 0 };
        self.full = queued.max(unlogged) >= FULL;
    }

    /// Writes no more to the log: the run is, or may be, another's, who writes it now.
    pub(super) fn leave_log(&mut self) {
        self.log = None;
        self.unlogged.clear();
    }

    /// Whether there is something to do before waiting for the next thing to happen.
    pub(super) fn is_pending(&self) -> bool {
        self.full || !self.unlogged.is_empty() && !self.is_resting()
    }

    fn is_resting(&self) -> bool {
        self.rest.is_some_and(|(until, _)| until > Instant::now())
    }

    /// Whether what has queued up should be handed on before more is added.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Hands the events on: writes the log, and lets the caller have what has queued up. What a log does not take now it is given the next
    /// time; one that goes on failing costs the resuming of this stream, not the run.
    pub(super) async fn flush(&mut self) {
        if let Some(log) = &self.log
            && !self.unlogged.is_empty()
            && !self.is_resting()
        {
            reach("log.before");
            let result = log.append(self.run, &self.unlogged).await;
            reach("log.after");
            match result {
                Ok(()) => {
                    self.unlogged.clear();
                    self.rest = None;
                }
                Err(error) if self.unlogged.len() < MOST_UNLOGGED => {
                    let rest = self.rest.map_or(FIRST_REST, |(_, next)| next);
                    self.rest = Some((Instant::now() + rest, (rest * 2).min(LONGEST_REST)));
                    tracing::warn!(run = %self.run, error = ?error, "the event log failed; trying again later");
                }
                Err(error) => {
                    tracing::warn!(run = %self.run, error = ?error, "the event log failed; this run can not be resumed");
                    self.leave_log();
                }
            }
        }
        if std::mem::take(&mut self.full) {
            tokio::task::yield_now().await;
        }
    }

    /// As [`Emitter::flush`], for the last events: a log that fails is given some time.
    pub(super) async fn flush_last(&mut self) {
        let mut wait = LAST_WAIT;
        for _ in 0..LAST_TRIES {
            self.rest = None;
            self.flush().await;
            if self.unlogged.is_empty() {
                return;
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }
}
