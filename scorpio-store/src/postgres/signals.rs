//! The SQL of signals, and waiting for them.

use scorpio_core::{
    OwnerId, RunId,
    store::{Signal, StoreError, StoreErrorKind, StoredSignal},
};
use sqlx::postgres::PgRow;

use super::{
    PostgresStore,
    error::{Violated, store_error, violated},
    notifications::{CHANNEL, Topic},
    query::Query,
    row::Columns,
};
use crate::record::{json, no_run};

fn signal(row: &PgRow) -> Result<StoredSignal, StoreError> {
    let mut columns = Columns::of(row, "scorpio_signals");
    Ok(StoredSignal::new(columns.number()?, columns.time()?, columns.json()?))
}

impl PostgresStore {
    pub(super) async fn insert_signal(
        &self,
        owner: &OwnerId,
        run: RunId,
        signal: &Signal,
    ) -> Result<u64, StoreError> {
        // The count is in the run's row, so that those who send at the same time wait for each other and get places of their own.
        let query = Query::new(
            "with run as (
                 update scorpio_runs set signals_sent = signals_sent + 1
                 where id = $1 and owner = $2 and status <> 'finished' returning id, signals_sent),
             sent as (
                 insert into scorpio_signals (run_id, seq, subject, body, sent_at)
                 select id, signals_sent, $3, $4, clock_timestamp() from run returning seq)
             select seq, pg_notify($5, $6) from sent",
        )
        .id(run.as_uuid())
        .text(owner.as_str())
        .optional_text(signal.subject())
        .text(&json("a signal", signal)?)
        .text(CHANNEL)
        .text(&format!("{}{run}", self.notifications().announcement(Topic::Signals)));
        let rows = self.database().run(query).await.map_err(|error| match violated(&error) {
            Some(Violated::Unique(_)) => {
                let message = format!("run {run} was told about this before");
                StoreError::new(StoreErrorKind::AlreadyExists, message)
            }
            _ => store_error(error),
        })?;
        let Some(row) = rows.first() else { return Err(no_run(run)) };
        let seq = Columns::of(row, "scorpio_signals").number()?;
        self.notifications().wake((Topic::Signals, run));
        Ok(seq)
    }

    pub(super) async fn find_signals(&self, run: RunId, after: u64) -> Result<Vec<StoredSignal>, StoreError> {
        self.database().rows(select_signals(run, after)).await?.iter().map(signal).collect()
    }

    pub(super) async fn await_signal(&self, run: RunId, after: u64) -> Result<(), StoreError> {
        loop {
            // Made before the table is looked at, so that nothing is missed in between.
            let told = self.notifications().wait(Topic::Signals, run);
            if !self.find_signals(run, after).await?.is_empty() {
                return Ok(());
            }
            told.await;
        }
    }
}

pub(super) fn select_signals(run: RunId, after: u64) -> Query {
    Query::new("select seq, sent_at, body from scorpio_signals where run_id = $1 and seq > $2 order by seq")
        .id(run.as_uuid())
        .number(after)
}
