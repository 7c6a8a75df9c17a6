//! The stores in memory pass the suite that every store passes.
#![cfg(feature = "conformance")]

mod store {
    use std::sync::Arc;

    use scorpio_core::store::{MemoryStore, Store};

    async fn empty() -> Arc<dyn Store> {
        Arc::new(MemoryStore::new())
    }

    scorpio_store::store_conformance!(empty);
}

mod event_log {
    use std::sync::Arc;

    use scorpio_core::store::{EventLog, MemoryEventLog};

    async fn empty() -> Arc<dyn EventLog> {
        Arc::new(MemoryEventLog::new())
    }

    scorpio_store::event_log_conformance!(empty);
}

mod accounts {
    use std::sync::Arc;

    use scorpio_core::store::{AccountStore, MemoryAccounts};

    async fn empty() -> Arc<dyn AccountStore> {
        Arc::new(MemoryAccounts::new())
    }

    scorpio_store::account_store_conformance!(empty);
}

mod vectors {
    use std::sync::Arc;

    use scorpio_core::store::{MemoryVectors, VectorStore};

    async fn empty() -> Arc<dyn VectorStore> {
        Arc::new(MemoryVectors::new())
    }

    scorpio_store::vector_store_conformance!(empty);
}
