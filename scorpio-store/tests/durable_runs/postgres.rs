//! PostgreSQL, in a schema.

use scorpio_store::PostgresStore;
use sqlx::AssertSqlSafe;

use self::harness::Schema;
use crate::rig::Database;

#[allow(dead_code, reason = "the tests of PostgreSQL use all of it")]
#[path = "../postgres/harness.rs"]
mod harness;

pub(crate) struct Postgres {
    store: PostgresStore,
    schema: Schema,
}

async fn postgres() -> Option<Postgres> {
    let schema = Schema::new()?;
    Some(Postgres { store: schema.open().await, schema })
}

impl Database for Postgres {
    type Store = PostgresStore;

    fn store(&self) -> PostgresStore {
        self.store.clone()
    }

    async fn execute(&self, sql: &str) {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::raw_sql(sql).execute(&mut self.schema.connect().await).await.unwrap();
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        let sql = AssertSqlSafe(sql.to_owned());
        sqlx::query_scalar(sql).fetch_all(&mut self.schema.connect().await).await.unwrap()
    }

    fn insert(&self) -> String {
        format!("insert into {}.orders (item, amount, key) values ($1, $2, $3)", self.schema.name)
    }
}

crate::durable_runs!(postgres);
