//! SQLite, in a file.

use std::sync::Arc;

use scorpio_core::store::Store;
use scorpio_store::SqliteStore;
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::kill::{Database, survives_kills};

struct Sqlite;

impl Database for Sqlite {
    async fn open(&self, place: &str) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(place).await.unwrap())
    }

    async fn check(&self, place: &str) {
        let options = SqliteConnectOptions::new().filename(place).create_if_missing(true);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        let integrity: String =
            sqlx::query_scalar("pragma integrity_check").fetch_one(&mut connection).await.unwrap();
        assert_eq!(integrity, "ok");
        let orphans = sqlx::query("pragma foreign_key_check").fetch_all(&mut connection).await.unwrap();
        assert!(orphans.is_empty(), "rows without what they belong to");
        connection.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill() {
    let name = "sqlite::what_was_acknowledged_survives_a_kill";
    let make = || {
        let directory = tempfile::tempdir().unwrap();
        Some((directory.path().join("test.db").to_str().unwrap().to_owned(), directory))
    };
    survives_kills(name, &Sqlite, make).await;
}
