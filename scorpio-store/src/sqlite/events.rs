//! The log of events: in memory for those who follow a run in this process, in batches on disk for those who come back later.

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

use async_trait::async_trait;
use futures::{future::join_all, stream};
use jiff::Timestamp;
use scorpio_core::{
    Event, EventKind, RunId, SessionId,
    store::{EventLog, EventLogStream, StoreError, StoreErrorKind},
};
use tokio::sync::{Notify, OwnedMutexGuard};

#[cfg(test)]
pub(super) use self::table::select_batches;
pub(super) use self::table::{delete_before, select_end};
use self::{follower::Follower, live::LiveLog};
use super::{
    SqliteStore,
    error::{SqlResult, store_error},
    row::{Columns, now, rows},
    writer::Writer,
};

/// How many events are written together at most, and how many may wait before they are written at once.
const BATCH: usize = 256;

/// How long to wait before writing again what could not be written.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The runs that are being logged by this process.
#[derive(Debug)]
pub(super) struct Events {
    live: Mutex<HashMap<RunId, Arc<LiveLog>>>,
    /// Something is to be written.
    pending: Notify,
    /// So much is to be written that it should not wait.
    full: Notify,
    /// A run joined those that are being logged.
    joined: Notify,
    closed: AtomicBool,
}

impl Events {
    /// Starts the task that writes events. It ends when the log is closed.
    pub(super) fn start(writer: Writer, delay: Duration) -> Arc<Self> {
        let events = Arc::new(Self {
            live: Mutex::default(),
            pending: Notify::new(),
            full: Notify::new(),
            joined: Notify::new(),
            closed: AtomicBool::new(false),
        });
        tokio::spawn(write_in_batches(events.clone(), writer, delay));
        events
    }

    /// Takes no more events. What is there is still written.
    pub(super) fn close(&self) {
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
    pub(super) async fn flush_all(&self, writer: &Writer) -> SqlResult<()> {
        let logs: Vec<_> = self.live().iter().map(|(run, log)| (*run, log.clone())).collect();
        // At once, so that they are committed together.
        let flushes = logs.iter().map(|(run, log)| log.flush(*run, writer));
        join_all(flushes).await.into_iter().collect()
    }

    /// Forgets runs that have ended and are written, and those that nobody follows and whose events are older than `time`.
    fn retire(&self, time: Timestamp) {
        self.live()
            .retain(|_, log| !(log.is_done() || Arc::strong_count(log) == 1 && log.is_idle_since(time)));
    }

    /// Keeps events of a session from being written as long as the guards live.
    pub(super) async fn hold_session(&self, session: &SessionId) -> Vec<OwnedMutexGuard<()>> {
        let logs: Vec<_> = self.live().values().filter(|log| log.session == *session).cloned().collect();
        join_all(logs.iter().map(|log| log.hold())).await
    }

    /// Forgets the runs of a session that is gone.
    pub(super) fn forget_session(&self, session: &SessionId) {
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
async fn write_in_batches(events: Arc<Events>, writer: Writer, delay: Duration) {
    while !events.is_closed() {
        events.pending.notified().await;
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            () = events.full.notified() => {}
        }
        match events.flush_all(&writer).await {
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

impl SqliteStore {
    /// The log of a run in this process. A run that is new to it may have events of an earlier process in the table.
    async fn live_log(&self, run: RunId, session: &SessionId) -> Result<Arc<LiveLog>, StoreError> {
        if let Some(log) = self.events().find(run) {
            return Ok(log);
        }
        let steps = self.read(select_end(run)).await?;
        let (last, finished) = match rows(&steps, 0).first() {
            Some(row) => {
                let mut columns = Columns::of(row, "scorpio_events");
                (columns.number()?, columns.get::<bool>()?)
            }
            None => (0, false),
        };
        let new = || Arc::new(LiveLog::new(session.clone(), last, finished));
        let log = self.events().live().entry(run).or_insert_with(new).clone();
        self.events().joined.notify_waiters();
        Ok(log)
    }
}

#[async_trait]
impl EventLog for SqliteStore {
    async fn append(&self, run: RunId, events: &[Arc<Event>]) -> Result<(), StoreError> {
        let Some(first) = events.first() else { return Ok(()) };
        if self.events().is_closed() {
            return Err(StoreError::new(StoreErrorKind::Unavailable, "the store is closed"));
        }
        let log = self.live_log(run, &first.session).await?;
        let appended = log.append(events, now());
        // While a run waits nothing follows that would be written together with its events.
        let pauses = events.iter().any(|event| matches!(event.kind, EventKind::RunPaused(_)));
        if appended.is_finished || pauses {
            // For the case that it fails here, or that the caller does not wait for it.
            self.events().pending.notify_one();
            log.flush(run, self.writer()).await.map_err(store_error)?;
            self.events().retire(Timestamp::MIN);
        } else if appended.pending >= BATCH {
            self.events().pending.notify_one();
            self.events().full.notify_one();
        } else if appended.pending > 0 {
            self.events().pending.notify_one();
        }
        Ok(())
    }

    async fn read(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        // What is in memory is looked at first: what is written in the meantime is then in both.
        let (start, recent) = match self.events().find(run) {
            Some(log) => log.recent(after, limit),
            None => (u64::MAX, Vec::new()),
        };
        if start <= after {
            return Ok(recent);
        }
        let mut events = self.batches(run, after, limit).await?;
        events.retain(|event| event.seq <= start);
        events.extend(recent);
        events.truncate(limit);
        Ok(events)
    }

    async fn follow(&self, run: RunId, after: u64) -> Result<EventLogStream, StoreError> {
        let follower = Follower::new(self.clone(), run, after);
        let events = stream::try_unfold(follower, |mut follower| async {
            let event = follower.next().await?;
            Ok(event.map(|event| (event, follower)))
        });
        Ok(Box::pin(events))
    }

    async fn expire(&self, time: Timestamp) -> Result<u64, StoreError> {
        self.events().flush_all(self.writer()).await.map_err(store_error)?;
        let steps = self.write(delete_before(time)).await.map_err(store_error)?;
        for log in self.events().live().values() {
            log.expire(time);
        }
        self.events().retire(time);
        let count = |row| Columns::of(row, "scorpio_events").number();
        rows(&steps, 0).iter().map(count).sum()
    }
}
