//! Somebody who follows a run: from the table as far as events are not in memory any more, then from memory as they come.
//!
//! A run may end without an event that says so, when its process dies. So whoever waits asks now and then whether somebody still
//! writes the run, and stops waiting when nobody does.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use scorpio_core::{Event, RunId, store::StoreError};
use tokio::time::Instant;

use super::{
    Events,
    live::{LiveLog, Look},
    table::{EventTable, Writing},
};

/// How many events are taken at a time.
const BATCH: usize = 64;

/// How often to ask whether a run that this process writes is still written, and how long nobody must have been writing one before it is
/// given up: a run is finished in the store a moment before its last event is logged.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) struct Follower<T> {
    events: Arc<Events<T>>,
    run: RunId,
    position: u64,
    batch: VecDeque<Arc<Event>>,
    log: Option<Arc<LiveLog>>,
    ended: bool,
    /// Since when nobody has been writing the run, each time it was asked.
    abandoned_since: Option<Instant>,
}

impl<T: EventTable> Follower<T> {
    pub(super) fn new(events: Arc<Events<T>>, run: RunId, after: u64) -> Self {
        Self {
            events,
            run,
            position: after,
            batch: VecDeque::new(),
            log: None,
            ended: false,
            abandoned_since: None,
        }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Arc<Event>>, StoreError> {
        loop {
            if let Some(event) = self.batch.pop_front() {
                self.position = event.seq;
                self.ended = event.is_last();
                self.abandoned_since = None;
                return Ok(Some(event));
            }
            if self.ended {
                return Ok(None);
            }
            if self.log.is_none() {
                self.log = self.events.find(self.run);
            }
            self.ended = match self.log.clone() {
                Some(log) => self.wait_in_memory(&log).await?,
                None => self.wait_at_table().await?,
            };
        }
    }

    /// Gets more, or waits for more. Answers whether there will be no more.
    async fn wait_in_memory(&mut self, log: &LiveLog) -> Result<bool, StoreError> {
        // Registered before the log is looked at, so that nothing is missed in between.
        let changed = log.changed.notified();
        match log.look(self.position, BATCH) {
            Look::Events(events) => self.batch.extend(events),
            Look::Over => return Ok(true),
            Look::InTable(start) => {
                self.take_from_table().await?;
                self.batch.retain(|event| event.seq <= start);
                if self.batch.is_empty() {
                    // They have been forgotten.
                    self.position = start;
                }
            }
            Look::NothingYet => {
                if tokio::time::timeout(PATIENCE, changed).await.is_ok() {
                    return Ok(false);
                }
                // Another process may have taken the run over.
                self.take_from_table().await?;
                if self.batch.is_empty() {
                    // A run that is not in this store may be in another one; this process logs it, so it goes on.
                    return self.is_abandoned(|writing| writing == Writing::No).await;
                }
            }
        }
        Ok(false)
    }

    async fn wait_at_table(&mut self) -> Result<bool, StoreError> {
        let events = self.events.clone();
        let joined = events.joined.notified();
        let others = events.table.others(self.run);
        self.take_from_table().await?;
        if !self.batch.is_empty() {
            return Ok(false);
        }
        if self.is_complete().await? {
            return Ok(true);
        }
        if self.is_abandoned(|writing| writing != Writing::Yes).await? {
            return Ok(true);
        }
        // Whichever comes first, the table is looked at again.
        tokio::select! {
            () = joined => {}
            () = others => {}
            () = tokio::time::sleep(PATIENCE), if self.abandoned_since.is_some() => {}
        }
        Ok(false)
    }

    async fn take_from_table(&mut self) -> Result<(), StoreError> {
        self.batch.extend(self.events.table.read(self.run, self.position, BATCH).await?);
        Ok(())
    }

    /// Whether the table has the end of the run and nothing after the position.
    async fn is_complete(&self) -> Result<bool, StoreError> {
        let end = self.events.table.end(self.run).await?;
        Ok(end.is_some_and(|(last, is_end)| is_end && last <= self.position))
    }

    /// Whether nobody has been writing the run for a while.
    async fn is_abandoned(&mut self, by: impl Fn(Writing) -> bool) -> Result<bool, StoreError> {
        if by(self.events.table.writing(self.run).await?) {
            let since = *self.abandoned_since.get_or_insert_with(Instant::now);
            return Ok(since.elapsed() >= PATIENCE);
        }
        self.abandoned_since = None;
        Ok(false)
    }
}
