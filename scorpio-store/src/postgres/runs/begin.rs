//! Beginning a run.

use scorpio_core::store::{Begin, Begun, Lease, StoreError, StoreErrorKind};

use super::{TRIES, micros, stale};
use crate::{
    postgres::{
        PostgresStore,
        error::{Violated, store_error, violated},
        query::{Query, Time, number},
        row::Columns,
    },
    record::{MessageRow, conflict, json},
};

/// The branch is left first because that frees ids, and the input comes before the run because an input that is there is told before a
/// run that is live. The session's row is written in any case, so that whoever waits for it sees that something has changed.
const BEGIN: &str = "
    with session as materialized (
        select id, version, xmin as row from scorpio_sessions where id = $1 and owner = $2 for no key update),
    fresh as materialized (
        select id, version, row = (select xmin from scorpio_sessions where id = $1) as is_fresh from session),
    ready as materialized (
        select *, clock_timestamp() as now from fresh where is_fresh and version = coalesce($3, version)),
    left_behind as (
        update scorpio_messages m set is_current = false
        from ready where m.session_id = ready.id and m.seq > $4 and m.is_current returning 1),
    input as (
        insert into scorpio_messages (session_id, seq, parent, is_current, message_id, run_id, role, body)
        select id, version + 1,
            coalesce((select max(seq) from scorpio_messages where session_id = $1 and is_current and seq <= coalesce($4, seq)), 0),
            true, $5, $6, $7, $8
        from ready where $5 is not null and (select count(*) from left_behind) >= 0
        returning seq),
    run as (
        insert into scorpio_runs (id, session_id, owner, agent, status, holder, fence, lease_until, machine, started_at)
        select $6, ready.id, $2, $9, 'running', $10, 1, now + interval '1 microsecond' * $11, $12, now
        from ready where (select count(*) from input) >= 0
        returning id, session_id, started_at),
    entered as (
        insert into scorpio_journal (run_id, seq, fence, payload, written_at, previous, hash)
        select id, $13, $14, $15, $16, $17, $18 from run where $13 is not null),
    moved as (
        update scorpio_sessions s
        set version = version + ($5 is not null)::int,
            updated_at = case when $5 is null then updated_at else run.started_at end
        from run where s.id = run.session_id)
    select version, is_fresh, exists (select from run) from fresh";

impl PostgresStore {
    pub(in crate::postgres) async fn insert_run(&self, begin: Begin) -> Result<Begun, StoreError> {
        for locked in TRIES {
            let rows = self.run_on(&begin.session, locked, query(&begin)?).await;
            let rows = rows.map_err(|error| cannot_begin(&begin, error))?;
            let Some(row) = rows.first() else {
                let message = format!("there is no session {}", begin.session);
                return Err(StoreError::new(StoreErrorKind::NotFound, message));
            };
            let mut columns = Columns::of(row, "scorpio_sessions");
            let version = columns.number()?;
            let (is_fresh, has_begun): (bool, bool) = (columns.get()?, columns.get()?);
            if has_begun {
                let lease = Lease::new(begin.machine.run(), begin.holder, 1);
                return Ok(Begun::new(lease, version.saturating_add(begin.input.is_some().into())));
            }
            if is_fresh {
                return Err(conflict(&begin.session, version));
            }
        }
        Err(stale(&begin.session))
    }
}

fn query(begin: &Begin) -> Result<Query, StoreError> {
    let input = begin.input.as_ref().map(MessageRow::of).transpose()?;
    let entry = begin.journal.as_ref();
    let query = Query::new(BEGIN)
        .text(begin.session.as_str())
        .text(begin.owner.as_str())
        .bind(begin.expected_version.map(number))
        .bind(begin.branch_after.map(number))
        .optional_text(input.as_ref().map(|input| input.id.as_str()))
        .id(begin.machine.run().as_uuid())
        .optional_text(input.as_ref().map(|input| input.role))
        .optional_text(input.as_ref().map(|input| input.body.as_str()))
        .text(begin.machine.agent())
        .text(&begin.holder)
        .number(micros(begin.ttl))
        .text(&json("a run", &begin.machine)?)
        .bind(entry.map(|entry| number(entry.seq)))
        .bind(entry.map(|entry| number(entry.fence)))
        .optional_text(entry.map(|entry| entry.payload.get()))
        .bind(entry.map(|entry| Time(entry.at)))
        .bind(entry.map(|entry| &entry.previous.as_bytes()[..]))
        .bind(entry.map(|entry| &entry.hash.as_bytes()[..]));
    Ok(query)
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
