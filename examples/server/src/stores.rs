//! The three stores that a server needs.

use std::sync::Arc;

use scorpio_core::store::{AccountStore, EventLog, MemoryAccounts, MemoryEventLog, MemoryStore, Store};

/// Where a server keeps chats, the events of answers, and accounts. One backend may be all three.
///
/// ```
/// let stores = scorpio_server::Stores::memory();
/// # let _ = stores;
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Stores {
    /// Chats and runs.
    pub store: Arc<dyn Store>,
    /// The events of runs, for those who resume a stream.
    pub log: Arc<dyn EventLog>,
    /// Users, sign-ins and quotas.
    pub accounts: Arc<dyn AccountStore>,
    pub(crate) sole_user: bool,
}

impl Stores {
    /// Three stores.
    pub fn new(store: Arc<dyn Store>, log: Arc<dyn EventLog>, accounts: Arc<dyn AccountStore>) -> Self {
        Self { store, log, accounts, sole_user: false }
    }

    /// One backend that is all three.
    pub fn of<T: Store + EventLog + AccountStore>(backend: Arc<T>) -> Self {
        Self::new(backend.clone(), backend.clone(), backend)
    }

    /// Says that no other process can be using them, as with a file that this process has locked: answers that another one was writing
    /// are then gone on with at once, and not when its lease has run out.
    #[must_use]
    pub fn sole_user(mut self) -> Self {
        self.sole_user = true;
        self
    }

    /// Stores that forget everything when the process ends.
    pub fn memory() -> Self {
        let (store, log) = (Arc::new(MemoryStore::new()), Arc::new(MemoryEventLog::new()));
        Self::new(store, log, Arc::new(MemoryAccounts::new()))
    }
}

impl Default for Stores {
    fn default() -> Self {
        Self::memory()
    }
}
