//! Writing events: a task takes what has queued up, of all runs, and writes it in one statement.

use std::sync::Arc;

use scorpio_core::{
    RunId,
    store::{StoreError, StoreErrorKind},
};
use tokio::sync::{mpsc, oneshot};

use super::Rows;
use crate::{
    events::Batch,
    postgres::{
        database::Database,
        error::store_error,
        notifications::{Notifications, Topic},
    },
};

/// How many runs are written together at most.
const RUNS: usize = 64;

type Outcome = Result<(), StoreError>;

struct Job {
    run: RunId,
    batches: Vec<Batch>,
    answer: oneshot::Sender<Outcome>,
}

/// The way to the writing task, which ends when all of these are gone.
#[derive(Debug, Clone)]
pub(in crate::postgres) struct EventWriter(mpsc::Sender<Job>);

impl EventWriter {
    pub(in crate::postgres) fn start(database: Database, notifications: &Arc<Notifications>) -> Self {
        let (jobs, queue) = mpsc::channel(RUNS);
        tokio::spawn(write_together(database, notifications.announcement(Topic::Events), queue));
        Self(jobs)
    }

    /// Answers once the batches are durable. A run has one call at a time.
    pub(super) async fn write(&self, run: RunId, batches: Vec<Batch>) -> Outcome {
        let closed = || StoreError::new(StoreErrorKind::Unavailable, "the store is closed");
        let (answer, outcome) = oneshot::channel();
        self.0.send(Job { run, batches, answer }).await.map_err(|_| closed())?;
        outcome.await.map_err(|_| closed())?
    }
}

async fn write_together(database: Database, announcement: String, mut queue: mpsc::Receiver<Job>) {
    let mut jobs = Vec::new();
    while queue.recv_many(&mut jobs, RUNS).await > 0 {
        // Who has gone away may have come again: a run must not be in a statement twice.
        jobs.retain(|job| !job.answer.is_closed());
        let mut rows = Rows::default();
        for job in &jobs {
            job.batches.iter().for_each(|batch| rows.push(job.run, batch));
        }
        let written = database.run(rows.insert(&announcement)).await.map_err(Arc::new);
        for job in jobs.drain(..) {
            let outcome = written.as_ref().map(drop).map_err(|error: &Arc<_>| store_error(error.clone()));
            let _ = job.answer.send(outcome);
        }
    }
}
