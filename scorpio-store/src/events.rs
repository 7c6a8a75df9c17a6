//! The log of events, over any table: in memory for those who follow a run in this process, in batches in the table for those who
//! come back later or follow from another process.

mod follower;
mod live;
mod table;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{future::join_all, stream};
use jiff::Timestamp;
use scorpio_core::{
    Event, EventKind, RunId, SessionId,
    store::{EventLogStream, StoreError, StoreErrorKind},
};
use tokio::sync::{Notify, OwnedMutexGuard};

pub(crate) use self::table::{Batch, EventTable, TAKEOVER, Writing, merge};
use self::{follower::Follower, live::LiveLog};

/// How many events are written together at most, and how many may wait before they are written at once.
const BATCH: usize = 256;

/// How long to wait before writing again what could not be written.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The runs that are being logged by this process.
#[derive(Debug)]
pub(crate) struct Events<T> {
    table: T,
    live: Mutex<HashMap<RunId, Arc<LiveLog>>>,
    /// Something is to be written.
    pending: Notify,
    /// So much is to be written that it should not wait.
    full: Notify,
    /// A run joined those that are being logged.
    joined: Notify,
    closed: AtomicBool,
}

impl<T: EventTable> Events<T> {
    /// Starts the task that writes events. It ends when the log is closed.
    pub(crate) fn start(table: T, delay: Duration) -> Arc<Self> {
        let events = Arc::new(Self {
            table,
            live: Mutex::default(),
            pending: Notify::new(),
            full: Notify::new(),
            joined: Notify::new(),
            closed: AtomicBool::new(false),
        });
        tokio::spawn(write_in_batches(events.clone(), delay));
        events
    }

    /// Whether somebody writes a run, or may yet.
    #[cfg(test)]
    pub(crate) async fn writing(&self, run: RunId) -> Result<Writing, StoreError> {
        self.table.writing(run).await
    }

    /// Takes no more events. What is there is still written.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.pending.notify_one();
        self.full.notify_one();
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn live(&self) -> MutexGuard<'_, HashMap<RunId, Arc<LiveLog>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, run: RunId) -> Option<Arc<LiveLog>> {
        self.live().get(&run).cloned()
    }

    /// Writes what has not been written yet.
    pub(crate) async fn flush_all(&self) -> Result<(), StoreError> {
        let logs: Vec<_> = self.live().iter().map(|(run, log)| (*run, log.clone())).collect();
        // At once, so that they are committed together.
        let flushes = logs.iter().map(|(run, log)| log.flush(*run, &self.table));
        join_all(flushes).await.into_iter().collect()
    }

    /// Forgets runs that have ended and are written, and those that nobody follows and whose events are older than `time`.
    fn retire(&self, time: Timestamp) {
        self.live()
            .retain(|_, log| !(log.is_done() || Arc::strong_count(log) == 1 && log.is_idle_since(time)));
    }

    /// Keeps events of a session from being written as long as the guards live.
    pub(crate) async fn hold_session(&self, session: &SessionId) -> Vec<OwnedMutexGuard<()>> {
        let logs: Vec<_> = self.live().values().filter(|log| log.session == *session).cloned().collect();
        join_all(logs.iter().map(|log| log.hold())).await
    }

    /// Forgets the runs of a session that is gone.
    pub(crate) fn forget_session(&self, session: &SessionId) {
        self.live().retain(|_, log| {
            let keep = log.session != *session;
            if !keep {
                log.forget();
            }
            keep
        });
    }
}

/// Waits for events, lets more come together, and writes them.
async fn write_in_batches<T: EventTable>(events: Arc<Events<T>>, delay: Duration) {
    while !events.is_closed() {
        events.pending.notified().await;
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = events.full.notified() => {}
        }
        match events.flush_all().await {
            Ok(()) => events.retire(Timestamp::MIN),
            Err(error) => {
                tracing::warn!(error = ?error, "events could not be written; they are kept in memory and tried again");
                tokio::select! {
                    () = tokio::time::sleep(AFTER_FAILURE) => {}
                    () = events.full.notified() => {}
                }
                events.pending.notify_one();
            }
        }
    }
}

impl<T: EventTable> Events<T> {
    /// The log of a run in this process. A run that is new to it may have events of an earlier process in the table.
    async fn live_log(&self, run: RunId, session: &SessionId) -> Result<Arc<LiveLog>, StoreError> {
        if let Some(log) = self.find(run) {
            return Ok(log);
        }
        let (last, finished) = self.table.end(run).await?.unwrap_or_default();
        let new = || Arc::new(LiveLog::new(session.clone(), last, finished));
        let log = self.live().entry(run).or_insert_with(new).clone();
        self.joined.notify_waiters();
        Ok(log)
    }

    /// [`EventLog::append`](scorpio_core::store::EventLog::append).
    pub(crate) async fn append(&self, run: RunId, events: &[Arc<Event>]) -> Result<(), StoreError> {
        let Some(first) = events.first() else { return Ok(()) };
        if self.is_closed() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the store is closed"));
        }
        let log = self.live_log(run, &first.session).await?;
        let appended = log.append(events, Timestamp::now());
        // While a run waits nothing follows that would be written together with its events.
        let pauses = events.iter().any(|event| matches!(event.kind, EventKind::RunPaused(_)));
        if appended.is_finished || pauses {
            // For the case that it fails here, or that the caller does not wait for it.
            self.pending.notify_one();
            log.flush(run, &self.table).await?;
            self.retire(Timestamp::MIN);
        } else if appended.pending >= BATCH {
            self.pending.notify_one();
            self.full.notify_one();
        } else if appended.pending > 0 {
            self.pending.notify_one();
        }
        Ok(())
    }

    /// [`EventLog::read`](scorpio_core::store::EventLog::read).
    pub(crate) async fn read(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        // What is in memory is looked at first: what is written in the meantime is then in both.
        let (start, recent) = match self.find(run) {
            Some(log) => log.recent(after, limit),
            None => (u64::MAX, Vec::new()),
        };
        if start <= after {
            return Ok(recent);
        }
        let mut events = self.table.read(run, after, limit).await?;
        events.retain(|event| event.seq <= start);
        events.extend(recent);
        events.truncate(limit);
        Ok(events)
    }

    /// [`EventLog::follow`](scorpio_core::store::EventLog::follow).
    pub(crate) fn follow(self: &Arc<Self>, run: RunId, after: u64) -> EventLogStream {
        let follower = Follower::new(self.clone(), run, after);
        Box::pin(stream::try_unfold(follower, |mut follower| async {
            let event = follower.next().await?;
            Ok(event.map(|event| (event, follower)))
        }))
    }

    /// [`EventLog::expire`](scorpio_core::store::EventLog::expire).
    pub(crate) async fn expire(&self, time: Timestamp) -> Result<u64, StoreError> {
        self.flush_all().await?;
        let expired = self.table.delete_before(time).await?;
        for log in self.live().values() {
            log.expire(time);
        }
        self.retire(time);
        Ok(expired)
    }
}
