//! An object store that the program brings along.

use std::sync::Arc;

use object_store::memory::InMemory;
use scorpio_core::store::BlobStore;
use scorpio_store::ObjectBlobStore;

async fn brought_along() -> Arc<dyn BlobStore> {
    Arc::new(ObjectBlobStore::new(Arc::new(InMemory::new())))
}

scorpio_store::blob_store_conformance!(brought_along);
