//! The stores that runs are killed on, by their addresses.

use std::sync::Arc;

use scorpio_core::store::{EventLog, Store};
use scorpio_store::{PostgresStore, SqliteStore};
use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Row, SqlitePool};

/// A store that is open, and its database as tools and the judge see it.
pub struct Backend {
    pub store: Arc<dyn Store>,
    pub log: Arc<dyn EventLog>,
    database: Database,
}

enum Database {
    Sqlite(SqliteStore, SqlitePool),
    Postgres(PgPool),
}

/// The address of a schema of its own in a database of PostgreSQL.
pub fn in_schema(address: &str, schema: &str) -> String {
    format!("{address}?options={SEARCH}{schema}")
}

/// What comes before the name of a schema in an address.
const SEARCH: &str = "-csearch_path%3D";

/// Makes the schema that an address names, if it names one.
async fn make_schema(address: &str) {
    let Some((_, schema)) = address.split_once(SEARCH) else { return };
    let mut connection = PgConnection::connect(address).await.expect("the database answers");
    // Two processes that make it at once get in each other's way; then it is there.
    let sql = AssertSqlSafe(format!("create schema if not exists {schema}"));
    let _ = sqlx::raw_sql(sql).execute(&mut connection).await;
}

/// A table of the program's own, in the database of the store.
const ORDERS: &str = "create table if not exists crash_orders (key text not null, session text not null)";

impl Backend {
    /// Opens the store at `address`: `sqlite://path` or `postgres://…`.
    pub async fn open(address: &str) -> Self {
        if let Some(path) = address.strip_prefix("sqlite://") {
            return Self::sqlite(SqliteStore::open(path).await.expect("the database opens"), path).await;
        }
        make_schema(address).await;
        Self::postgres(PostgresStore::connect(address).await.expect("the database opens"), address).await
    }

    /// A store in the file at `path`.
    pub async fn sqlite(store: SqliteStore, path: &str) -> Self {
        let pool = SqlitePool::connect(&format!("sqlite://{path}")).await.expect("the database opens");
        sqlx::raw_sql(ORDERS).execute(&pool).await.expect("a table is made");
        let shared = Arc::new(store.clone());
        Self { store: shared.clone(), log: shared, database: Database::Sqlite(store, pool) }
    }

    /// A store in the database at `address`.
    pub async fn postgres(store: PostgresStore, address: &str) -> Self {
        let store = Arc::new(store);
        let pool = PgPool::connect(address).await.expect("the database opens");
        // Two processes that make a table at once get in each other's way.
        let _ = sqlx::raw_sql(ORDERS).execute(&pool).await;
        Self { store: store.clone(), log: store, database: Database::Postgres(pool) }
    }

    /// The statement that places an order, in the database's dialect.
    pub fn place_order(&self) -> &'static str {
        match self.database {
            Database::Sqlite(..) => "insert into crash_orders (key, session) values (?, ?)",
            Database::Postgres(_) => "insert into crash_orders (key, session) values ($1, $2)",
        }
    }

    /// How many orders have this key.
    pub async fn orders(&self, key: &str) -> i64 {
        // The key is a hash in hexadecimal.
        let sql = AssertSqlSafe(format!("select count(*) from crash_orders where key = '{key}'"));
        match &self.database {
            Database::Sqlite(_, pool) => sqlx::query(sql).fetch_one(pool).await.unwrap().get(0),
            Database::Postgres(pool) => sqlx::query(sql).fetch_one(pool).await.unwrap().get(0),
        }
    }

    /// With another log of events.
    #[must_use]
    pub fn with_log(self, log: Arc<dyn EventLog>) -> Self {
        Self { log, ..self }
    }

    pub async fn close(self) {
        match self.database {
            Database::Sqlite(store, pool) => {
                pool.close().await;
                let _ = store.close().await;
            }
            Database::Postgres(pool) => pool.close().await,
        }
    }
}
