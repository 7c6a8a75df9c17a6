//! SQLite passes the suite that every store passes, in a file and in memory.
#![cfg(all(feature = "conformance", feature = "sqlite"))]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use scorpio_core::store::{AccountStore, EventLog, Store, VectorStore};
use scorpio_store::SqliteStore;
use tempfile::TempDir;

async fn file() -> (SqliteStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("test.db")).await.unwrap();
    (store, directory)
}

async fn memory() -> SqliteStore {
    SqliteStore::in_memory().await.unwrap()
}

async fn store_in_a_file() -> (Arc<dyn Store>, TempDir) {
    let (store, directory) = file().await;
    (Arc::new(store), directory)
}

async fn store_in_memory() -> Arc<dyn Store> {
    Arc::new(memory().await)
}

async fn event_log_in_a_file() -> (Arc<dyn EventLog>, TempDir) {
    let (store, directory) = file().await;
    (Arc::new(store), directory)
}

async fn event_log_in_memory() -> Arc<dyn EventLog> {
    Arc::new(memory().await)
}

async fn accounts_in_a_file() -> (Arc<dyn AccountStore>, TempDir) {
    let (store, directory) = file().await;
    (Arc::new(store), directory)
}

async fn accounts_in_memory() -> Arc<dyn AccountStore> {
    Arc::new(memory().await)
}

async fn vectors_in_a_file() -> (Arc<dyn VectorStore>, TempDir) {
    let (store, directory) = file().await;
    (Arc::new(store), directory)
}

async fn vectors_in_memory() -> Arc<dyn VectorStore> {
    Arc::new(memory().await)
}

mod file_store {
    use super::*;
    scorpio_store::store_conformance!(store_in_a_file);
}

mod memory_store {
    use super::*;
    scorpio_store::store_conformance!(store_in_memory);
}

mod file_event_log {
    use super::*;
    scorpio_store::event_log_conformance!(event_log_in_a_file);
}

mod memory_event_log {
    use super::*;
    scorpio_store::event_log_conformance!(event_log_in_memory);
}

mod file_accounts {
    use super::*;
    scorpio_store::account_store_conformance!(accounts_in_a_file);
}

mod memory_accounts {
    use super::*;
    scorpio_store::account_store_conformance!(accounts_in_memory);
}

mod file_vectors {
    use super::*;
    scorpio_store::vector_store_conformance!(vectors_in_a_file);
}

mod memory_vectors {
    use super::*;
    scorpio_store::vector_store_conformance!(vectors_in_memory);
}
