//! The table of events, and [`EventLog`] on it.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::Timestamp;
use scorpio_core::{
    Event, RunId,
    store::{EventLog, EventLogStream, StoreError},
};
use sqlx::SqlitePool;

use super::{
    SqliteStore,
    error::store_error,
    row::{Columns, now, rows},
    script::{Script, Step},
    writer::Writer,
};
use crate::events::{Batch, EventTable, TAKEOVER, Writing, merge};

/// How many batches are read at a time.
const PAGE: usize = 8;

/// How often to look for what other processes have written: nothing tells of it.
const POLL: Duration = Duration::from_millis(100);

/// Adds a statement that writes a batch, over one with the same beginning if it is shorter.
fn insert_batch(script: Script, run: RunId, batch: &Batch) -> Script {
    let ([(_, first), ..], [.., (time, last)]) = (&**batch, &**batch) else { return script };
    let events: Vec<&Event> = batch.iter().map(|(_, event)| &**event).collect();
    let Ok(body) = serde_json::to_string(&events) else {
        tracing::warn!(%run, "events cannot be written as JSON; they are lost");
        return script;
    };
    script
        .then(
            "insert into scorpio_events (run_id, first_seq, last_seq, event_count, appended_at, is_end, body)
             values (?, ?, ?, ?, ?, ?, ?)
             on conflict (run_id, first_seq) do update
             set last_seq = excluded.last_seq, event_count = excluded.event_count, appended_at = excluded.appended_at,
                 is_end = excluded.is_end, body = excluded.body
             where excluded.last_seq > last_seq",
        )
        .bind(run.to_string())
        .bind(first.seq)
        .bind(last.seq)
        .bind(batch.len())
        .bind(*time)
        .bind(last.is_last())
        .bind(body)
}

/// The batches that have events after `after`.
pub(super) fn select_batches(run: RunId, after: u64, limit: usize) -> Script {
    // The batch that `after` falls into is the last one that begins at or before it; those that follow begin after it.
    Script::new(
        "select body from scorpio_events
         where run_id = ? and first_seq >= coalesce(
             (select max(first_seq) from scorpio_events where run_id = ? and first_seq <= ?), 0)
         order by first_seq limit ?",
    )
    .bind(run.to_string())
    .bind(run.to_string())
    .bind(after)
    .bind(limit)
}

/// The number of a run's last event, and whether that one ends it.
pub(super) fn select_end(run: RunId) -> Script {
    Script::new(
        "select last_seq, is_end from scorpio_events where run_id = ? order by first_seq desc limit 1",
    )
    .bind(run.to_string())
}

pub(super) fn delete_before(time: Timestamp) -> Script {
    Script::new("delete from scorpio_events where appended_at < ? returning event_count").bind(time)
}

/// The connections that the events of a database are read and written by.
#[derive(Debug, Clone)]
pub(super) struct SqliteEvents {
    pub(super) writer: Writer,
    pub(super) readers: Option<SqlitePool>,
}

impl SqliteEvents {
    async fn query(&self, script: Script) -> Result<Vec<Step>, StoreError> {
        let steps = match &self.readers {
            Some(readers) => {
                let steps = async { script.run(&mut *readers.acquire().await?).await };
                steps.await.map_err(Arc::new)
            }
            None => self.writer.run(script).await,
        };
        steps.map_err(store_error)
    }
}

#[async_trait]
impl EventTable for SqliteEvents {
    async fn write(&self, run: RunId, batches: Vec<Batch>) -> Result<(), StoreError> {
        let script = batches.iter().fold(Script::default(), |script, batch| insert_batch(script, run, batch));
        self.writer.run(script).await.map(drop).map_err(store_error)
    }

    async fn read(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut found: Vec<Arc<Event>> = Vec::new();
        while found.len() < limit {
            let known = found.len();
            let last = found.last().map_or(after, |event| event.seq);
            let steps = self.query(select_batches(run, last, PAGE)).await?;
            let batches = rows(&steps, 0).iter().map(|row| Columns::of(row, "scorpio_events").json());
            merge(&mut found, last, batches.collect::<Result<Vec<_>, _>>()?);
            if found.len() == known {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn end(&self, run: RunId) -> Result<Option<(u64, bool)>, StoreError> {
        let steps = self.query(select_end(run)).await?;
        let end = |row| {
            let mut columns = Columns::of(row, "scorpio_events");
            Ok((columns.number()?, columns.get()?))
        };
        rows(&steps, 0).first().map(end).transpose()
    }

    async fn delete_before(&self, time: Timestamp) -> Result<u64, StoreError> {
        let steps = self.writer.run(delete_before(time)).await.map_err(store_error)?;
        rows(&steps, 0).iter().map(|row| Columns::of(row, "scorpio_events").number()).sum()
    }

    async fn writing(&self, run: RunId) -> Result<Writing, StoreError> {
        let earliest = now().checked_sub(TAKEOVER).unwrap_or(Timestamp::MIN);
        let script =
            Script::new("select status = 'running' and lease_until > ? from scorpio_runs where id = ?")
                .bind(earliest)
                .bind(run.to_string());
        let steps = self.query(script).await?;
        let Some(row) = rows(&steps, 0).first() else { return Ok(Writing::Unknown) };
        let is_written = Columns::of(row, "scorpio_runs").get::<bool>()?;
        Ok(if is_written { Writing::Yes } else { Writing::No })
    }

    fn others(&self, _run: RunId) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(POLL))
    }
}

#[async_trait]
impl EventLog for SqliteStore {
    async fn append(&self, run: RunId, events: &[Arc<Event>]) -> Result<(), StoreError> {
        self.events().append(run, events).await
    }

    async fn read(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        self.events().read(run, after, limit).await
    }

    async fn follow(&self, run: RunId, after: u64) -> Result<EventLogStream, StoreError> {
        Ok(self.events().follow(run, after))
    }

    async fn expire(&self, time: Timestamp) -> Result<u64, StoreError> {
        self.events().expire(time).await
    }
}
