//! The SQL of runs, their leases and tool executions.
//!
//! A call that writes is one statement. It locks the session first. If that is another version of the row (`xmin`) than the statement
//! sees without the lock, somebody was faster: then nothing is done, and the statement is made again in a transaction that has the lock
//! before. Each part works on what the one
//! before it answers, and so comes after it. What the last part answers explains a refusal.

mod begin;
mod commit;
mod statement;

use std::time::Duration;

use scorpio_core::{
    MessageId, OwnerId, RunId, SessionId,
    store::{Begin, Claimable, Lease, RunRecord, RunStatus, StoreError, StoreErrorKind, ToolExecution},
};
use sqlx::postgres::PgRow;

use super::{
    PostgresStore,
    query::{Query, number, storable},
    row::Columns,
};
use crate::record::{fenced, no_run};

const COLUMNS: &str = "id, session_id, owner, status, ended, holder, fence, lease_until, wake_at, step, recoveries, machine, \
                       started_at, finished_at";

fn record(row: &PgRow) -> Result<RunRecord, StoreError> {
    let mut columns = Columns::of(row, "scorpio_runs");
    let id: RunId = columns.uuid()?;
    let (session, owner): (SessionId, OwnerId) = (columns.id()?, columns.id()?);
    let status: RunStatus = columns.id()?;
    let end = columns.optional_json()?;
    let holder: String = columns.get()?;
    let fence = columns.number()?;
    let lease_until = columns.time()?;
    let (wake_at, step, recoveries) = (columns.optional_time()?, columns.number()?, columns.number()?);
    let machine = columns.json()?;
    let started_at = columns.time()?;
    let begin = Begin::new(session, owner, holder, machine);
    let mut record = RunRecord::begin(&begin, started_at, lease_until);
    (record.id, record.status) = (id, status);
    (record.wake_at, record.step) = (wake_at, step);
    record.recoveries = u32::try_from(recoveries).unwrap_or(u32::MAX);
    (record.end, record.fence, record.finished_at) = (end, fence, columns.optional_time()?);
    Ok(record)
}

/// Whether the session is locked before a statement, or by it: at first by it, which takes one round trip.
const TRIES: [Locked; 2] = [Locked::ByStatement, Locked::Before];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Locked {
    ByStatement,
    Before,
}

/// A statement that has the lock before it begins sees what is there.
fn stale(session: &SessionId) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unavailable,
        format!("session {session} was changed by somebody who did not lock it"),
    )
}

fn lock(session: &SessionId) -> Query {
    Query::new("select from scorpio_sessions where id = $1 for no key update").text(session.as_str())
}

/// A duration in microseconds, for `interval '1 microsecond' * …`.
pub(super) fn micros(ttl: Duration) -> i64 {
    // A lease until the end of time would not fit into a time.
    const CENTURY: i64 = 100 * 365 * 24 * 3_600 * 1_000_000;
    number(ttl.as_micros()).min(CENTURY)
}

impl PostgresStore {
    /// Runs a statement that moves a session on.
    async fn run_on(
        &self,
        session: &SessionId,
        locked: Locked,
        query: Query,
    ) -> Result<Vec<PgRow>, sqlx::Error> {
        if locked == Locked::ByStatement {
            return self.database().run(query).await;
        }
        let mut transaction = self.database().begin("begin isolation level read committed").await?;
        transaction.run(lock(session)).await?;
        match transaction.run(query).await {
            Ok(rows) => transaction.commit().await.map(|()| rows),
            Err(error) => {
                // Otherwise the connection is given up, which rolls it back as well.
                let _ = transaction.roll_back().await;
                Err(error)
            }
        }
    }

    pub(super) async fn prolong(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError> {
        let query = Query::new(
            "update scorpio_runs set lease_until = clock_timestamp() + interval '1 microsecond' * $1
             where id = $2 and holder = $3 and fence = $4 and status = 'running' returning 1",
        )
        .number(micros(ttl))
        .id(lease.run.as_uuid())
        .text(&lease.holder)
        .number(lease.fence);
        if self.database().row(query).await?.is_some() {
            return Ok(());
        }
        let query = Query::new("select 1 from scorpio_runs where id = $1").id(lease.run.as_uuid());
        match self.database().row(query).await? {
            Some(_) => Err(fenced(lease)),
            None => Err(no_run(lease.run)),
        }
    }

    pub(super) async fn seize(
        &self,
        run: RunId,
        holder: &str,
        dead: Option<&str>,
        ttl: Duration,
    ) -> Result<RunRecord, StoreError> {
        let query = Query::new(format!(
            "update scorpio_runs
             set holder = $1, fence = fence + 1, lease_until = clock_timestamp() + interval '1 microsecond' * $2,
                 recoveries = recoveries + (status = 'running')::int, status = 'running', wake_at = null
             where id = $3
             and (status = 'waiting' or status = 'running' and (lease_until <= clock_timestamp() or holder = $4))
             returning {COLUMNS}"
        ))
        .text(holder)
        .number(micros(ttl))
        .id(run.as_uuid())
        .optional_text(dead);
        if let Some(row) = self.database().row(query).await? {
            return record(&row);
        }
        let query = Query::new("select holder from scorpio_runs where id = $1 and status <> 'finished'")
            .id(run.as_uuid());
        let Some(row) = self.database().row(query).await? else { return Err(no_run(run)) };
        let holder: &str = Columns::of(&row, "scorpio_runs").get()?;
        Err(StoreError::new(StoreErrorKind::Busy, format!("{holder} holds run {run}")))
    }

    pub(super) async fn find_run(&self, query: Query) -> Result<Option<RunRecord>, StoreError> {
        self.database().row(query).await?.as_ref().map(record).transpose()
    }

    pub(super) async fn find_claimable(&self, which: &Claimable) -> Result<Vec<RunRecord>, StoreError> {
        self.database().rows(select_claimable(which)).await?.iter().map(record).collect()
    }

    pub(super) async fn find_executions(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        limit: usize,
    ) -> Result<Vec<ToolExecution>, StoreError> {
        let rows = self.database().rows(select_executions(owner, session, limit)).await?;
        rows.iter().map(|row| Columns::of(row, "scorpio_tool_executions").json()).collect()
    }
}

pub(super) fn select_run(owner: &OwnerId, id: RunId) -> Query {
    Query::new(format!("select {COLUMNS} from scorpio_runs where id = $1 and owner = $2"))
        .id(id.as_uuid())
        .text(owner.as_str())
}

pub(super) fn select_live_run(owner: &OwnerId, session: &SessionId) -> Query {
    Query::new(format!(
        "select {COLUMNS} from scorpio_runs where session_id = $1 and status <> 'finished' and owner = $2"
    ))
    .text(session.as_str())
    .text(owner.as_str())
}

pub(super) fn select_claimable(which: &Claimable) -> Query {
    let agents = which.agents.as_ref();
    let agents =
        agents.map(|agents| agents.iter().map(|agent| storable(agent).into_owned()).collect::<Vec<_>>());
    Query::new(format!(
        "select {COLUMNS} from scorpio_runs where status <> 'finished'
         and (status = 'running' and (lease_until <= now() or holder <> $1)
              or status = 'waiting' and (wake_at <= now() or signals_sent > signals_seen))
         and ($2::text[] is null or agent = any ($2))
         order by started_at, id limit $3"
    ))
    .optional_text(which.sole_holder.as_deref())
    .bind(agents)
    .number(which.limit)
}

pub(super) fn select_run_of_message(owner: &OwnerId, session: &SessionId, message: &MessageId) -> Query {
    Query::new(format!(
        "select {COLUMNS} from scorpio_runs where owner = $1
         and id = coalesce(
             (select run_id from scorpio_messages where session_id = $2 and message_id = $3 and is_current),
             (select run_id from scorpio_messages where session_id = $2 and message_id = $3 and not is_current
              order by seq desc limit 1))"
    ))
    .text(owner.as_str())
    .text(session.as_str())
    .text(message.as_str())
}

pub(super) fn select_executions(owner: &OwnerId, session: &SessionId, limit: usize) -> Query {
    Query::new(
        "select body from scorpio_tool_executions
         where session_id = $1 and exists (select from scorpio_sessions where id = $1 and owner = $2)
         order by ordinal limit $3",
    )
    .text(session.as_str())
    .text(owner.as_str())
    .number(limit)
}
