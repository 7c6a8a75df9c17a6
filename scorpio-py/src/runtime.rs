//! The one Tokio runtime of the process: made at first use, ended before the interpreter is.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pyo3::{exceptions::PyRuntimeError, prelude::*};
use scorpio_core::{RunHandle, RunId};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::courier;

/// More threads than this only wait for each other: every run ends up at Python's global lock.
const MOST_THREADS: usize = 8;

/// How long the end of the process waits for runs to leave their sessions in order.
const GRACE: Duration = Duration::from_secs(2);

static STATE: Mutex<State> = Mutex::new(State::Unused);
static LIVE: Mutex<Option<HashMap<RunId, RunHandle>>> = Mutex::new(None);
static NONE_LIVE: Condvar = Condvar::new();

enum State {
    Unused,
    Running { runtime: Runtime, process: u32 },
    Over,
}

/// The runtime.
///
/// # Errors
///
/// When the process was forked after the runtime was made (threads do not survive a fork), or the interpreter is ending.
pub(crate) fn handle() -> PyResult<Handle> {
    let mut state = lock(&STATE);
    match &*state {
        State::Running { runtime, process } if *process == std::process::id() => Ok(runtime.handle().clone()),
        State::Running { .. } => Err(PyRuntimeError::new_err(
            "scorpio was used before this process was forked, and its threads did not survive that: \
             use the `spawn` start method, or make agents and stores after the fork",
        )),
        State::Over => Err(PyRuntimeError::new_err("the interpreter is shutting down")),
        State::Unused => {
            let threads = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, MOST_THREADS);
            let runtime = Builder::new_multi_thread()
                .worker_threads(threads)
                .thread_name("scorpio")
                .enable_all()
                .build()?;
            let handle = runtime.handle().clone();
            *state = State::Running { runtime, process: std::process::id() };
            Ok(handle)
        }
    }
}

/// Runs `future` to its end, whoever goes on waiting for it. `run` is cancelled when the interpreter ends.
pub(crate) fn spawn_run(run: RunHandle, future: impl Future<Output = ()> + Send + 'static) -> PyResult<()> {
    let runtime = handle()?;
    let live = Live(run.run_id());
    lock(&LIVE).get_or_insert_default().insert(run.run_id(), run);
    runtime.spawn(async move {
        let _live = live;
        future.await;
    });
    Ok(())
}

struct Live(RunId);

impl Drop for Live {
    fn drop(&mut self) {
        let mut live = lock(&LIVE);
        if let Some(runs) = live.as_mut() {
            runs.remove(&self.0);
            if runs.is_empty() {
                NONE_LIVE.notify_all();
            }
        }
    }
}

/// Cancels the runs that are going, waits a moment for them to end, and ends the runtime. Called once, when the interpreter exits.
#[pyfunction]
#[pyo3(name = "_shutdown")]
pub(crate) fn shutdown(py: Python<'_>) {
    py.detach(|| {
        let state = std::mem::replace(&mut *lock(&STATE), State::Over);
        let State::Running { runtime, process } = state else { return };
        if process != std::process::id() {
            // The threads are the parent's; waiting for them would never end.
            std::mem::forget(runtime);
            return;
        }
        let live = lock(&LIVE);
        for run in live.iter().flat_map(HashMap::values) {
            run.cancel();
        }
        let busy = |live: &mut Option<HashMap<_, _>>| live.as_ref().is_some_and(|runs| !runs.is_empty());
        drop(NONE_LIVE.wait_timeout_while(live, GRACE, busy));
        runtime.shutdown_background();
        courier::stop();
    });
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
