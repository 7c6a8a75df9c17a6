//! The log of events in memory. Followers read from the log itself, so one that is slow costs nothing and is never cut off.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use futures::stream;
use jiff::Timestamp;
use tokio::sync::Notify;

use super::lock;
use crate::{
    Event, RunId,
    store::{EventLog, EventLogStream, StoreError},
};

/// How many events a follower takes out of the log at a time.
const BATCH: usize = 64;

/// An [`EventLog`] in memory. It keeps the events of a run until [`EventLog::expire`] forgets them.
///
/// A follower of a run that the log does not know waits for its first event.
///
/// ```
/// use std::sync::Arc;
/// use futures::TryStreamExt;
/// use jiff::Timestamp;
/// use scorpio_core::{Event, EventKind, RunEnd, RunFinished, RunId, SessionId, Usage, store::{EventLog, MemoryEventLog}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let log = MemoryEventLog::new();
/// let (session, run) = (SessionId::new(), RunId::new());
/// let end = EventKind::RunFinished(RunFinished { outcome: RunEnd::Interrupted, usage: Usage::default() });
/// log.append(run, &[Arc::new(Event::new(session, run, 1, Timestamp::now(), end))]).await?;
/// let events: Vec<_> = log.follow(run, 0).await?.try_collect().await?;
/// assert_eq!(events.len(), 1);
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct MemoryEventLog(Mutex<HashMap<RunId, Arc<RunLog>>>);

#[derive(Default)]
struct RunLog {
    events: Mutex<Events>,
    changed: Notify,
}

#[derive(Default)]
struct Events {
    /// Each with the time it was appended, in order of `seq`.
    kept: VecDeque<(Timestamp, Arc<Event>)>,
    /// The `seq` of the last event that was ever appended.
    last: u64,
    finished: bool,
}

impl MemoryEventLog {
    /// A log that holds nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn run(&self, run: RunId) -> Arc<RunLog> {
        lock(&self.0).entry(run).or_default().clone()
    }
}

impl fmt::Debug for MemoryEventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryEventLog").field("runs", &lock(&self.0).len()).finish_non_exhaustive()
    }
}

impl Events {
    fn append(&mut self, events: &[Arc<Event>], now: Timestamp) {
        for event in events {
            if event.seq > self.last {
                self.last = event.seq;
                self.finished |= event.is_last();
                self.kept.push_back((now, event.clone()));
            }
        }
    }

    fn after(&self, seq: u64, limit: usize) -> impl Iterator<Item = Arc<Event>> {
        let start = self.kept.partition_point(|(_, event)| event.seq <= seq);
        self.kept.iter().skip(start).take(limit).map(|(_, event)| event.clone())
    }

    fn expire(&mut self, time: Timestamp) -> u64 {
        let expired = self.kept.partition_point(|(appended, _)| *appended < time);
        self.kept.drain(..expired).map(|_| 1).sum()
    }
}

#[async_trait]
impl EventLog for MemoryEventLog {
    async fn append(&self, run: RunId, events: &[Arc<Event>]) -> Result<(), StoreError> {
        let log = self.run(run);
        lock(&log.events).append(events, Timestamp::now());
        log.changed.notify_waiters();
        Ok(())
    }

    async fn read(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let log = lock(&self.0).get(&run).cloned();
        Ok(log.map(|log| lock(&log.events).after(after, limit).collect()).unwrap_or_default())
    }

    async fn follow(&self, run: RunId, after: u64) -> Result<EventLogStream, StoreError> {
        let follower = Follower { log: self.run(run), position: after, batch: VecDeque::new() };
        let events = stream::unfold(follower, |mut follower| async {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        });
        Ok(Box::pin(events))
    }

    async fn expire(&self, time: Timestamp) -> Result<u64, StoreError> {
        let mut expired = 0;
        lock(&self.0).retain(|_, log| {
            let mut events = lock(&log.events);
            expired += events.expire(time);
            // A follower may be waiting for the next event of a run that goes on.
            let is_used = Arc::strong_count(log) > 1 && !events.finished;
            is_used || !events.kept.is_empty()
        });
        Ok(expired)
    }
}

struct Follower {
    log: Arc<RunLog>,
    position: u64,
    batch: VecDeque<Arc<Event>>,
}

impl Follower {
    async fn next(&mut self) -> Option<Arc<Event>> {
        loop {
            if let Some(event) = self.batch.pop_front() {
                self.position = event.seq;
                return Some(event);
            }
            // Registered before the log is looked at, so that nothing is missed in between.
            let changed = self.log.changed.notified();
            {
                let events = lock(&self.log.events);
                self.batch.extend(events.after(self.position, BATCH));
                if self.batch.is_empty() && events.finished {
                    return None;
                }
            }
            if self.batch.is_empty() {
                changed.await;
            }
        }
    }
}
