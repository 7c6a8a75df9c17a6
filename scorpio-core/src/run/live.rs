//! Which runs this process is driving. A live run that the store says is ours and that is not in here was dropped, so it can
//! be settled at once instead of when its lease runs out.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use crate::RunId;

static HOLDER: LazyLock<String> = LazyLock::new(|| format!("process-{}", Uuid::now_v7()));
static LIVE: LazyLock<Mutex<HashSet<RunId>>> = LazyLock::new(Mutex::default);

/// The name under which this process holds leases.
pub(super) fn holder() -> &'static str {
    &HOLDER
}

/// Whether this process drives `run`.
pub(super) fn is_live(run: RunId) -> bool {
    lock().contains(&run)
}

/// Keeps a run marked as driven for as long as it exists.
#[derive(Debug)]
pub(super) struct Alive(RunId);

impl Alive {
    pub(super) fn new(run: RunId) -> Self {
        lock().insert(run);
        Self(run)
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        lock().remove(&self.0);
    }
}

fn lock() -> MutexGuard<'static, HashSet<RunId>> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}
