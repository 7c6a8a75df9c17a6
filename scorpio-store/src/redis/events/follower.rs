//! Somebody who follows a run: from the log until it has caught up, then from the live end; back in the log when it is too slow for that.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use scorpio_core::{
    Event, RunId,
    store::{StoreError, StoreErrorKind},
};
use tokio::{sync::broadcast::error::RecvError, time::Instant};

use super::tail::Receiver;
use crate::redis::RedisStore;

/// How many events are taken out of the log at a time.
const BATCH: usize = 256;

/// How often to look whether a quiet run is still there.
const GLANCE: Duration = Duration::from_secs(2);

pub(super) struct Follower {
    store: RedisStore,
    run: RunId,
    position: u64,
    /// Events were delivered, so what comes next must follow on them.
    has_begun: bool,
    ended: bool,
    batch: VecDeque<Arc<Event>>,
    live: Option<Receiver>,
    last_event_at: Instant,
    /// Since when the server does not answer, or the run is not there.
    trouble_since: Option<Instant>,
}

impl Follower {
    pub(super) fn new(store: RedisStore, run: RunId, after: u64) -> Self {
        Self {
            store,
            run,
            position: after,
            has_begun: false,
            ended: false,
            batch: VecDeque::new(),
            live: None,
            last_event_at: Instant::now(),
            trouble_since: None,
        }
    }

    pub(super) async fn next(&mut self) -> Result<Option<Arc<Event>>, StoreError> {
        loop {
            if let Some(event) = self.batch.pop_front() {
                return self.deliver(event).map(Some);
            }
            if self.ended {
                return Ok(None);
            }
            match self.live.take() {
                Some(live) => self.wait(live).await?,
                None => self.catch_up().await?,
            }
        }
    }

    fn deliver(&mut self, event: Arc<Event>) -> Result<Arc<Event>, StoreError> {
        // Before its first event a follower cannot know what was forgotten on purpose.
        if self.has_begun && event.seq > self.position.saturating_add(1) {
            let message =
                format!("events of run {} between {} and {} are lost", self.run, self.position, event.seq);
            return Err(StoreError::new(StoreErrorKind::Lagged, message));
        }
        self.position = event.seq;
        self.has_begun = true;
        self.ended = event.is_last();
        self.last_event_at = Instant::now();
        self.trouble_since = None;
        Ok(event)
    }

    /// Takes events out of the log; when there are none, goes over to the live end.
    async fn catch_up(&mut self) -> Result<(), StoreError> {
        let tail = self.store.0.tail.clone();
        // Before the log is looked at, so that nothing is missed in between.
        let live = tail.join(self.run);
        match self.store.read_page(self.run, self.position, BATCH).await {
            Ok(events) if events.is_empty() => {}
            Ok(events) => {
                self.batch.extend(events);
                return Ok(());
            }
            Err(error) => return self.bear(error).await,
        }
        match self.store.last_event(self.run).await {
            Ok((Some(last), _)) if last.is_last() && last.seq <= self.position => self.ended = true,
            Ok((Some(last), _)) if last.seq > self.position => {}
            Ok((_, is_there)) => {
                self.look_at(is_there)?;
                tail.start(self.run, self.position);
                self.live = Some(live);
            }
            Err(error) => return self.bear(error).await,
        }
        Ok(())
    }

    /// Waits at the live end. Stays there, by putting `live` back, as long as nothing is missing.
    async fn wait(&mut self, mut live: Receiver) -> Result<(), StoreError> {
        match tokio::time::timeout(self.glance(), live.recv()).await {
            Ok(Ok(event)) => {
                if event.seq <= self.position {
                    self.live = Some(live);
                } else if event.seq == self.position.saturating_add(1) {
                    self.batch.push_back(event);
                    self.live = Some(live);
                }
                Ok(())
            }
            Ok(Err(RecvError::Lagged(_) | RecvError::Closed)) => Ok(()),
            Err(_) => self.glance_at_log(live).await,
        }
    }

    async fn glance_at_log(&mut self, live: Receiver) -> Result<(), StoreError> {
        match self.store.last_event(self.run).await {
            // The live end is late, or was late for this one.
            Ok((Some(last), _)) if last.seq > self.position || last.is_last() => return Ok(()),
            Ok((_, is_there)) => self.look_at(is_there)?,
            Err(error) => {
                self.live = Some(live);
                return self.bear(error).await;
            }
        }
        self.live = Some(live);
        Ok(())
    }

    /// A run that is not there may be about to begin, or to go on after everything was flushed. One that is silent may be at work.
    fn look_at(&mut self, is_there: bool) -> Result<(), StoreError> {
        if is_there {
            self.trouble_since = None;
            if self.last_event_at.elapsed() < self.store.0.options.silence {
                return Ok(());
            }
            let message =
                format!("run {} has had no event for too long; nobody may write it any more", self.run);
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        if self.is_out_of_patience() {
            let message = format!("the events of run {} are not there, or not any more", self.run);
            return Err(StoreError::new(StoreErrorKind::NotFound, message));
        }
        Ok(())
    }

    /// Waits a moment after an outage, or gives up. Other errors are final.
    async fn bear(&mut self, error: StoreError) -> Result<(), StoreError> {
        if !error.is_outage() || self.is_out_of_patience() {
            return Err(error);
        }
        tokio::time::sleep(self.glance() / 4).await;
        Ok(())
    }

    fn is_out_of_patience(&mut self) -> bool {
        let since = *self.trouble_since.get_or_insert_with(Instant::now);
        since.elapsed() >= self.store.0.options.patience
    }

    fn glance(&self) -> Duration {
        let options = &self.store.0.options;
        GLANCE.min(options.patience / 4).min(options.silence).max(Duration::from_millis(10))
    }
}
