//! The SQL of a step of a run.

use scorpio_core::store::{Commit, StoreError, StoreErrorKind};

use super::{
    SqliteStore,
    error::{Violated, primary_code, store_error, violated},
    journal::insert_entry,
    row::{Columns, changes, now, rows},
    runs::after,
    script::{Script, Step},
    statement::say,
};
use crate::record::{MessageRow, conflict, fenced, json, no_run};

/// Ends the script with an error if the statement before has changed nothing: what a tool says to the database must not be said then.
pub(super) const EXPECT_CHANGE: &str = "insert into scorpio_runs (id) select null where changes() = 0";

/// Whether `error` is that of [`EXPECT_CHANGE`].
pub(super) fn expected_change(error: &sqlx::Error) -> bool {
    let message = error.as_database_error().map(|error| error.message());
    message.is_some_and(|message| message == "NOT NULL constraint failed: scorpio_runs.id")
}

impl SqliteStore {
    pub(super) async fn write_commit(&self, commit: Commit<'_>) -> Result<u64, StoreError> {
        let lease = commit.lease;
        let steps = match self.write(write_commit(&commit)?).await {
            Ok(steps) => steps,
            // With statements of a tool in it a refused step is an error; why it was refused is asked separately.
            Err(error) if expected_change(&error) => {
                let steps = self.write(explain(Script::default(), &commit)).await.map_err(store_error)?;
                return answer(&commit, &steps, 0);
            }
            Err(error) => {
                return Err(match violated(&error) {
                    Some(Violated::Unique(columns)) if columns.starts_with("scorpio_messages.") => {
                        let message = format!(
                            "a message of run {} has an id that is in its session already",
                            lease.run
                        );
                        StoreError::new(StoreErrorKind::AlreadyExists, message)
                    }
                    _ if !commit.statements.is_empty() && is_refusal(&error) => {
                        let message = "the database refuses what a transactional tool says to it";
                        StoreError::new(StoreErrorKind::Rejected, message).with_source(error)
                    }
                    _ => store_error(error),
                });
            }
        };
        answer(&commit, &steps, changes(&steps, 0))
    }
}

/// Whether the database says that a statement is wrong, not that it cannot do anything now.
fn is_refusal(error: &sqlx::Error) -> bool {
    // SQLITE_ERROR, CONSTRAINT, MISMATCH, RANGE: <https://www.sqlite.org/rescode.html>.
    matches!(primary_code(error), Some(1 | 19 | 20 | 25)) || matches!(error, sqlx::Error::Encode(_))
}

/// What the last statement of the script says about the step.
fn answer(commit: &Commit<'_>, steps: &[Step], changed: u64) -> Result<u64, StoreError> {
    let Some(row) = rows(steps, steps.len().saturating_sub(1)).first() else {
        return Err(no_run(commit.lease.run));
    };
    let mut columns = Columns::of(row, "scorpio_runs");
    let (version, is_held) = (columns.number()?, columns.get::<bool>()?);
    let (is_running, step) = (columns.get::<bool>()?, columns.number()?);
    match changed {
        0 if is_held && commit.step == Some(step) => Ok(version),
        0 if is_held && is_running => Err(conflict(commit.machine.session(), version)),
        0 => Err(fenced(commit.lease)),
        _ => Ok(version),
    }
}

fn write_commit(commit: &Commit<'_>) -> Result<Script, StoreError> {
    let (lease, now) = (commit.lease, now());
    let run: std::sync::Arc<str> = lease.run.to_string().into();
    let status = match (&commit.end, &commit.wait) {
        (Some(_), _) => "finished",
        (None, Some(_)) => "waiting",
        (None, None) => "running",
    };
    let lease_until = if commit.wait.is_some() { now } else { after(now, commit.ttl) };
    let mut script = Script::new(
        "update scorpio_runs
         set machine = ?, signals_seen = ?, step = coalesce(?, step), lease_until = ?, status = ?, wake_at = ?,
             ended = ?, finished_at = ?
         where id = ? and holder = ? and fence = ? and status = 'running' and step is not ?
         and (select version from scorpio_sessions where id = session_id) = ?",
    )
    .bind(json("a run", commit.machine)?)
    .bind(commit.machine.signals_seen())
    .bind(commit.step)
    .bind(lease_until)
    .bind(status)
    .bind(commit.wait.and_then(|wait| wait.wake_at))
    .bind(commit.end.as_ref().map(|end| json("the end of a run", end)).transpose()?)
    .bind(commit.end.map(|_| now))
    .bind(&run)
    .bind(lease.holder.as_str())
    .bind(lease.fence)
    .bind(commit.step)
    .bind(commit.expected_version);
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
                "insert into scorpio_messages (session_id, seq, parent, is_current, message_id, run_id, role, body)
                 select r.session_id, ?,
                        coalesce((select max(seq) from scorpio_messages m where m.session_id = r.session_id and is_current = 1), 0),
                        1, ?, r.id, ?, ? from scorpio_runs r where r.id = ? and changes() = 1",
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
                 on conflict (session_id, run_id, turn, call_index)
                 do update set tool = excluded.tool, status = excluded.status, body = excluded.body",
            )
            .bind(i64::from(execution.turn))
            .bind(i64::from(execution.index))
            .bind(execution.tool.as_str())
            .bind(execution.status.as_str())
            .bind(json("a tool execution", execution)?)
            .bind(&run);
    }
    if let Some(entry) = commit.journal {
        script = insert_entry(script, lease.run, entry);
    }
    if !commit.statements.is_empty() {
        script = script.then(EXPECT_CHANGE);
    }
    for statement in commit.statements {
        script = say(script, statement)?;
    }
    Ok(explain(script, commit))
}

/// Adds what a refusal is explained with.
fn explain(script: Script, commit: &Commit<'_>) -> Script {
    script
        .then(
            "select s.version, r.holder = ? and r.fence = ?, r.status = 'running', r.step
             from scorpio_runs r join scorpio_sessions s on s.id = r.session_id where r.id = ?",
        )
        .bind(commit.lease.holder.as_str())
        .bind(commit.lease.fence)
        .bind(commit.lease.run.to_string())
}
