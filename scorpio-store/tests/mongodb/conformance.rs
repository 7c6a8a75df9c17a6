//! MongoDB passes the suite that every store passes.

use std::sync::Arc;

use scorpio_core::store::Store;
use scorpio_store::conformance::Subject;

use crate::harness::Database;

async fn sessions() -> Subject<dyn Store> {
    let Some(database) = Database::new() else { return Subject::absent() };
    let store: Arc<dyn Store> = Arc::new(database.open().await);
    Subject::from((store, database))
}

mod store {
    use super::*;
    scorpio_store::store_conformance!(sessions);
}
