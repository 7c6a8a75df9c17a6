//! The SQL of runs and their leases, and what can be looked up about them.
//!
//! A transaction is a list of statements in which each works only if the one before it did: `changes()` is the number of rows that
//! the statement before has changed. The last one reads what a refusal is explained with.

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    MessageId, OwnerId, RunId, SessionId,
    store::{
        Begin, Begun, Claimable, Lease, RunRecord, RunStatus, StoreError, StoreErrorKind, ToolExecution,
    },
};
use sqlx::sqlite::SqliteRow;

use super::{
    SqliteStore,
    error::{Violated, store_error, violated},
    journal::insert_entry,
    row::{Columns, changes, now, rows},
    script::{Script, Step},
};
use crate::record::{MessageRow, conflict, fenced, json, no_run};

const COLUMNS: &str = "id, session_id, owner, status, ended, holder, fence, lease_until, wake_at, step, recoveries, machine, \
                       started_at, finished_at";

fn record(row: &SqliteRow) -> Result<RunRecord, StoreError> {
    let mut columns = Columns::of(row, "scorpio_runs");
    let id: RunId = columns.id()?;
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

fn first_record(steps: &[Step]) -> Result<Option<RunRecord>, StoreError> {
    rows(steps, 0).first().map(record).transpose()
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
        // What comes last before it was only done if all before was.
        match changes(&steps, steps.len().saturating_sub(2)) {
            0 => Err(conflict(&begin.session, version)),
            _ => Ok(Begun::new(record.lease(), version)),
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
            "update scorpio_runs
             set holder = ?, fence = fence + 1, lease_until = ?, recoveries = recoveries + (status = 'running'),
                 status = 'running', wake_at = null
             where id = ? and (status = 'waiting' or status = 'running' and (lease_until <= ? or holder = ?))
             returning {COLUMNS}"
        ))
        .bind(holder)
        .bind(after(now, ttl))
        .bind(run.to_string())
        .bind(now)
        .bind(dead)
        .then("select holder from scorpio_runs where id = ? and status <> 'finished'")
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

    pub(super) async fn select_claimable(&self, which: &Claimable) -> Result<Vec<RunRecord>, StoreError> {
        let steps = self.read(select_claimable(which)?).await?;
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
    if let Some(last) = begin.branch_after {
        script = script
            .then(
                "update scorpio_messages set is_current = 0 where session_id = ? and seq > ? and is_current = 1
                 and exists (select 1 from scorpio_sessions where id = ? and owner = ? and version = coalesce(?, version))",
            )
            .bind(begin.session.as_str())
            .bind(last)
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
                "insert into scorpio_messages (session_id, seq, parent, is_current, message_id, run_id, role, body)
                 select id, version, coalesce((select max(seq) from scorpio_messages where session_id = id and is_current = 1), 0),
                        1, ?, ?, ?, ? from scorpio_sessions where id = ? and changes() = 1",
            )
            .bind(input.id.as_str())
            .bind(record.id.to_string())
            .bind(input.role)
            .bind(input.body.as_str())
            .bind(begin.session.as_str());
    }
    script = script
        .then(
            "insert into scorpio_runs
                 (id, session_id, owner, agent, status, holder, fence, lease_until, machine, started_at)
             select ?, ?, ?, ?, 'running', ?, ?, ?, ?, ? where changes() = 1",
        )
        .bind(record.id.to_string())
        .bind(begin.session.as_str())
        .bind(begin.owner.as_str())
        .bind(begin.machine.agent())
        .bind(begin.holder.as_str())
        .bind(record.fence)
        .bind(record.lease_until)
        .bind(json("a run", &begin.machine)?)
        .bind(record.started_at);
    if let Some(entry) = &begin.journal {
        script = insert_entry(script, record.id, entry);
    }
    let script = script
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

pub(super) fn select_live_run(owner: &OwnerId, session: &SessionId) -> Script {
    Script::new(&format!(
        "select {COLUMNS} from scorpio_runs where session_id = ? and status <> 'finished' and owner = ?"
    ))
    .bind(session.as_str())
    .bind(owner.as_str())
}

pub(super) fn select_claimable(which: &Claimable) -> Result<Script, StoreError> {
    let agents = which.agents.as_ref().map(|agents| json("names of agents", agents)).transpose()?;
    let now = now();
    let script = Script::new(&format!(
        "select {COLUMNS} from scorpio_runs where status <> 'finished'
         and (status = 'running' and (lease_until <= ? or holder <> coalesce(?, holder))
              or status = 'waiting' and (wake_at <= ? or exists (
                  select 1 from scorpio_signals where run_id = id and seq > signals_seen)))
         and (? is null or agent in (select value from json_each(?)))
         order by started_at, id limit ?"
    ))
    .bind(now)
    .bind(which.sole_holder.as_deref())
    .bind(now)
    .bind(agents.as_deref())
    .bind(agents.as_deref())
    .bind(which.limit);
    Ok(script)
}

pub(super) fn select_run_of_message(owner: &OwnerId, session: &SessionId, message: &MessageId) -> Script {
    Script::new(&format!(
        "select {COLUMNS} from scorpio_runs where owner = ?
         and id = coalesce(
             (select run_id from scorpio_messages where session_id = ? and message_id = ? and is_current = 1),
             (select run_id from scorpio_messages where session_id = ? and message_id = ? and is_current = 0
              order by seq desc limit 1))"
    ))
    .bind(owner.as_str())
    .bind(session.as_str())
    .bind(message.as_str())
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

pub(super) fn after(time: jiff::Timestamp, ttl: Duration) -> jiff::Timestamp {
    time.checked_add(ttl).unwrap_or(jiff::Timestamp::MAX)
}
