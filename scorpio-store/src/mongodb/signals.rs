//! Signals, and waiting for them: at once for those of this process, and by looking now and then for those of others.

use std::time::Duration;

use mongodb::bson::doc;
use scorpio_core::{
    OwnerId, RunId,
    store::{Signal, StoreError, StoreErrorKind, StoredSignal},
};

use super::{
    MongoStore,
    document::{SignalText, now, unsigned},
    error::store_error,
    runs::{live_statuses, run_without_texts},
    step::Attempts,
};
use crate::record::{json, no_run};

/// How often to look for signals that another process has sent.
const POLL: Duration = Duration::from_millis(500);

impl MongoStore {
    pub(super) async fn push_signal(
        &self,
        owner: &OwnerId,
        run: RunId,
        signal: &Signal,
    ) -> Result<u64, StoreError> {
        let text = json("a signal", &SignalText { at: now().as_microsecond(), signal: signal.clone() })?;
        let mut attempts = Attempts::default();
        loop {
            let found = self.find_run_of(owner, run).await?.filter(|found| found.run.is_live());
            let found = found.ok_or_else(|| no_run(run))?;
            if let Some(subject) = signal.subject() {
                let known = found.run.signals_after(0)?;
                if known.iter().any(|known| known.signal.subject() == Some(subject)) {
                    let message = format!("run {run} was told about this before");
                    return Err(StoreError::new(StoreErrorKind::AlreadyExists, message));
                }
            }
            // Signals build on each other alone, so neither they nor the steps of the run get in each other's way.
            let filter = doc! {
                "_id": found.session.key,
                "run.id": run.to_string(),
                "run.status": { "$in": live_statuses() },
                "run.signal_count": found.run.signal_count,
            };
            let update = doc! { "$push": { "run.signals": &text }, "$inc": { "run.signal_count": 1_i64 } };
            let database = self.database();
            let updated =
                database.run(database.sessions.update_one(filter, update)).await.map_err(store_error)?;
            if updated.matched_count > 0 {
                self.signalled().notify_waiters();
                return Ok(unsigned(found.run.signal_count.saturating_add(1)));
            }
            attempts.pause().await?;
        }
    }

    pub(super) async fn find_signals(&self, run: RunId, after: u64) -> Result<Vec<StoredSignal>, StoreError> {
        match self.find_run(run).await? {
            Some(found) => found.run.signals_after(after),
            None => Ok(Vec::new()),
        }
    }

    /// Looks at a run that is still going without what may be large: this is asked all the time.
    async fn has_signals(&self, run: RunId, after: u64) -> Result<bool, StoreError> {
        let database = self.database();
        let query =
            database.sessions.find_one(doc! { "run.id": run.to_string() }).projection(run_without_texts());
        let session = database.run(query).await.map_err(store_error)?;
        match session.and_then(|session| session.run) {
            Some(run) => Ok(unsigned(run.signal_count) > after),
            None => Ok(!self.find_signals(run, after).await?.is_empty()),
        }
    }

    pub(super) async fn await_signal(&self, run: RunId, after: u64) -> Result<(), StoreError> {
        loop {
            // Registered before the run is looked at, so that nothing is missed in between.
            let mut signalled = std::pin::pin!(self.signalled().notified());
            signalled.as_mut().enable();
            if self.has_signals(run, after).await? {
                return Ok(());
            }
            // Either way the run is looked at again.
            let _ = tokio::time::timeout(POLL, signalled).await;
        }
    }
}
