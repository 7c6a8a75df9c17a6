//! The stores that a server needs.

use std::sync::Arc;

use scorpio_core::store::{
    AccountStore, BlobStore, EventLog, MemoryAccounts, MemoryBlobStore, MemoryEventLog, MemoryStore,
    RateLimiter, Store,
};

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
    /// Files. Unless something else is set, they are in memory.
    pub blobs: Arc<dyn BlobStore>,
    /// Counts how often things are done, for all servers that share it. Unset, each server counts for itself, and it does when this one
    /// does not answer.
    pub limiter: Option<Arc<dyn RateLimiter>>,
    pub(crate) sole_user: bool,
}

impl Stores {
    /// Three stores.
    pub fn new(store: Arc<dyn Store>, log: Arc<dyn EventLog>, accounts: Arc<dyn AccountStore>) -> Self {
        Self {
            store,
            log,
            accounts,
            blobs: Arc::new(MemoryBlobStore::new()),
            limiter: None,
            sole_user: false,
        }
    }

    /// Keeps chats and runs elsewhere, where other processes may be using them.
    #[must_use]
    pub fn with_store(self, store: Arc<dyn Store>) -> Self {
        Self { store, sole_user: false, ..self }
    }

    /// Keeps the events of runs elsewhere.
    #[must_use]
    pub fn with_log(self, log: Arc<dyn EventLog>) -> Self {
        Self { log, ..self }
    }

    /// Keeps files elsewhere.
    #[must_use]
    pub fn with_blobs(self, blobs: Arc<dyn BlobStore>) -> Self {
        Self { blobs, ..self }
    }

    /// Counts how often things are done together with other servers.
    #[must_use]
    pub fn with_limiter(self, limiter: Arc<dyn RateLimiter>) -> Self {
        Self { limiter: Some(limiter), ..self }
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
