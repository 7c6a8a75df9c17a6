//! Beginning a run.

use scorpio_core::store::{Begin, Begun, Lease, StoreError, StoreErrorKind};

use super::{MessageRow, conflict, json, micros};
use crate::postgres::{
    PostgresStore,
    error::{Violated, store_error, violated},
    query::{Query, number},
    row::Columns,
};

/// The input comes before the run because an input that is there is told before a run that is live, and after the cut because that
/// frees ids.
const BEGIN: &str = "
    with session as materialized (
        select id, version from scorpio_sessions where id = $1 and owner = $2 for no key update),
    ready as materialized (
        select *, clock_timestamp() as now from session where version = coalesce($3, version)),
    cut as (
        delete from scorpio_messages m using ready where m.session_id = ready.id and m.seq > $4 returning 1),
    input as (
        insert into scorpio_messages (session_id, seq, message_id, run_id, role, body)
        select id, version + 1, $5, $6, $7, $8 from ready
        where $5 is not null and (select count(*) from cut) >= 0
        returning seq),
    run as (
        insert into scorpio_runs (id, session_id, owner, status, holder, fence, lease_until, machine, started_at)
        select $6, ready.id, $2, 'running', $9, 1, now + interval '1 microsecond' * $10, $11, now
        from ready where (select count(*) from input) >= 0
        returning session_id, started_at),
    moved as (
        update scorpio_sessions s set version = version + 1, updated_at = run.started_at
        from run where s.id = run.session_id and $5 is not null)
    select version, exists (select from run) from session";

impl PostgresStore {
    pub(in crate::postgres) async fn insert_run(&self, begin: Begin) -> Result<Begun, StoreError> {
        let input = begin.input.as_ref().map(MessageRow::of).transpose()?;
        let run = begin.machine.run();
        let query = Query::new(BEGIN)
            .text(begin.session.as_str())
            .text(begin.owner.as_str())
            .bind(begin.expected_version.map(number))
            .bind(begin.cut_after.map(number))
            .optional_text(input.as_ref().map(|input| input.id.as_str()))
            .id(run.as_uuid())
            .optional_text(input.as_ref().map(|input| input.role))
            .optional_text(input.as_ref().map(|input| input.body.as_str()))
            .text(&begin.holder)
            .number(micros(begin.ttl))
            .text(&json("a run", &begin.machine)?);
        let rows = self.database().run(query).await.map_err(|error| cannot_begin(&begin, error))?;
        let Some(row) = rows.first() else {
            let message = format!("there is no session {}", begin.session);
            return Err(StoreError::new(StoreErrorKind::NotFound, message));
        };
        let mut columns = Columns::of(row, "scorpio_sessions");
        let (version, has_begun) = (columns.number()?, columns.get()?);
        match has_begun {
            false => Err(conflict(&begin.session, version)),
            true => Ok(Begun::new(Lease::new(run, begin.holder, 1), version + u64::from(input.is_some()))),
        }
    }
}

fn cannot_begin(begin: &Begin, error: sqlx::Error) -> StoreError {
    let (run, session) = (begin.machine.run(), &begin.session);
    let (kind, message) = match violated(&error) {
        Some(Violated::Unique("scorpio_runs_one_live")) => {
            (StoreErrorKind::Busy, format!("another run of session {session} is live"))
        }
        Some(Violated::Unique("scorpio_runs_pkey")) => {
            (StoreErrorKind::AlreadyExists, format!("there is a run {run} already"))
        }
        Some(Violated::Unique(_)) => {
            (StoreErrorKind::AlreadyExists, format!("the input of run {run} is in session {session} already"))
        }
        _ => return store_error(error),
    };
    StoreError::new(kind, message)
}
