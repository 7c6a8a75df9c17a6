//! Moving a run on.

use scorpio_core::store::{Commit, StoreError, StoreErrorKind};

use super::{MessageRow, conflict, fenced, json, micros, no_run};
use crate::postgres::{
    PostgresStore,
    error::{Violated, store_error, violated},
    query::{Query, number, storable},
    row::Columns,
};

const COMMIT: &str = "
    with session as materialized (
        select id, version from scorpio_sessions where id = $1 for no key update),
    run as materialized (
        select r.id, r.session_id, s.version, r.holder = $3 and r.fence = $4 and r.status = 'running' as is_held
        from session s join scorpio_runs r on r.session_id = s.id where r.id = $2 for no key update of r),
    ready as materialized (
        select *, clock_timestamp() as now from run where is_held and version = $5),
    written as (
        update scorpio_runs r
        set machine = $6, lease_until = now + interval '1 microsecond' * $7,
            status = case when $8::text is null then 'running' else 'finished' end, ended = $8,
            finished_at = case when $8::text is null then null else now end
        from ready where r.id = ready.id),
    appended as (
        insert into scorpio_messages (session_id, seq, message_id, run_id, role, body)
        select session_id, version + place, message_id, id, role, body
        from ready, unnest($9::text[], $10::text[], $11::text[]) with ordinality as new (message_id, role, body, place)),
    moved as (
        update scorpio_sessions s set version = s.version + cardinality($9::text[]), updated_at = now
        from ready where s.id = ready.session_id and cardinality($9::text[]) > 0),
    executed as (
        insert into scorpio_tool_executions (session_id, run_id, turn, call_index, tool, status, body)
        select session_id, id, turn, call_index, tool, status, body
        from ready, unnest($12::bigint[], $13::bigint[], $14::text[], $15::text[], $16::text[]) with ordinality
            as new (turn, call_index, tool, status, body, place)
        order by place
        on conflict (run_id, turn, call_index)
        do update set tool = excluded.tool, status = excluded.status, body = excluded.body)
    select version, is_held from run";

impl PostgresStore {
    pub(in crate::postgres) async fn write_commit(&self, commit: Commit<'_>) -> Result<u64, StoreError> {
        let lease = commit.lease;
        let rows = self.database().run(query(&commit)?).await.map_err(|error| match violated(&error) {
            Some(Violated::Unique(_)) => {
                let message =
                    format!("a message of run {} has an id that is in its session already", lease.run);
                StoreError::new(StoreErrorKind::AlreadyExists, message)
            }
            _ => store_error(error),
        })?;
        let Some(row) = rows.first() else { return Err(no_run(lease.run)) };
        let mut columns = Columns::of(row, "scorpio_runs");
        let (version, is_held) = (columns.number()?, columns.get()?);
        match is_held {
            false => Err(fenced(lease)),
            true if version != commit.expected_version => Err(conflict(commit.machine.session(), version)),
            true => Ok(version.saturating_add(u64::try_from(commit.append.len()).unwrap_or(u64::MAX))),
        }
    }
}

fn query(commit: &Commit<'_>) -> Result<Query, StoreError> {
    let lease = commit.lease;
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
        .text(&json("a run", commit.machine)?)
        .number(micros(commit.ttl))
        .optional_text(commit.end.as_ref().map(|end| json("the end of a run", end)).transpose()?.as_deref())
        .bind(messages.iter().map(|message| message.id.as_str()).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| message.role).collect::<Vec<_>>())
        .bind(messages.iter().map(|message| message.body.as_str()).collect::<Vec<_>>())
        .bind(executions.iter().map(|execution| number(execution.turn)).collect::<Vec<_>>())
        .bind(executions.iter().map(|execution| number(execution.index)).collect::<Vec<_>>())
        .bind(executions.iter().map(|execution| storable(execution.tool.as_str())).collect::<Vec<_>>())
        .bind(executions.iter().map(|execution| execution.status.as_str()).collect::<Vec<_>>())
        .bind(bodies.collect::<Result<Vec<_>, _>>()?);
    Ok(query)
}
