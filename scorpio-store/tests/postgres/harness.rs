//! A schema of its own for each test, in the database that `SCORPIO_TEST_POSTGRES_URL` names.
#![allow(clippy::print_stderr, reason = "a test that has nothing to test says so")]

use std::sync::atomic::{AtomicU32, Ordering};

use scorpio_store::{PostgresStore, postgres::PostgresOptions};
use scorpio_test_services::variable;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A schema of its own, which is gone with this.
pub(crate) struct Schema {
    pub(crate) url: String,
    pub(crate) name: String,
}

static NEXT: AtomicU32 = AtomicU32::new(0);

impl Schema {
    /// A name that nobody else uses. The first store makes the schema.
    pub(crate) fn new() -> Option<Self> {
        let url = variable("SCORPIO_TEST_POSTGRES_URL")?;
        let name = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Some(Self { url, name })
    }

    pub(crate) fn options(&self) -> PostgresOptions {
        PostgresOptions::new().with_schema(&self.name).with_connections(4)
    }

    pub(crate) async fn open(&self) -> PostgresStore {
        PostgresStore::connect_with(&self.url, self.options()).await.unwrap()
    }

    /// A connection whose current schema is this one.
    pub(crate) async fn connect(&self) -> PgConnection {
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let sql = format!("set search_path to {}", self.name);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        connection
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let sql = format!("drop schema if exists {} cascade", self.name);
        let url = self.url.clone();
        // A test's own runtime cannot be waited for from here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = PgConnection::connect(&url).await?;
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
                connection.close().await
            })
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("the schema {} is left behind: {error}", self.name);
        }
    }
}
