//! SQLite, in a file.

use std::path::PathBuf;

use scorpio_store::SqliteStore;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tempfile::TempDir;

use crate::rig::Database;

pub(crate) struct Sqlite {
    store: SqliteStore,
    path: PathBuf,
    _directory: TempDir,
}

async fn sqlite() -> Option<Sqlite> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.db");
    let store = SqliteStore::open(&path).await.unwrap();
    Some(Sqlite { store, path, _directory: directory })
}

impl Sqlite {
    async fn connect(&self) -> SqliteConnection {
        SqliteConnection::connect(&format!("sqlite://{}", self.path.display())).await.unwrap()
    }
}

impl Database for Sqlite {
    type Store = SqliteStore;

    fn store(&self) -> SqliteStore {
        self.store.clone()
    }

    async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut self.connect().await).await.unwrap();
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query_scalar(sql).fetch_all(&mut self.connect().await).await.unwrap()
    }

    fn insert(&self) -> String {
        "insert into orders (item, amount, key) values (?, ?, ?);".to_owned()
    }
}

crate::durable_runs!(sqlite);
