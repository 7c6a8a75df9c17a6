//! The extension, the tables, and the indexes, each of which is made when it is first needed.

use std::sync::PoisonError;

use scorpio_core::store::{StoreError, StoreErrorKind};
use sqlx::{AssertSqlSafe, PgConnection, PgPool, Row};

use super::{PostgresVectors, error::store_error};

/// In order. A migration that has been released never changes.
const MIGRATIONS: [&str; 1] = [include_str!("../../../migrations/postgres/0002_vectors.sql")];

/// The lock under which tables and indexes are made: `vectors` in ASCII.
const LOCK: i64 = 0x76_65_63_74_6f_72_73;

/// The most dimensions that pgvector indexes at full precision, and at half.
const INDEXED: usize = 2000;
const INDEXED_HALF: usize = 4000;

/// Makes what is missing, in one transaction.
pub(super) async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await.map_err(store_error)?;
    lock(&mut transaction).await?;
    create_extension(&mut transaction).await?;
    create_tables(&mut transaction).await?;
    transaction.commit().await.map_err(store_error)
}

async fn lock(connection: &mut PgConnection) -> Result<(), StoreError> {
    let lock = sqlx::query("select pg_advisory_xact_lock($1)").bind(LOCK).execute(connection).await;
    lock.map(drop).map_err(store_error)
}

async fn create_extension(connection: &mut PgConnection) -> Result<(), StoreError> {
    let version = async |connection: &mut PgConnection| -> Result<Option<String>, sqlx::Error> {
        let sql = "select extversion from pg_extension where extname = 'vector'";
        let row = sqlx::query(sql).fetch_optional(connection).await?;
        row.map(|row| row.try_get(0)).transpose()
    };
    let mut found = version(&mut *connection).await.map_err(store_error)?;
    if found.is_none() {
        let created = sqlx::raw_sql("create extension if not exists vector").execute(&mut *connection).await;
        created.map_err(no_extension)?;
        found = version(&mut *connection).await.map_err(store_error)?;
    }
    let found = found.unwrap_or_default();
    let mut numbers = found.split('.').map(|number| number.parse().unwrap_or(0));
    let parsed: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if parsed >= (0, 8) {
        return Ok(());
    }
    let message = format!(
        "the database has pgvector {found}, and vectors need 0.8 or later: update it and run `alter extension vector update`"
    );
    Err(StoreError::new(StoreErrorKind::Unsupported, message))
}

fn no_extension(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|failure| failure.code().map(|code| code.into_owned()));
    let message = match code.as_deref() {
        Some("0A000" | "58P01" | "22023") => {
            "the server does not have pgvector: install it for vectors to be stored here"
        }
        Some("42501") => {
            "this role may not create the extension `vector`: let one that may run `create extension vector` in this database"
        }
        _ => return store_error(error),
    };
    StoreError::new(StoreErrorKind::Unsupported, message).with_source(error)
}

async fn create_tables(connection: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::raw_sql("create table if not exists scorpio_vector_schema (version integer not null)")
        .execute(&mut *connection)
        .await
        .map_err(store_error)?;
    let row = sqlx::query("select coalesce(max(version), 0) from scorpio_vector_schema")
        .fetch_one(&mut *connection)
        .await
        .map_err(store_error)?;
    let version: i32 = row.try_get(0).map_err(store_error)?;
    let known = i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX);
    if version > known {
        let message = format!(
            "the vectors are of schema version {version}, which a newer version of Scorpio wrote; this one knows versions up to {known}"
        );
        return Err(StoreError::new(StoreErrorKind::Unavailable, message));
    }
    for (migration, number) in MIGRATIONS.iter().zip(1_i32..).filter(|(_, number)| *number > version) {
        sqlx::raw_sql(*migration).execute(&mut *connection).await.map_err(store_error)?;
        let recorded = sqlx::query("insert into scorpio_vector_schema values ($1)").bind(number);
        recorded.execute(&mut *connection).await.map_err(store_error)?;
    }
    Ok(())
}

/// The type at which vectors of so many numbers are indexed, if they can be.
pub(super) fn indexed_type(dimensions: usize) -> Option<String> {
    let name = match dimensions {
        _ if dimensions <= INDEXED => "vector",
        _ if dimensions <= INDEXED_HALF => "halfvec",
        _ => return None,
    };
    Some(format!("{name}({dimensions})"))
}

impl PostgresVectors {
    /// Makes the index for vectors of so many numbers, if it is not there. It is made before there are any, so nobody waits for it.
    pub(super) async fn ensure_index(&self, dimensions: usize) -> Result<(), StoreError> {
        let indexed = || self.0.indexed.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(at) = indexed_type(dimensions) else { return Ok(()) };
        if indexed().contains(&dimensions) {
            return Ok(());
        }
        let name = format!("scorpio_vectors_hnsw_{dimensions}");
        let operators = if dimensions <= INDEXED { "vector_ip_ops" } else { "halfvec_ip_ops" };
        let mut transaction = self.pool().begin().await.map_err(store_error)?;
        let sql = "select to_regclass($1) is not null";
        let row = sqlx::query(sql).bind(&name).fetch_one(&mut *transaction).await.map_err(store_error)?;
        if !row.try_get::<bool, _>(0).map_err(store_error)? {
            lock(&mut transaction).await?;
            let create = format!(
                "create index if not exists {name} on scorpio_vectors
                 using hnsw ((embedding::{at}) {operators}) where dimensions = {dimensions}"
            );
            sqlx::raw_sql(AssertSqlSafe(create)).execute(&mut *transaction).await.map_err(store_error)?;
        }
        transaction.commit().await.map_err(store_error)?;
        indexed().insert(dimensions);
        Ok(())
    }
}
