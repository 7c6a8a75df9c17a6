//! Where the events of a run go: to whoever polls its stream, and to the log. Nothing is built when nobody wants it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

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

#[derive(Debug)]
pub(super) struct Emitter {
    session: SessionId,
    run: RunId,
    seq: u64,
    queue: Option<Queue>,
    log: Option<Arc<dyn EventLog>>,
    unlogged: Vec<Arc<Event>>,
    full: bool,
}

impl Emitter {
    pub(super) fn new(
        session: SessionId,
        run: RunId,
        queue: Option<Queue>,
        log: Option<Arc<dyn EventLog>>,
    ) -> Self {
        Self { session, run, seq: 0, queue, log, unlogged: Vec::new(), full: false }
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
        self.full = queued.max(self.unlogged.len()) >= FULL;
    }

    /// Whether there is something to do before waiting for the next thing to happen.
    pub(super) fn is_pending(&self) -> bool {
        self.full || !self.unlogged.is_empty()
    }

    /// Whether what has queued up should be handed on before more is added.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Hands the events on: writes the log, and lets the caller have what has queued up. A log that fails costs the resuming of
    /// this stream, not the run.
    pub(super) async fn flush(&mut self) {
        if let Some(log) = &self.log
            && !self.unlogged.is_empty()
        {
            reach("log.before");
            let result = log.append(self.run, &self.unlogged).await;
            reach("log.after");
            self.unlogged.clear();
            if let Err(error) = result {
                tracing::warn!(run = %self.run, error = ?error, "the event log failed; this run can not be resumed");
                self.log = None;
            }
        }
        if std::mem::take(&mut self.full) {
            tokio::task::yield_now().await;
        }
    }
}
