//! The tables, and how a database of an older version gets them. The migrations are part of the program.

use scorpio_core::store::{StoreError, StoreErrorKind};
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use super::{error::SqlResult, schema::Schema};

/// In order. A migration that has been released never changes.
const MIGRATIONS: [&str; 1] = [include_str!("../../migrations/postgres/0001_sessions_events_accounts.sql")];

/// Why a database cannot be used.
pub(super) enum Unmigrated {
    Failed(sqlx::Error),
    Refused(StoreError),
}

impl From<sqlx::Error> for Unmigrated {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error)
    }
}

/// Brings the schema to the version of this program, in one transaction. Of processes that do so at the same time, one does it and
/// the others wait. A schema that is up to date already needs no right to change it.
pub(super) async fn migrate(connection: &mut PgConnection, schema: &Schema) -> Result<(), Unmigrated> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version(connection, schema).await? == known {
        return Ok(());
    }
    let mut transaction = connection.begin().await?;
    // Others may need a while, and large tables do.
    let patience = "set local lock_timeout = '5min'; set local statement_timeout = 0";
    sqlx::raw_sql(patience).execute(&mut *transaction).await?;
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('scorpio', hashtext($1)))")
        .bind(schema.name())
        .execute(&mut *transaction)
        .await?;
    let start = format!(
        "create schema if not exists {schema}; set local search_path to {schema};
         create table if not exists scorpio_schema (version bigint not null)",
        schema = schema.quoted()
    );
    let exists = sqlx::query("select 1 from pg_namespace where nspname = $1").bind(schema.name());
    let start = match exists.fetch_optional(&mut *transaction).await? {
        // Making one that is there would need the right to make others.
        Some(_) => start.split_once(';').map(|(_, rest)| rest.to_owned()).unwrap_or_default(),
        None => start,
    };
    sqlx::raw_sql(AssertSqlSafe(start)).execute(&mut *transaction).await?;
    let version = version(&mut transaction, schema).await?;
    if version > known {
        let message = format!(
            "the schema {} is of version {version}, which a newer version of Scorpio wrote; this one knows versions up to {known}",
            schema.name()
        );
        return Err(Unmigrated::Refused(StoreError::new(StoreErrorKind::Corrupt, message)));
    }
    for (migration, number) in MIGRATIONS.iter().zip(1_i64..).filter(|(_, number)| *number > version) {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        sqlx::query("insert into scorpio_schema values ($1)").bind(number).execute(&mut *transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// The version of the schema; 0 when it is not there.
async fn version(connection: &mut PgConnection, schema: &Schema) -> SqlResult<i64> {
    let table = schema.qualify("scorpio_schema");
    let is_there =
        sqlx::query("select to_regclass($1) is not null").bind(&table).fetch_one(&mut *connection).await?;
    if !is_there.try_get::<bool, _>(0)? {
        return Ok(0);
    }
    let sql = format!("select coalesce(max(version), 0) from {table}");
    sqlx::query(AssertSqlSafe(sql)).fetch_one(&mut *connection).await?.try_get(0)
}
