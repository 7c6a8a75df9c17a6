//! Moving a run on.

use scorpio_core::store::{Commit, RunStatus, StoreError, StoreErrorKind};
use sqlx::postgres::PgRow;

use super::{TRIES, lock, micros, stale};
use crate::{
    postgres::{
        PostgresStore,
        error::{Violated, store_error, violated},
        query::{Query, Time, number, storable},
        row::Columns,
    },
    record::{MessageRow, conflict, fenced, json, no_run},
};

const COMMIT: &str = "
    with session as materialized (
        select id, version, xmin as row from scorpio_sessions where id = $1 for no key update),
    run as materialized (
        select r.id, r.session_id, s.version, r.step, r.holder = $3 and r.fence = $4 as is_held,
            r.status = 'running' as is_running, row = (select xmin from scorpio_sessions where id = $1) as is_fresh
        from session s join scorpio_runs r on r.session_id = s.id where r.id = $2 for no key update of r),
    ready as materialized (
        select *, clock_timestamp() as now from run
        where is_held and is_running and is_fresh and version = $5 and step is distinct from $6),
    written as (
        update scorpio_runs r
        set machine = $7, signals_seen = $8, step = coalesce($6, r.step), status = $9, wake_at = $10, ended = $11,
            lease_until = case when $9 = 'waiting' then now else now + interval '1 microsecond' * $12 end,
            finished_at = case when $9 = 'finished' then now end
        from ready where r.id = ready.id),
    appended as (
        insert into scorpio_messages (session_id, seq, parent, is_current, message_id, run_id, role, body)
        select session_id, version + place,
            case when place > 1 then version + place - 1 else coalesce(
                (select max(seq) from scorpio_messages where session_id = $1 and is_current), 0) end,
            true, message_id, id, role, body
        from ready, unnest($13::text[], $14::text[], $15::text[]) with ordinality as new (message_id, role, body, place)),
    moved as (
        update scorpio_sessions s set version = s.version + cardinality($13::text[]), updated_at = now
        from ready where s.id = ready.session_id and cardinality($13::text[]) > 0),
    executed as (
        insert into scorpio_tool_executions (session_id, run_id, turn, call_index, tool, status, body)
        select session_id, id, turn, call_index, tool, status, body
        from ready, unnest($16::bigint[], $17::bigint[], $18::text[], $19::text[], $20::text[]) with ordinality
            as new (turn, call_index, tool, status, body, place)
        order by place
        on conflict (session_id, run_id, turn, call_index)
        do update set tool = excluded.tool, status = excluded.status, body = excluded.body),
    entered as (
        insert into scorpio_journal (run_id, seq, fence, payload, written_at, previous, hash)
        select id, $21, $22, $23, $24, $25, $26 from ready where $21 is not null)
    select version, is_held, is_running, is_fresh, step, exists (select from ready) from run";

/// What the statement found.
struct Found {
    version: u64,
    is_held: bool,
    is_running: bool,
    is_fresh: bool,
    step: u64,
    is_done: bool,
}

impl Found {
    fn of(row: &PgRow) -> Result<Self, StoreError> {
        let mut columns = Columns::of(row, "scorpio_runs");
        Ok(Self {
            version: columns.number()?,
            is_held: columns.get()?,
            is_running: columns.get()?,
            is_fresh: columns.get()?,
            step: columns.number()?,
            is_done: columns.get()?,
        })
    }

    /// The version after the commit. None when it has to be tried again.
    fn answer(&self, commit: &Commit<'_>) -> Result<Option<u64>, StoreError> {
        let appended = u64::try_from(commit.append.len()).unwrap_or(u64::MAX);
        match self {
            Self { is_done: true, .. } => Ok(Some(self.version.saturating_add(appended))),
            Self { is_held: true, step, .. } if commit.step == Some(*step) => Ok(Some(self.version)),
            Self { is_held: false, .. } | Self { is_running: false, .. } => Err(fenced(commit.lease)),
            Self { is_fresh: false, .. } => Ok(None),
            _ => Err(conflict(commit.machine.session(), self.version)),
        }
    }
}

impl PostgresStore {
    pub(in crate::postgres) async fn write_commit(&self, commit: Commit<'_>) -> Result<u64, StoreError> {
        let session = commit.machine.session();
        for locked in TRIES {
            let version = match commit.statements.is_empty() {
                true => {
                    let rows = self.run_on(session, locked, query(&commit)?).await;
                    found(&commit, rows)?.answer(&commit)?
                }
                false => self.commit_with_statements(&commit).await?,
            };
            if let Some(version) = version {
                return Ok(version);
            }
        }
        Err(stale(session))
    }

    /// The commit and what a tool has to say to the database, in one transaction.
    async fn commit_with_statements(&self, commit: &Commit<'_>) -> Result<Option<u64>, StoreError> {
        let statements =
            commit.statements.iter().map(super::statement::query).collect::<Result<Vec<_>, _>>()?;
        let mut transaction =
            self.database().begin("begin isolation level read committed").await.map_err(store_error)?;
        transaction.run(lock(commit.machine.session())).await.map_err(store_error)?;
        let found = found(commit, transaction.run(query(commit)?).await)?;
        if !found.is_done {
            transaction.roll_back().await.map_err(store_error)?;
            return found.answer(commit);
        }
        for statement in statements {
            transaction.run(statement).await.map_err(super::statement::explain)?;
        }
        transaction.commit().await.map_err(super::statement::explain)?;
        found.answer(commit)
    }
}

fn found(commit: &Commit<'_>, rows: Result<Vec<PgRow>, sqlx::Error>) -> Result<Found, StoreError> {
    let run = commit.lease.run;
    let rows = rows.map_err(|error| match violated(&error) {
        Some(Violated::Unique("scorpio_messages_current")) => {
            let message = format!("a message of run {run} has an id that is in its session already");
            StoreError::new(StoreErrorKind::AlreadyExists, message)
        }
        _ => store_error(error),
    })?;
    Found::of(rows.first().ok_or_else(|| no_run(run))?)
}

fn query(commit: &Commit<'_>) -> Result<Query, StoreError> {
    let (lease, entry) = (commit.lease, commit.journal);
    let status = match (&commit.end, &commit.wait) {
        (Some(_), _) => RunStatus::Finished,
        (None, Some(_)) => RunStatus::Waiting,
        (None, None) => RunStatus::Running,
    };
    let wake_at = commit.wait.and_then(|wait| wait.wake_at);
    let end = commit.end.as_ref().map(|end| json("the end of a run", end)).transpose()?;
    let messages = commit.append.iter().map(|entry| MessageRow::of(entry.message()));
    let messages = messages.collect::<Result<Vec<_>, _>>()?;
    let executions = commit.executions;
    let bodies = executions.iter().map(|execution| json("a tool execution", execution));
    let query = Query::new(COMMIT)
        .text(commit.machine.session().as_str())
        .id(lease.run.as_uuid())
        .text(&lease.holder)
        .number(lease.fence)
        .number(commit.expected_version)
        .bind(commit.step.map(number))
        .text(&json("a run", commit.machine)?)
        .number(commit.machine.signals_seen())
        .text(status.as_str())
        .bind(wake_at.map(Time))
        .optional_text(end.as_deref())
        .number(micros(commit.ttl))
        .bind(messages.iter().map(|message| message.id.as_str()).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| message.role).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| message.body.as_str()).collect::<Vec<_>>())
        .bind(executions.iter().map(|execution| number(execution.turn)).collect::<Vec<_>>())
        .bind(executions.iter().map(|execution| number(execution.index)).collect::<Vec<_>>())
        .bind(executions.iter().map(|execution| storable(execution.tool.as_str())).collect::<Vec<_>>())
        .bind(executions.iter().map(|execution| execution.status.as_str()).collect::<Vec<_>>())
        .bind(bodies.collect::<Result<Vec<_>, _>>()?)
        .bind(entry.map(|entry| number(entry.seq)))
        .bind(entry.map(|entry| number(entry.fence)))
        .optional_text(entry.map(|entry| entry.payload.get()))
        .bind(entry.map(|entry| Time(entry.at)))
        .bind(entry.map(|entry| &entry.previous.as_bytes()[..]))
        .bind(entry.map(|entry| &entry.hash.as_bytes()[..]));
    Ok(query)
}
