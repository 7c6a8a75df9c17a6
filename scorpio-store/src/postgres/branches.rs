//! The SQL of branches, and of sessions that are exported and imported with all of theirs.

use scorpio_core::{
    OwnerId, SessionId,
    store::{
        BranchPoint, Session, SessionSnapshot, SnapshotMessage, StoreError, StoreErrorKind, ToolExecution,
        Way,
    },
};
use sqlx::postgres::PgRow;

use super::{
    PostgresStore,
    error::{Violated, store_error, violated},
    query::{Query, Time, number, storable},
    row::Columns,
    sessions,
};
use crate::record::{MessageRow, json};

/// Of the children of a message all but one are on other branches. The one of the current branch is the next message there.
const BRANCH_POINTS: &str = "
    with others as (
        select parent, seq, message_id from scorpio_messages
        where session_id = $1 and not is_current
        and exists (select from scorpio_sessions where id = $1 and owner = $2)),
    ways as (
        select parent, seq, message_id, false as is_current from others
        union all
        select next.parent, next.seq, next.message_id, true
        from (select distinct parent from others) parents cross join lateral (
            select parent, seq, message_id from scorpio_messages
            where session_id = $1 and is_current and seq > parents.parent order by seq limit 1) next
        where next.parent = parents.parent)
    select parent, seq, message_id, is_current
    from (select *, count(*) over (partition by parent) as ways from ways) counted
    where ways > 1 order by parent, seq";

/// The messages of a branch are those that lead to one, and from there on at each place the newest. Those that leave the history do so
/// first: two messages of the same id may not be in it together.
const SWITCH: &str = "
    with recursive session as materialized (
        select id, xmin as row from scorpio_sessions where id = $1 and owner = $2 for no key update),
    fresh as materialized (
        select id, row = (select xmin from scorpio_sessions where id = $1) as is_fresh,
            exists (select from scorpio_runs where session_id = $1 and status <> 'finished') as is_live
        from session),
    up (seq, parent) as (
        select m.seq, m.parent from fresh join scorpio_messages m on m.session_id = fresh.id and m.seq = $3
        where is_fresh and not is_live
        union all
        select m.seq, m.parent from up join scorpio_messages m on m.session_id = $1 and m.seq = up.parent),
    down (seq) as (
        select seq from up where seq = $3
        union all
        select child.seq from down cross join lateral (
            select greatest(
                (select max(seq) from scorpio_messages where session_id = $1 and parent = down.seq and not is_current),
                (select next.seq from (
                     select seq, parent from scorpio_messages where session_id = $1 and is_current and seq > down.seq
                     order by seq limit 1) next
                 where next.parent = down.seq)) as seq) child
        where child.seq is not null),
    path as materialized (select seq from up union select seq from down),
    left_behind as (
        update scorpio_messages m set is_current = false
        where m.session_id = $1 and m.is_current and exists (select from up) and m.seq not in (select seq from path)
        returning 1),
    joined as (
        update scorpio_messages m set is_current = true
        where m.session_id = $1 and not m.is_current and m.seq in (select seq from path)
        and (select count(*) from left_behind) >= 0
        returning 1),
    moved as (
        update scorpio_sessions s set version = s.version + 1
        from fresh where s.id = fresh.id and exists (select from up) and (select count(*) from joined) >= 0
        returning 1)
    select is_fresh, is_live, exists (select from up), (select count(*) from moved) from fresh";

impl PostgresStore {
    pub(super) async fn find_branch_points(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Vec<BranchPoint>, StoreError> {
        let mut points: Vec<BranchPoint> = Vec::new();
        for row in &self.database().rows(select_branch_points(owner, id)).await? {
            let mut columns = Columns::of(row, "scorpio_messages");
            let after = columns.number()?;
            let way = Way::new(columns.number()?, columns.id()?, columns.get()?);
            match points.last_mut().filter(|point| point.after == after) {
                Some(point) => point.ways.push(way),
                None => points.push(BranchPoint::new(after, vec![way])),
            }
        }
        Ok(points)
    }

    pub(super) async fn set_branch(
        &self,
        owner: &OwnerId,
        id: &SessionId,
        seq: u64,
    ) -> Result<Option<Session>, StoreError> {
        loop {
            let query = Query::new(SWITCH).text(id.as_str()).text(owner.as_str()).number(seq);
            let Some(row) = self.database().row(query).await? else { return Ok(None) };
            let mut columns = Columns::of(&row, "scorpio_sessions");
            let (is_fresh, is_live, is_there): (bool, bool, bool) =
                (columns.get()?, columns.get()?, columns.get()?);
            if is_there {
                return self.find_session(owner, id).await;
            }
            if is_live {
                let message = format!("a run of session {id} is live");
                return Err(StoreError::new(StoreErrorKind::Busy, message));
            }
            if is_fresh {
                let message = format!("session {id} has no message {seq}");
                return Err(StoreError::new(StoreErrorKind::NotFound, message));
            }
        }
    }

    pub(super) async fn find_snapshot(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<SessionSnapshot>, StoreError> {
        let how = "begin isolation level repeatable read read only";
        let mut transaction = self.database().begin(how).await.map_err(store_error)?;
        let session = transaction.run(sessions::select_session(owner, id)).await.map_err(store_error)?;
        let messages = Query::new(
            "select seq, parent, is_current, run_id, body from scorpio_messages where session_id = $1 order by seq",
        );
        let messages = transaction.run(messages.text(id.as_str())).await.map_err(store_error)?;
        let executions =
            Query::new("select body from scorpio_tool_executions where session_id = $1 order by ordinal");
        let executions = transaction.run(executions.text(id.as_str())).await.map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;

        let Some(session) = session.first() else { return Ok(None) };
        let message = |row: &PgRow| {
            let mut columns = Columns::of(row, "scorpio_messages");
            let (seq, parent, is_current) = (columns.number()?, columns.number()?, columns.get()?);
            Ok(SnapshotMessage::new(seq, parent, is_current, columns.uuid()?, columns.json()?))
        };
        let messages = messages.iter().map(message).collect::<Result<Vec<_>, StoreError>>()?;
        let execution = |row| Columns::of(row, "scorpio_tool_executions").json();
        let executions = executions.iter().map(execution).collect::<Result<Vec<ToolExecution>, _>>()?;
        Ok(Some(SessionSnapshot::new(sessions::session(session)?, messages, executions)))
    }

    pub(super) async fn insert_snapshot(&self, snapshot: SessionSnapshot) -> Result<Session, StoreError> {
        snapshot.check()?;
        let rows =
            self.database().run(insert_snapshot(&snapshot)?).await.map_err(|error| {
                match violated(&error) {
                    Some(Violated::Unique("scorpio_sessions_pkey")) => {
                        let message = format!("there is a session with the id {}", snapshot.session.id);
                        StoreError::new(StoreErrorKind::AlreadyExists, message)
                    }
                    _ => store_error(error),
                }
            })?;
        rows.first().map_or(Ok(snapshot.session), sessions::session)
    }
}

pub(super) fn select_branch_points(owner: &OwnerId, id: &SessionId) -> Query {
    Query::new(BRANCH_POINTS).text(id.as_str()).text(owner.as_str())
}

fn insert_snapshot(snapshot: &SessionSnapshot) -> Result<Query, StoreError> {
    let SessionSnapshot { session, messages, executions, .. } = snapshot;
    let rows =
        messages.iter().map(|message| MessageRow::of(&message.message)).collect::<Result<Vec<_>, _>>()?;
    let bodies = executions.iter().map(|execution| json("a tool execution", execution));
    let query = Query::new(format!(
        "with session as (
             insert into scorpio_sessions (id, owner, title, version, created_at, updated_at, metadata, approved_tools)
             values ($1, $2, $3, $4, $5, $6, $7, $8) returning *),
         messages as (
             insert into scorpio_messages (session_id, seq, parent, is_current, run_id, message_id, role, body)
             select id, new.* from session, unnest(
                 $9::bigint[], $10::bigint[], $11::boolean[], $12::uuid[], $13::text[], $14::text[], $15::text[]) new),
         executions as (
             insert into scorpio_tool_executions (session_id, run_id, turn, call_index, tool, status, body)
             select id, run_id, turn, call_index, tool, status, body
             from session, unnest($16::uuid[], $17::bigint[], $18::bigint[], $19::text[], $20::text[], $21::text[])
                 with ordinality as new (run_id, turn, call_index, tool, status, body, place)
             order by place)
         select {} from session",
        sessions::COLUMNS
    ))
    .text(session.id.as_str())
    .text(session.owner.as_str())
    .text(&session.title)
    .number(session.version)
    .bind(Time(session.created_at))
    .bind(Time(session.updated_at))
    .optional_text(session.metadata.as_ref().map(|metadata| metadata.get()))
    .text(&json("names of tools", &session.approved_tools)?)
    .bind(messages.iter().map(|message| number(message.seq)).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| number(message.parent)).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| message.is_current).collect::<Vec<_>>())
    .bind(messages.iter().map(|message| *message.run.as_uuid()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.role).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.body.as_str()).collect::<Vec<_>>())
    .bind(executions.iter().map(|execution| *execution.run.as_uuid()).collect::<Vec<_>>())
    .bind(executions.iter().map(|execution| number(execution.turn)).collect::<Vec<_>>())
    .bind(executions.iter().map(|execution| number(execution.index)).collect::<Vec<_>>())
    .bind(executions.iter().map(|execution| storable(execution.tool.as_str())).collect::<Vec<_>>())
    .bind(executions.iter().map(|execution| execution.status.as_str()).collect::<Vec<_>>())
    .bind(bodies.collect::<Result<Vec<_>, _>>()?);
    Ok(query)
}
