//! The SQL of runs, their leases and tool executions.
//!
//! A transaction is a list of statements in which each works only if the one before it did: `changes()` is the number of rows that
//! the statement before has changed. The last one reads what a refusal is explained with.

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    Message, MessageId, OwnerId, RunId, SessionId,
    store::{Begin, Begun, Commit, Lease, RunRecord, RunStatus, StoreError, StoreErrorKind, ToolExecution},
};
use sqlx::sqlite::SqliteRow;

use super::{
    SqliteStore,
    error::{Violated, store_error, violated},
    row::{Columns, changes, now, rows},
    script::{Script, Step},
};

const COLUMNS: &str =
    "id, session_id, owner, status, ended, holder, fence, lease_until, machine, started_at, finished_at";

fn record(row: &SqliteRow) -> Result<RunRecord, StoreError> {
    let mut columns = Columns::of(row, "scorpio_runs");
    let id: RunId = columns.id()?;
    let (session, owner): (SessionId, OwnerId) = (columns.id()?, columns.id()?);
    let status: &str = columns.get()?;
    let end = columns.optional_json()?;
    let holder: String = columns.get()?;
    let fence = columns.number()?;
    let lease_until = columns.time()?;
    let machine = columns.json()?;
    let started_at = columns.time()?;
    let begin = Begin::new(session, owner, holder, machine);
    let mut record = RunRecord::begin(&begin, started_at, lease_until);
    record.id = id;
    record.status =
        if status == RunStatus::Running.as_str() { RunStatus::Running } else { RunStatus::Finished };
    (record.end, record.fence, record.finished_at) = (end, fence, columns.optional_time()?);
    Ok(record)
}

fn first_record(steps: &[Step]) -> Result<Option<RunRecord>, StoreError> {
    rows(steps, 0).first().map(record).transpose()
}

fn json<T: serde::Serialize + ?Sized>(what: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::corrupt(format!("{what} cannot be written as JSON"), error))
}

/// What a message is stored as.
struct MessageRow {
    id: MessageId,
    role: &'static str,
    body: String,
}

impl MessageRow {
    fn of(message: &Message) -> Result<Self, StoreError> {
        let role = match message.role {
            scorpio_core::Role::System => "system",
            scorpio_core::Role::User => "user",
            scorpio_core::Role::Assistant => "assistant",
            scorpio_core::Role::Tool => "tool",
            _ => "other",
        };
        Ok(Self { id: message.id.clone(), role, body: json("a message", message)? })
    }
}

impl SqliteStore {
    pub(super) async fn insert_run(&self, begin: Begin) -> Result<Begun, StoreError> {
        let input = begin.input.as_ref().map(MessageRow::of).transpose()?;
        let now = now();
        let record = RunRecord::begin(&begin, now, after(now, begin.ttl));
        let script = insert_run(&begin, &record, input.as_ref())?;
        let steps = self.write(script).await.map_err(|error| cannot_begin(&begin, error))?;
        let Some(row) = rows(&steps, steps.len().saturating_sub(1)).first() else {
            let message = format!("there is no session {}", begin.session);
            return Err(StoreError::new(StoreErrorKind::NotFound, message));
        };
        let version = Columns::of(row, "scorpio_sessions").number()?;
        match changes(&steps, steps.len().saturating_sub(2)) {
            0 => Err(conflict(&begin.session, version)),
            _ => Ok(Begun::new(record.lease(), version)),
        }
    }

    pub(super) async fn write_commit(&self, commit: Commit<'_>) -> Result<u64, StoreError> {
        let script = write_commit(&commit)?;
        let lease = commit.lease;
        let steps = self.write(script).await.map_err(|error| match violated(&error) {
            Some(Violated::Unique(_)) => {
                let message =
                    format!("a message of run {} has an id that is in its session already", lease.run);
                StoreError::new(StoreErrorKind::AlreadyExists, message)
            }
            _ => store_error(error),
        })?;
        let Some(row) = rows(&steps, steps.len().saturating_sub(1)).first() else {
            return Err(no_run(lease.run));
        };
        let mut columns = Columns::of(row, "scorpio_runs");
        let (version, is_held) = (columns.number()?, columns.get::<bool>()?);
        match changes(&steps, 0) {
            0 if is_held => Err(conflict(commit.machine.session(), version)),
            0 => Err(fenced(lease)),
            _ => Ok(version),
        }
    }

    pub(super) async fn prolong(&self, lease: &Lease, ttl: Duration) -> Result<(), StoreError> {
        let script = Script::new(
            "update scorpio_runs set lease_until = ?
             where id = ? and holder = ? and fence = ? and status = 'running'",
        )
        .bind(after(now(), ttl))
        .bind(lease.run.to_string())
        .bind(lease.holder.as_str())
        .bind(lease.fence)
        .then("select 1 from scorpio_runs where id = ?")
        .bind(lease.run.to_string());
        let steps = self.write(script).await.map_err(store_error)?;
        match (changes(&steps, 0), rows(&steps, 1).is_empty()) {
            (0, true) => Err(no_run(lease.run)),
            (0, false) => Err(fenced(lease)),
            _ => Ok(()),
        }
    }

    pub(super) async fn seize(
        &self,
        run: RunId,
        holder: &str,
        dead: Option<&str>,
        ttl: Duration,
    ) -> Result<RunRecord, StoreError> {
        let now = now();
        let script = Script::new(&format!(
            "update scorpio_runs set holder = ?, fence = fence + 1, lease_until = ?
             where id = ? and status = 'running' and (lease_until <= ? or holder = ?) returning {COLUMNS}"
        ))
        .bind(holder)
        .bind(after(now, ttl))
        .bind(run.to_string())
        .bind(now)
        .bind(dead)
        .then("select holder from scorpio_runs where id = ? and status = 'running'")
        .bind(run.to_string());
        let steps = self.write(script).await.map_err(store_error)?;
        if let Some(record) = first_record(&steps)? {
            return Ok(record);
        }
        let Some(row) = rows(&steps, 1).first() else { return Err(no_run(run)) };
        let holder: &str = Columns::of(row, "scorpio_runs").get()?;
        Err(StoreError::new(StoreErrorKind::Busy, format!("{holder} holds run {run}")))
    }

    pub(super) async fn select_run(
        &self,
        owner: &OwnerId,
        id: RunId,
    ) -> Result<Option<RunRecord>, StoreError> {
        let script = Script::new(&format!("select {COLUMNS} from scorpio_runs where id = ? and owner = ?"))
            .bind(id.to_string())
            .bind(owner.as_str());
        first_record(&self.read(script).await?)
    }

    pub(super) async fn select_live_run(
        &self,
        owner: &OwnerId,
        session: &SessionId,
    ) -> Result<Option<RunRecord>, StoreError> {
        first_record(&self.read(select_live_run(owner, session)).await?)
    }

    pub(super) async fn select_abandoned(
        &self,
        holder: &str,
        limit: usize,
    ) -> Result<Vec<RunRecord>, StoreError> {
        let steps = self.read(select_abandoned(holder, limit)).await?;
        rows(&steps, 0).iter().map(record).collect()
    }

    pub(super) async fn select_run_of_message(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        message: &MessageId,
    ) -> Result<Option<RunRecord>, StoreError> {
        first_record(&self.read(select_run_of_message(owner, session, message)).await?)
    }

    pub(super) async fn select_executions(
        &self,
        owner: &OwnerId,
        session: &SessionId,
        limit: usize,
    ) -> Result<Vec<ToolExecution>, StoreError> {
        let steps = self.read(select_executions(owner, session, limit)).await?;
        rows(&steps, 0).iter().map(|row| Columns::of(row, "scorpio_tool_executions").json()).collect()
    }
}

/// Everything is under the condition that the session is the owner's and of the expected version. The cut comes first because it
/// frees ids, and the message before the run because a message that is there is told before a run that is live.
fn insert_run(begin: &Begin, record: &RunRecord, input: Option<&MessageRow>) -> Result<Script, StoreError> {
    let mut script = Script::default();
    if let Some(cut) = begin.cut_after {
        script = script
            .then(
                "delete from scorpio_messages where session_id = ? and seq > ?
                 and exists (select 1 from scorpio_sessions where id = ? and owner = ? and version = coalesce(?, version))",
            )
            .bind(begin.session.as_str())
            .bind(cut)
            .bind(begin.session.as_str())
            .bind(begin.owner.as_str())
            .bind(begin.expected_version);
    }
    script = script
        .then(
            "update scorpio_sessions set version = version + ?, updated_at = coalesce(?, updated_at)
             where id = ? and owner = ? and version = coalesce(?, version)",
        )
        .bind(input.is_some())
        .bind(input.map(|_| record.started_at))
        .bind(begin.session.as_str())
        .bind(begin.owner.as_str())
        .bind(begin.expected_version);
    if let Some(input) = input {
        script = script
            .then(
                "insert into scorpio_messages (session_id, seq, message_id, run_id, role, body)
                 select id, version, ?, ?, ?, ? from scorpio_sessions where id = ? and changes() = 1",
            )
            .bind(input.id.as_str())
            .bind(record.id.to_string())
            .bind(input.role)
            .bind(input.body.as_str())
            .bind(begin.session.as_str());
    }
    let script = script
        .then(
            "insert into scorpio_runs (id, session_id, owner, status, holder, fence, lease_until, machine, started_at)
             select ?, ?, ?, 'running', ?, ?, ?, ?, ? where changes() = 1",
        )
        .bind(record.id.to_string())
        .bind(begin.session.as_str())
        .bind(begin.owner.as_str())
        .bind(begin.holder.as_str())
        .bind(record.fence)
        .bind(record.lease_until)
        .bind(json("a run", &begin.machine)?)
        .bind(record.started_at)
        .then("select version from scorpio_sessions where id = ? and owner = ?")
        .bind(begin.session.as_str())
        .bind(begin.owner.as_str());
    Ok(script)
}

fn cannot_begin(begin: &Begin, error: Arc<sqlx::Error>) -> StoreError {
    let (run, session) = (begin.machine.run(), &begin.session);
    let (kind, message) = match violated(&error) {
        Some(Violated::Unique("scorpio_runs.session_id")) => {
            (StoreErrorKind::Busy, format!("another run of session {session} is live"))
        }
        Some(Violated::Unique("scorpio_runs.id")) => {
            (StoreErrorKind::AlreadyExists, format!("there is a run {run} already"))
        }
        Some(Violated::Unique(_)) => {
            (StoreErrorKind::AlreadyExists, format!("the input of run {run} is in session {session} already"))
        }
        _ => return store_error(error),
    };
    StoreError::new(kind, message)
}

fn write_commit(commit: &Commit<'_>) -> Result<Script, StoreError> {
    let (lease, now) = (commit.lease, now());
    let run: Arc<str> = lease.run.to_string().into();
    let machine = json("a run", commit.machine)?;
    let held = "where id = ? and holder = ? and fence = ? and status = 'running'
                and (select version from scorpio_sessions where id = session_id) = ?";
    let mut script = match &commit.end {
        None => Script::new(&format!("update scorpio_runs set machine = ?, lease_until = ? {held}"))
            .bind(machine)
            .bind(after(now, commit.ttl)),
        Some(end) => Script::new(&format!(
            "update scorpio_runs
             set machine = ?, lease_until = ?, status = 'finished', ended = ?, finished_at = ? {held}"
        ))
        .bind(machine)
        .bind(after(now, commit.ttl))
        .bind(json("the end of a run", end)?)
        .bind(now),
    };
    script = script.bind(&run).bind(lease.holder.as_str()).bind(lease.fence).bind(commit.expected_version);
    if !commit.append.is_empty() {
        script = script
            .then(
                "update scorpio_sessions set version = version + ?, updated_at = ?
                 where id = (select session_id from scorpio_runs where id = ?) and changes() = 1",
            )
            .bind(commit.append.len())
            .bind(now)
            .bind(&run);
    }
    for (entry, seq) in commit.append.iter().zip(commit.expected_version.saturating_add(1)..) {
        let message = MessageRow::of(entry.message())?;
        script = script
            .then(
                "insert into scorpio_messages (session_id, seq, message_id, run_id, role, body)
                 select session_id, ?, ?, id, ?, ? from scorpio_runs where id = ? and changes() = 1",
            )
            .bind(seq)
            .bind(message.id.as_str())
            .bind(message.role)
            .bind(message.body)
            .bind(&run);
    }
    for execution in commit.executions {
        script = script
            .then(
                "insert into scorpio_tool_executions (session_id, run_id, turn, call_index, tool, status, body)
                 select session_id, id, ?, ?, ?, ?, ? from scorpio_runs where id = ? and changes() = 1
                 on conflict (run_id, turn, call_index)
                 do update set tool = excluded.tool, status = excluded.status, body = excluded.body",
            )
            .bind(i64::from(execution.turn))
            .bind(i64::from(execution.index))
            .bind(execution.tool.as_str())
            .bind(execution.status.as_str())
            .bind(json("a tool execution", execution)?)
            .bind(&run);
    }
    let script = script
        .then(
            "select s.version, r.holder = ? and r.fence = ? and r.status = 'running'
             from scorpio_runs r join scorpio_sessions s on s.id = r.session_id where r.id = ?",
        )
        .bind(lease.holder.as_str())
        .bind(lease.fence)
        .bind(&run);
    Ok(script)
}

pub(super) fn select_live_run(owner: &OwnerId, session: &SessionId) -> Script {
    Script::new(&format!(
        "select {COLUMNS} from scorpio_runs where session_id = ? and status = 'running' and owner = ?"
    ))
    .bind(session.as_str())
    .bind(owner.as_str())
}

pub(super) fn select_abandoned(holder: &str, limit: usize) -> Script {
    Script::new(&format!(
        "select {COLUMNS} from scorpio_runs where status = 'running' and (lease_until <= ? or holder <> ?)
         order by started_at, id limit ?"
    ))
    .bind(now())
    .bind(holder)
    .bind(limit)
}

pub(super) fn select_run_of_message(owner: &OwnerId, session: &SessionId, message: &MessageId) -> Script {
    Script::new(&format!(
        "select {COLUMNS} from scorpio_runs where owner = ?
         and id = (select run_id from scorpio_messages where session_id = ? and message_id = ?)"
    ))
    .bind(owner.as_str())
    .bind(session.as_str())
    .bind(message.as_str())
}

pub(super) fn select_executions(owner: &OwnerId, session: &SessionId, limit: usize) -> Script {
    Script::new(
        "select body from scorpio_tool_executions
         where session_id = ? and exists (select 1 from scorpio_sessions where id = ? and owner = ?)
         order by ordinal limit ?",
    )
    .bind(session.as_str())
    .bind(session.as_str())
    .bind(owner.as_str())
    .bind(limit)
}

fn after(time: jiff::Timestamp, ttl: Duration) -> jiff::Timestamp {
    time.checked_add(ttl).unwrap_or(jiff::Timestamp::MAX)
}

fn no_run(run: RunId) -> StoreError {
    StoreError::new(StoreErrorKind::NotFound, format!("there is no run {run}, or it is over"))
}

fn fenced(lease: &Lease) -> StoreError {
    let message = format!("{} holds run {} no more (fence {})", lease.holder, lease.run, lease.fence);
    StoreError::new(StoreErrorKind::Fenced, message)
}

fn conflict(session: &SessionId, actual: u64) -> StoreError {
    let message = format!("session {session} is at version {actual}, not at the expected one");
    StoreError::new(StoreErrorKind::Conflict { actual }, message)
}
