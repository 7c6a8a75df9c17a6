//! What the log of events needs of a database.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::Timestamp;
use scorpio_core::{Event, RunId, store::StoreError};

/// Events with the times they were appended, whose numbers follow each other. They are written as one row.
pub(crate) type Batch = Vec<(Timestamp, Arc<Event>)>;

/// The table of events. A row is a batch: a JSON array of events.
#[async_trait]
pub(crate) trait EventTable: Clone + Send + Sync + 'static {
    /// Writes batches of a run, over those with the same beginning that are shorter. All are written, or none is.
    async fn write(&self, run: RunId, batches: Vec<Batch>) -> Result<(), StoreError>;

    /// The events of a run after `after`, at most `limit`.
    async fn read(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError>;

    /// The number of a run's last event, and whether that one ends it.
    async fn end(&self, run: RunId) -> Result<Option<(u64, bool)>, StoreError>;

    /// Deletes the batches whose last event was appended before `time`. Answers how many events they had.
    async fn delete_before(&self, time: Timestamp) -> Result<u64, StoreError>;

    /// Whether somebody writes a run, or may yet: one whose lease ran out no longer than [`TAKEOVER`] ago.
    async fn writing(&self, run: RunId) -> Result<Writing, StoreError>;

    /// What to wait for before another look at the events that other processes write of a run. Made before the look, it misses
    /// nothing that comes after.
    fn others(&self, run: RunId) -> BoxFuture<'static, ()>;
}

/// Whether somebody writes a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    Yes,
    No,
    /// The run is not in this store.
    Unknown,
}

/// How long a run whose lease has run out may wait for another process to take it up.
pub(crate) const TAKEOVER: Duration = Duration::from_secs(60);

/// Puts the events of batches that follow each other together, those after `after`. Batches may overlap where two processes have
/// written a run.
pub(crate) fn merge(
    found: &mut Vec<Arc<Event>>,
    after: u64,
    batches: impl IntoIterator<Item = Vec<Arc<Event>>>,
) {
    let mut last = found.last().map_or(after, |event| event.seq);
    for event in batches.into_iter().flatten() {
        if event.seq > last {
            last = event.seq;
            found.push(event);
        }
    }
}
