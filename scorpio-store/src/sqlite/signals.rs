//! The SQL of signals, and waiting for them: at once for those of this process, and by looking now and then for those of others.

use std::time::Duration;

use scorpio_core::{
    OwnerId, RunId,
    store::{Signal, StoreError, StoreErrorKind, StoredSignal},
};
use sqlx::sqlite::SqliteRow;

use super::{
    SqliteStore,
    error::{Violated, store_error, violated},
    row::{Columns, now, rows},
    runs::{json, no_run},
    script::Script,
};

/// How often to look for signals that another process has sent.
const POLL: Duration = Duration::from_millis(500);

fn signal(row: &SqliteRow) -> Result<StoredSignal, StoreError> {
    let mut columns = Columns::of(row, "scorpio_signals");
    Ok(StoredSignal::new(columns.number()?, columns.time()?, columns.json()?))
}

impl SqliteStore {
    pub(super) async fn insert_signal(
        &self,
        owner: &OwnerId,
        run: RunId,
        signal: &Signal,
    ) -> Result<u64, StoreError> {
        let script = Script::new(
            "insert into scorpio_signals (run_id, seq, subject, body, sent_at)
             select id, coalesce((select max(seq) from scorpio_signals where run_id = id), 0) + 1, ?, ?, ?
             from scorpio_runs where id = ? and owner = ? and status <> 'finished' returning seq",
        )
        .bind(signal.subject())
        .bind(json("a signal", signal)?)
        .bind(now())
        .bind(run.to_string())
        .bind(owner.as_str());
        let steps = self.write(script).await.map_err(|error| match violated(&error) {
            Some(Violated::Unique(_)) => StoreError::new(
                StoreErrorKind::AlreadyExists,
                format!("run {run} was told about this before"),
            ),
            _ => store_error(error),
        })?;
        let Some(row) = rows(&steps, 0).first() else { return Err(no_run(run)) };
        let seq = Columns::of(row, "scorpio_signals").number()?;
        self.signalled().notify_waiters();
        Ok(seq)
    }

    pub(super) async fn select_signals(
        &self,
        run: RunId,
        after: u64,
    ) -> Result<Vec<StoredSignal>, StoreError> {
        let steps = self.read(select_signals(run, after)).await?;
        rows(&steps, 0).iter().map(signal).collect()
    }

    pub(super) async fn await_signal(&self, run: RunId, after: u64) -> Result<(), StoreError> {
        loop {
            // Registered before the table is looked at, so that nothing is missed in between.
            let mut signalled = std::pin::pin!(self.signalled().notified());
            signalled.as_mut().enable();
            if !self.select_signals(run, after).await?.is_empty() {
                return Ok(());
            }
            if self.is_shared() {
                // Either way the table is looked at again.
                let _ = tokio::time::timeout(POLL, signalled).await;
            } else {
                signalled.await;
            }
        }
    }
}

pub(super) fn select_signals(run: RunId, after: u64) -> Script {
    Script::new("select seq, sent_at, body from scorpio_signals where run_id = ? and seq > ? order by seq")
        .bind(run.to_string())
        .bind(after)
}
