//! Opening a database, with errors that say which one and why.

use std::{str::FromStr, sync::Arc, time::Duration};

use scorpio_core::store::{StoreError, StoreErrorKind};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{
    database::{Database, Losses},
    error::{SqlResult, explain_opening},
    migration::{Unmigrated, migrate},
    options::PostgresOptions,
    schema::Schema,
};

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 256;

/// How long opening may take in all: another process may be making the tables, and of large ones that takes a while.
const MIGRATING: Duration = Duration::from_secs(600);

/// How much longer than the database itself to wait for it to give a statement up.
const GRACE: Duration = Duration::from_secs(1);

/// The connections of a store, and the database that they lead to with all tables in place.
pub(super) async fn open(url: &str, options: &PostgresOptions) -> Result<Database, StoreError> {
    let connect = PgConnectOptions::from_str(url).map_err(|error| explain_opening("the database", error))?;
    let connect = connect.statement_cache_capacity(STATEMENTS).disable_statement_logging();
    let connect = match connect.get_application_name() {
        Some(_) => connect,
        None => connect.application_name("scorpio"),
    };
    let place = place(&connect);
    let settings: Arc<str> = settings(options).into();
    // A pool would try again and again, and not say in the end why it failed.
    let prepared = async {
        let connected = tokio::time::timeout(options.acquire_timeout, connect.connect()).await;
        let mut connection = connected.map_err(|_| sqlx::Error::PoolTimedOut)??;
        connection.execute(AssertSqlSafe(settings.clone())).await?;
        let schema = prepare(&mut connection, options.schema.clone()).await?;
        connection.close().await?;
        Ok(schema)
    };
    let prepared = tokio::time::timeout(MIGRATING, prepared).await;
    let prepared = prepared.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()));
    let schema = prepared.map_err(|failure| refuse(&place, failure))?;
    let losses = Arc::new(Losses::new());
    let pool = pool(connect, options, settings, losses.clone());
    Ok(Database::new(pool, schema, patience(options), losses))
}

/// The database of a pool of the program, with all tables in place.
pub(super) async fn adopt(pool: PgPool, options: &PostgresOptions) -> Result<Database, StoreError> {
    let place = place(&pool.connect_options());
    let prepared = async { prepare(&mut *pool.acquire().await?, options.schema.clone()).await };
    let schema = prepared.await.map_err(|failure| refuse(&place, failure))?;
    Ok(Database::new(pool, schema, patience(options), Arc::new(Losses::new())))
}

fn patience(options: &PostgresOptions) -> Duration {
    options.statement_timeout.saturating_add(GRACE)
}

/// A name of the database without its password.
fn place(options: &PgConnectOptions) -> String {
    let database = options.get_database().unwrap_or_else(|| options.get_username());
    match options.get_socket() {
        Some(socket) => format!("the database {database} at {}", socket.display()),
        None => format!("the database {database} at {}:{}", options.get_host(), options.get_port()),
    }
}

fn refuse(place: &str, failure: Unmigrated) -> StoreError {
    match failure {
        Unmigrated::Failed(error) => explain_opening(place, error),
        Unmigrated::Refused(error) => StoreError::new(error.kind(), format!("{place}: {error}")),
    }
}

fn pool(
    connect: PgConnectOptions,
    options: &PostgresOptions,
    settings: Arc<str>,
    losses: Arc<Losses>,
) -> PgPool {
    PgPoolOptions::new()
        .max_connections(options.connections.max(1))
        .acquire_timeout(options.acquire_timeout)
        // Testing a connection before each use would cost as much as the statement.
        .test_before_acquire(false)
        .before_acquire(move |connection, meta| {
            let losses = losses.clone();
            Box::pin(async move { losses.test(connection, meta).await })
        })
        .after_connect(move |connection, _| {
            let settings = settings.clone();
            Box::pin(async move { connection.execute(AssertSqlSafe(settings)).await.map(drop) })
        })
        .connect_lazy_with(connect)
}

/// What every connection needs: a commit that was answered survives a loss of power, and nothing waits for ever. They are set on the
/// connection, because some poolers drop what comes with its start.
fn settings(options: &PostgresOptions) -> String {
    // 0 would mean to wait for ever.
    let millis = |timeout: Duration| timeout.as_millis().clamp(1, i32::MAX as u128);
    format!(
        "set synchronous_commit = on; set statement_timeout = {statement}; set lock_timeout = {lock};
         set idle_in_transaction_session_timeout = {statement}",
        statement = millis(options.statement_timeout),
        lock = millis(options.lock_timeout),
    )
}

/// Looks whether the database will do, and brings the tables up to date.
async fn prepare(connection: &mut PgConnection, schema: Option<String>) -> Result<Schema, Unmigrated> {
    check(connection).await?;
    let schema = match schema {
        Some(schema) => schema,
        None => current_schema(connection).await?,
    };
    let schema = Schema::new(schema);
    migrate(connection, &schema).await?;
    Ok(schema)
}

async fn check(connection: &mut PgConnection) -> Result<(), Unmigrated> {
    let refuse =
        |message: String| Err(Unmigrated::Refused(StoreError::new(StoreErrorKind::Unavailable, message)));
    let sql = "select current_setting('server_version_num')::int, current_setting('server_encoding'),
               current_setting('synchronous_commit')";
    let row = sqlx::query(sql).fetch_one(connection).await?;
    let (version, encoding, commit): (i32, String, String) =
        (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    if version < OLDEST {
        return refuse(format!(
            "it is of PostgreSQL {}, and {} is the oldest that will do",
            version / 10_000,
            OLDEST / 10_000
        ));
    }
    if encoding != "UTF8" {
        return refuse(format!("its encoding is {encoding}, and must be UTF8"));
    }
    if commit == "off" {
        // Only the pool of a program can be set so.
        return refuse(
            "its connections have synchronous_commit = off, which would lose what was answered".to_owned(),
        );
    }
    Ok(())
}

/// The oldest version that the tests have run on.
const OLDEST: i32 = 150_000;

async fn current_schema(connection: &mut PgConnection) -> Result<String, Unmigrated> {
    let row = sqlx::query("select current_schema()::text").fetch_one(connection).await?;
    let schema: SqlResult<Option<String>> = row.try_get(0);
    schema?.ok_or_else(|| {
        let message = "its search_path names no schema that is there";
        Unmigrated::Refused(StoreError::new(StoreErrorKind::Unavailable, message))
    })
}
