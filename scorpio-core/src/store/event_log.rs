//! What may be lost after a while: the events of runs, kept for those who come back to a stream.

use std::{fmt, pin::Pin, sync::Arc};

use async_trait::async_trait;
use futures::Stream;
use jiff::Timestamp;

use super::StoreError;
use crate::{Event, RunId};

/// The events of one run, from where the reader stopped, then live, until the run is over.
pub type EventLogStream = Pin<Box<dyn Stream<Item = Result<Arc<Event>, StoreError>> + Send>>;

/// The log of events, by run. Losing it costs the resuming of streams, never a message.
#[async_trait]
pub trait EventLog: fmt::Debug + Send + Sync + 'static {
    /// Appends events of one run, in order. Events that are there already (by `seq`) are left as they are.
    ///
    /// Those who follow see them at once, even where writing them to disk is put off: an implementation may collect events for a
    /// moment, but writes everything up to [`RunFinished`](crate::EventKind::RunFinished) or [`RunPaused`](crate::EventKind::RunPaused)
    /// before it returns from appending that one.
    async fn append(&self, run: RunId, events: &[Arc<Event>]) -> Result<(), StoreError>;

    /// The events of a run with a `seq` above `after`, at most `limit`.
    async fn read(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError>;

    /// The events of a run with a `seq` above `after`: those that are there, then each as it is appended. Ends after
    /// [`RunFinished`](crate::EventKind::RunFinished), and after an error when the reader is too slow to be served.
    async fn follow(&self, run: RunId, after: u64) -> Result<EventLogStream, StoreError>;

    /// Forgets events that were appended before `time`. Answers how many.
    async fn expire(&self, time: Timestamp) -> Result<u64, StoreError>;
}
