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

mod blobs {
    use std::sync::Arc;

    use scorpio_core::store::{BlobStore, MemoryBlobStore};

    async fn empty() -> Arc<dyn BlobStore> {
        Arc::new(MemoryBlobStore::new())
    }

    scorpio_store::blob_store_conformance!(empty);
}

mod cache {
    use std::sync::Arc;

    use scorpio_core::store::{Cache, MemoryCache};

    async fn empty() -> Arc<dyn Cache> {
        Arc::new(MemoryCache::new())
    }

    scorpio_store::cache_conformance!(empty);
}

mod pub_sub {
    use std::sync::Arc;

    use scorpio_core::store::{MemoryPubSub, PubSub};

    async fn quiet() -> Arc<dyn PubSub> {
        Arc::new(MemoryPubSub::new())
    }

    scorpio_store::pub_sub_conformance!(quiet);
}

mod rate_limiter {
    use std::sync::Arc;

    use scorpio_core::store::{MemoryRateLimiter, RateLimiter};

    async fn fresh() -> Arc<dyn RateLimiter> {
        Arc::new(MemoryRateLimiter::new())
    }

    scorpio_store::rate_limiter_conformance!(fresh);
}

mod vectors {
    use std::sync::Arc;

    use scorpio_core::store::{MemoryVectors, VectorStore};

    async fn empty() -> Arc<dyn VectorStore> {
        Arc::new(MemoryVectors::new())
    }

    scorpio_store::vector_store_conformance!(empty);
}
