//! The SQL of branches, and of sessions that are exported and imported with all of theirs.

use scorpio_core::{
    OwnerId, SessionId,
    store::{
        BranchPoint, Session, SessionSnapshot, SnapshotMessage, StoreError, StoreErrorKind, ToolExecution,
        Way,
    },
};
use sqlx::sqlite::SqliteRow;

use super::{
    SqliteStore,
    commit::{EXPECT_CHANGE, expected_change},
    error::{Violated, store_error, violated},
    row::{Columns, rows},
    script::Script,
};
use crate::record::{MessageRow, json};

/// The messages of a branch: those that lead to one, and from there on at each place the newest. Of the children of a message all but one
/// are on other branches; the one of the current branch is the next message there.
const PATH: &str = "with recursive up (seq, parent) as (
        select seq, parent from scorpio_messages where session_id = ?1 and seq = ?2
        union all select m.seq, m.parent from up join scorpio_messages m on m.session_id = ?1 and m.seq = up.parent
    ), down (seq) as (
        select ?2
        union all select max(
            coalesce((select max(seq) from scorpio_messages where session_id = ?1 and parent = down.seq and is_current = 0), 0),
            coalesce((select case when parent = down.seq then seq end from scorpio_messages
                where session_id = ?1 and seq > down.seq and is_current = 1 order by seq limit 1), 0))
        from down where down.seq > 0
    ) select seq from up union select seq from down where seq > 0";

const BRANCH_POINTS: &str = "with others (parent, seq, message_id) as materialized (
        select parent, seq, message_id from scorpio_messages
        where session_id = ? and is_current = 0 and exists (select 1 from scorpio_sessions where id = ? and owner = ?)
    ), ways (parent, seq, message_id, is_current) as materialized (
        select parent, seq, message_id, 0 from others
        union all
        select next.parent, next.seq, next.message_id, 1
        from (select distinct parent from others) fork join scorpio_messages next
        on next.session_id = ? and next.parent = fork.parent and next.seq = (
            select seq from scorpio_messages where session_id = ? and seq > fork.parent and is_current = 1 order by seq limit 1)
    ) select parent, seq, message_id, is_current from ways
    where parent in (select parent from ways group by parent having count(*) > 1) order by parent, seq";

impl SqliteStore {
    pub(super) async fn select_branch_points(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Vec<BranchPoint>, StoreError> {
        let steps = self.read(select_branch_points(owner, id)).await?;
        let mut points: Vec<BranchPoint> = Vec::new();
        for row in rows(&steps, 0) {
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
        match self.write(set_branch(owner, id, seq)).await {
            Ok(_) => self.select_session(owner, id).await,
            Err(error) if expected_change(&error) => {
                if self.select_session(owner, id).await?.is_none() {
                    return Ok(None);
                }
                if let Some(live) = self.select_live_run(owner, id).await? {
                    let message = format!("run {} of session {id} is live", live.id);
                    return Err(StoreError::new(StoreErrorKind::Busy, message));
                }
                let message = format!("session {id} has no message {seq}");
                Err(StoreError::new(StoreErrorKind::NotFound, message))
            }
            Err(error) => Err(store_error(error)),
        }
    }

    pub(super) async fn select_snapshot(
        &self,
        owner: &OwnerId,
        id: &SessionId,
    ) -> Result<Option<SessionSnapshot>, StoreError> {
        // The session comes last: whatever was added meanwhile is then of a version that it has.
        let script = Script::new(
            "select seq, parent, is_current, run_id, body from scorpio_messages where session_id = ? order by seq",
        )
        .bind(id.as_str())
        .then("select body from scorpio_tool_executions where session_id = ? order by ordinal")
        .bind(id.as_str());
        let steps = self.read(script).await?;
        let Some(session) = self.select_session(owner, id).await? else { return Ok(None) };
        let message = |row: &SqliteRow| {
            let mut columns = Columns::of(row, "scorpio_messages");
            let (seq, parent, is_current) = (columns.number()?, columns.number()?, columns.get()?);
            Ok(SnapshotMessage::new(seq, parent, is_current, columns.id()?, columns.json()?))
        };
        let messages = rows(&steps, 0).iter().map(message).collect::<Result<Vec<_>, StoreError>>()?;
        let execution = |row| Columns::of(row, "scorpio_tool_executions").json();
        let executions = rows(&steps, 1).iter().map(execution).collect::<Result<Vec<ToolExecution>, _>>()?;
        Ok(Some(SessionSnapshot::new(session, messages, executions)))
    }

    pub(super) async fn insert_snapshot(&self, snapshot: SessionSnapshot) -> Result<Session, StoreError> {
        snapshot.check()?;
        let script = insert_snapshot(&snapshot)?;
        match self.write(script).await {
            Ok(_) => Ok(snapshot.session),
            Err(error) if matches!(violated(&error), Some(Violated::Unique("scorpio_sessions.id"))) => {
                let message = format!("there is a session with the id {}", snapshot.session.id);
                Err(StoreError::new(StoreErrorKind::AlreadyExists, message))
            }
            Err(error) => Err(store_error(error)),
        }
    }
}

pub(super) fn select_branch_points(owner: &OwnerId, id: &SessionId) -> Script {
    Script::new(BRANCH_POINTS)
        .bind(id.as_str())
        .bind(id.as_str())
        .bind(owner.as_str())
        .bind(id.as_str())
        .bind(id.as_str())
}

fn set_branch(owner: &OwnerId, id: &SessionId, seq: u64) -> Script {
    // Numbered parameters would be numbered anew in a script.
    let path = PATH.replace("?1", "?").replace("?2", "?");
    let id_and_seq = |script: Script| script.bind(id.as_str()).bind(seq);
    let path_of = |script| id_and_seq(id_and_seq(script)).bind(id.as_str()).bind(id.as_str());
    let script = Script::new(
        "update scorpio_sessions set version = version + 1 where id = ? and owner = ?
         and exists (select 1 from scorpio_messages where session_id = ? and seq = ?)
         and not exists (select 1 from scorpio_runs where session_id = ? and status <> 'finished')",
    )
    .bind(id.as_str())
    .bind(owner.as_str())
    .bind(id.as_str())
    .bind(seq)
    .bind(id.as_str())
    .then(EXPECT_CHANGE)
    // In two steps: two messages of the same id may not be current together, not even for a moment.
    .then(&format!(
        "update scorpio_messages set is_current = 0 where session_id = ? and is_current = 1 and seq not in ({path})"
    ))
    .bind(id.as_str());
    let script = path_of(script)
        .then(&format!(
            "update scorpio_messages set is_current = 1 where session_id = ? and is_current = 0 and seq in ({path})"
        ))
        .bind(id.as_str());
    path_of(script)
}

fn insert_snapshot(snapshot: &SessionSnapshot) -> Result<Script, StoreError> {
    let session = &snapshot.session;
    let mut script = Script::new(
        "insert into scorpio_sessions (id, owner, title, version, created_at, updated_at, metadata, approved_tools)
         values (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(session.id.as_str())
    .bind(session.owner.as_str())
    .bind(session.title.as_str())
    .bind(session.version)
    .bind(session.created_at)
    .bind(session.updated_at)
    .bind(session.metadata.as_ref().map(|metadata| metadata.get()))
    .bind(json("names of tools", &session.approved_tools)?);
    for message in &snapshot.messages {
        let row = MessageRow::of(&message.message)?;
        script = script
            .then(
                "insert into scorpio_messages (session_id, seq, parent, is_current, message_id, run_id, role, body)
                 values (?, ?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(session.id.as_str())
            .bind(message.seq)
            .bind(message.parent)
            .bind(message.is_current)
            .bind(row.id.as_str())
            .bind(message.run.to_string())
            .bind(row.role)
            .bind(row.body);
    }
    for execution in &snapshot.executions {
        script = script
            .then(
                "insert into scorpio_tool_executions (session_id, run_id, turn, call_index, tool, status, body)
                 values (?, ?, ?, ?, ?, ?, ?)",
            )
            .bind(session.id.as_str())
            .bind(execution.run.to_string())
            .bind(i64::from(execution.turn))
            .bind(i64::from(execution.index))
            .bind(execution.tool.as_str())
            .bind(execution.status.as_str())
            .bind(json("a tool execution", execution)?);
    }
    Ok(script)
}
