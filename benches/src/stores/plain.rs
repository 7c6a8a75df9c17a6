//! The same writes by hand, in the tables that a competent engineer would make.

use std::borrow::Cow;

use std::sync::Arc;

use anyhow::{Result, ensure};
use scorpio::{Limits, Message, RunId, SessionId, run::RunMachine};
use sqlx::{AssertSqlSafe, PgPool, SqlitePool};

use super::{Commits, text};

/// A database with sessions, runs and messages.
#[derive(Debug, Clone)]
pub(super) struct Plain<D> {
    database: D,
    is_bare: bool,
    text: Arc<str>,
}

#[derive(Debug, Clone)]
pub(super) struct PlainSqlite(pub(super) SqlitePool);

#[derive(Debug, Clone)]
pub(super) struct PlainPostgres {
    pub(super) pool: PgPool,
    pub(super) schema: String,
}

pub(super) struct Lane {
    session: String,
    run: String,
    version: i64,
    machine: RunMachine,
}

const TABLES: &str = "
    create table plain_sessions (id text primary key, version bigint not null, updated_at bigint not null);
    create table plain_runs (id text primary key, session_id text not null references plain_sessions (id), holder text not null,
        fence bigint not null, lease_until bigint not null, machine text not null);
    create index plain_runs_by_session on plain_runs (session_id);
    create table plain_messages (session_id text not null references plain_sessions (id), seq bigint not null,
        message_id text not null, run_id text not null, body text not null,
        unique (session_id, seq), unique (session_id, message_id));";

/// The statements with the tables where they are. PostgreSQL and SQLite both take parameters as `$1`.
fn sql(schema: &str, statement: &str) -> AssertSqlSafe<String> {
    AssertSqlSafe(statement.replace("plain_", &format!("{schema}plain_")))
}

const RUN: &str = "update plain_runs set machine = $1, lease_until = $2
    where id = $3 and holder = 'bench' and fence = 1 and lease_until >= 0";
const SESSION: &str =
    "update plain_sessions set version = version + 1, updated_at = $1 where id = $2 and version = $3";
const MESSAGE: &str =
    "insert into plain_messages (session_id, seq, message_id, run_id, body) values ($1, $2, $3, $4, $5)";

impl<D: Clone> Plain<D>
where
    Self: Commits,
{
    /// The same on the same database, with the insert alone.
    pub(super) fn bare(&self) -> Self {
        Self { is_bare: true, ..self.clone() }
    }
}

macro_rules! plain {
    ($database:ident, |$self:ident| $pool:expr, $schema:expr) => {
        impl Plain<$database> {
            pub(super) async fn new(database: $database) -> Result<Self> {
                let $self = &database;
                for statement in TABLES.split_terminator(';') {
                    // Names of indexes have no schema.
                    let statement = statement.replace("index plain_", "index by_");
                    sqlx::raw_sql(sql(&*$schema, &statement)).execute($pool).await?;
                }
                Ok(Self { database, is_bare: false, text: text().into() })
            }
        }

        impl Commits for Plain<$database> {
            type Lane = Lane;

            async fn lane(&self) -> Result<Lane> {
                let ($self, session, run) = (&self.database, SessionId::new(), RunId::new());
                let machine = RunMachine::new(run, session.clone(), Limits::new());
                let insert = "insert into plain_sessions values ($1, 0, 0)";
                sqlx::query(sql(&*$schema, insert)).bind(session.as_str()).execute($pool).await?;
                let insert = "insert into plain_runs values ($1, $2, 'bench', 1, 0, $3)";
                let insert = sqlx::query(sql(&*$schema, insert)).bind(run.to_string()).bind(session.as_str());
                insert.bind(serde_json::to_string(&machine)?).execute($pool).await?;
                Ok(Lane { session: session.to_string(), run: run.to_string(), version: 0, machine })
            }

            async fn commit(&self, lane: &mut Lane) -> Result<()> {
                let $self = &self.database;
                let message = Message::user(&*self.text);
                let insert = sqlx::query(sql(&*$schema, MESSAGE))
                    .bind(&lane.session)
                    .bind(lane.version + 1)
                    .bind(message.id.as_str())
                    .bind(&lane.run)
                    .bind(serde_json::to_string(&message)?);
                if self.is_bare {
                    insert.execute($pool).await?;
                } else {
                    let now = jiff::Timestamp::now().as_microsecond();
                    let mut transaction = $pool.begin().await?;
                    let run = sqlx::query(sql(&*$schema, RUN)).bind(serde_json::to_string(&lane.machine)?);
                    let run = run.bind(now + 30_000_000).bind(&lane.run).execute(&mut *transaction).await?;
                    let session = sqlx::query(sql(&*$schema, SESSION)).bind(now).bind(&lane.session);
                    let session = session.bind(lane.version).execute(&mut *transaction).await?;
                    ensure!(
                        run.rows_affected() == 1 && session.rows_affected() == 1,
                        "the lease or the version is another"
                    );
                    insert.execute(&mut *transaction).await?;
                    transaction.commit().await?;
                }
                lane.version += 1;
                Ok(())
            }
        }
    };
}

plain!(PlainSqlite, |database| &database.0, Cow::Borrowed(""));
plain!(PlainPostgres, |database| &database.pool, Cow::<str>::Owned(format!("{}.", database.schema)));
