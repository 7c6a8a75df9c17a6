//! The tables, and how a database of an older version gets them. The migrations are part of the program.

use scorpio_core::store::{StoreError, StoreErrorKind};
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};

/// In order. A migration that has been released never changes.
const MIGRATIONS: [&str; 3] = [
    include_str!("../../migrations/sqlite/0001_sessions_events_accounts.sql"),
    include_str!("../../migrations/sqlite/0002_signals_branches_journal.sql"),
    include_str!("../../migrations/sqlite/0003_vectors.sql"),
];

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

/// Brings the database to the version of this program, in one transaction.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), Unmigrated> {
    let mut transaction = connection.begin_with("begin immediate").await?;
    // The version has a table of its own because the database may be shared with a program that uses `user_version` itself.
    sqlx::raw_sql("create table if not exists scorpio_schema (version integer not null)")
        .execute(&mut *transaction)
        .await?;
    let row = sqlx::query("select max(version) from scorpio_schema").fetch_one(&mut *transaction).await?;
    let version = row.try_get::<Option<i64>, _>(0)?.unwrap_or(0);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if version > known {
        let message = format!(
            "the database is of schema version {version}, which a newer version of Scorpio wrote; this one knows versions up to {known}"
        );
        return Err(Unmigrated::Refused(StoreError::new(StoreErrorKind::Corrupt, message)));
    }
    for (migration, number) in MIGRATIONS.iter().zip(1_i64..).filter(|(_, number)| *number > version) {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await?;
        sqlx::raw_sql(AssertSqlSafe(format!("insert into scorpio_schema values ({number})")))
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}
