//! The answers that this process is writing. They belong to nobody's connection.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::StreamExt;
use scorpio_core::{ErrorKind, RunHandle, RunId, RunStream, Surface};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::problem::{Problem, Result};

/// How long an answer that was stopped may take to be stored.
const SETTLING: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct LiveRuns {
    runs: Arc<Mutex<HashMap<RunId, LiveRun>>>,
    tasks: TaskTracker,
    shutting_down: AtomicBool,
    /// Cancelled when what is still going has to end.
    over: CancellationToken,
}

#[derive(Debug, Clone)]
struct LiveRun {
    handle: RunHandle,
    /// Cancelled when the run is over.
    over: CancellationToken,
}

impl LiveRuns {
    pub(crate) fn new() -> Self {
        let (tasks, over) = (TaskTracker::new(), CancellationToken::new());
        Self { runs: Arc::default(), tasks, shutting_down: AtomicBool::new(false), over }
    }

    /// Drives a run to its end in a task of its own.
    pub(crate) fn drive(&self, mut stream: RunStream) -> RunId {
        let (handle, over) = (stream.handle(), CancellationToken::new());
        let run = handle.run_id();
        lock(&self.runs).insert(run, LiveRun { handle, over });
        let registered = Registered { run, runs: Arc::clone(&self.runs) };
        self.tasks.spawn(async move {
            let _registered = registered;
            while stream.next().await.is_some() {}
        });
        run
    }

    /// Refuses once the server is shutting down: an answer that begins now would be stopped at once.
    pub(super) fn expect_open(&self) -> Result<()> {
        if !self.is_shutting_down() {
            return Ok(());
        }
        let detail = "The server is restarting. Please try again in a moment.";
        Err(Problem::new(ErrorKind::Offline, Surface::Chat, detail).with_retry_after(Duration::from_secs(5)))
    }

    /// Does something beside a run, which a shutdown waits for as it waits for runs.
    pub(super) fn beside(&self, work: impl Future<Output = ()> + Send + 'static) {
        let over = self.over.clone();
        self.tasks.spawn(async move { over.run_until_cancelled(work).await });
    }

    /// Whether this process is writing the run.
    pub(super) fn has(&self, run: RunId) -> bool {
        lock(&self.runs).contains_key(&run)
    }

    /// Stops a run and waits until what there is of it is stored. False when this process is not writing it.
    pub(super) async fn stop(&self, run: RunId) -> bool {
        let Some(live) = lock(&self.runs).get(&run).cloned() else { return false };
        live.handle.cancel();
        if tokio::time::timeout(SETTLING, live.over.cancelled()).await.is_err() {
            tracing::warn!(%run, "a stopped answer takes long to end");
        }
        true
    }

    pub(crate) fn is_shutting_down(&self) -> bool {
        self.shutting_down.load(Ordering::Relaxed)
    }

    /// Gives the runs `grace` to end, then stops them.
    pub(crate) async fn shut_down(&self, grace: Duration) {
        self.shutting_down.store(true, Ordering::Relaxed);
        self.tasks.close();
        if tokio::time::timeout(grace, self.tasks.wait()).await.is_ok() {
            return;
        }
        self.over.cancel();
        for live in lock(&self.runs).values() {
            live.handle.cancel();
        }
        if tokio::time::timeout(SETTLING, self.tasks.wait()).await.is_err() {
            tracing::error!("some answers did not end; what there is of them is stored at the next start");
        }
    }
}

/// Takes a run out of the list when it is over, also when its task panics.
struct Registered {
    run: RunId,
    runs: Arc<Mutex<HashMap<RunId, LiveRun>>>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        if let Some(live) = lock(&self.runs).remove(&self.run) {
            live.over.cancel();
        }
    }
}

fn lock(runs: &Mutex<HashMap<RunId, LiveRun>>) -> MutexGuard<'_, HashMap<RunId, LiveRun>> {
    runs.lock().unwrap_or_else(PoisonError::into_inner)
}
