//! PostgreSQL passes the suite that every store passes.

use std::sync::Arc;

use scorpio_core::store::{AccountStore, EventLog, Store};
use scorpio_store::conformance::Subject;

use crate::harness::Schema;

async fn sessions() -> Subject<dyn Store> {
    let Some(schema) = Schema::new() else { return Subject::absent() };
    let store: Arc<dyn Store> = Arc::new(schema.open().await);
    Subject::from((store, schema))
}

async fn log() -> Subject<dyn EventLog> {
    let Some(schema) = Schema::new() else { return Subject::absent() };
    let store: Arc<dyn EventLog> = Arc::new(schema.open().await);
    Subject::from((store, schema))
}

async fn users() -> Subject<dyn AccountStore> {
    let Some(schema) = Schema::new() else { return Subject::absent() };
    let store: Arc<dyn AccountStore> = Arc::new(schema.open().await);
    Subject::from((store, schema))
}

mod store {
    use super::*;
    scorpio_store::store_conformance!(sessions);
}

mod event_log {
    use super::*;
    scorpio_store::event_log_conformance!(log);
}

mod accounts {
    use super::*;
    scorpio_store::account_store_conformance!(users);
}
