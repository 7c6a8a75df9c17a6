//! The table of events, and [`EventLog`] on it.

mod writer;

use std::sync::Arc;

use async_trait::async_trait;
use futures::future::BoxFuture;
use jiff::Timestamp;
use scorpio_core::{
    Event, RunId,
    store::{EventLog, EventLogStream, StoreError},
};
use uuid::Uuid;

pub(super) use self::writer::EventWriter;
use super::{
    PostgresStore,
    database::Database,
    notifications::{CHANNEL, Notifications, Topic},
    query::{Query, Time, number},
    row::Columns,
    runs::micros,
};
use crate::events::{Batch, EventTable, TAKEOVER, Writing, merge};

/// How many batches are read at a time.
const PAGE: usize = 8;

/// The table of events.
#[derive(Debug, Clone)]
pub(super) struct PostgresEvents {
    pub(super) database: Database,
    pub(super) notifications: Arc<Notifications>,
    pub(super) writer: EventWriter,
}

/// The batches that have events after `after`.
pub(super) fn select_batches(run: RunId, after: u64, limit: usize) -> Query {
    // The batch that `after` falls into is the last one that begins at or before it; those that follow begin after it.
    Query::new(
        "select body from scorpio_events
         where run_id = $1 and first_seq >= coalesce(
             (select max(first_seq) from scorpio_events where run_id = $1 and first_seq <= $2), 0)
         order by first_seq limit $3",
    )
    .id(run.as_uuid())
    .number(after)
    .number(limit)
}

/// The number of a run's last event, and whether that one ends it.
pub(super) fn select_end(run: RunId) -> Query {
    Query::new(
        "select last_seq, is_end from scorpio_events where run_id = $1 order by first_seq desc limit 1",
    )
    .id(run.as_uuid())
}

pub(super) fn delete_before(time: Timestamp) -> Query {
    Query::new(
        "with expired as (delete from scorpio_events where appended_at < $1 returning event_count)
         select coalesce(sum(event_count), 0)::bigint from expired",
    )
    .time(time)
}

/// A lease is good by the clock of the database.
pub(super) fn select_writing(run: RunId) -> Query {
    Query::new(
        "select status = 'running' and lease_until > now() - interval '1 microsecond' * $2 from scorpio_runs where id = $1",
    )
    .id(run.as_uuid())
    .number(micros(TAKEOVER))
}

#[async_trait]
impl EventTable for PostgresEvents {
    async fn write(&self, run: RunId, batches: Vec<Batch>) -> Result<(), StoreError> {
        self.writer.write(run, batches).await
    }

    async fn read(&self, run: RunId, after: u64, limit: usize) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut found: Vec<Arc<Event>> = Vec::new();
        while found.len() < limit {
            let known = found.len();
            let last = found.last().map_or(after, |event| event.seq);
            let rows = self.database.rows(select_batches(run, last, PAGE)).await?;
            let batches = rows.iter().map(|row| Columns::of(row, "scorpio_events").json());
            merge(&mut found, last, batches.collect::<Result<Vec<_>, _>>()?);
            if found.len() == known {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }

    async fn end(&self, run: RunId) -> Result<Option<(u64, bool)>, StoreError> {
        let Some(row) = self.database.row(select_end(run)).await? else { return Ok(None) };
        let mut columns = Columns::of(&row, "scorpio_events");
        Ok(Some((columns.number()?, columns.get()?)))
    }

    async fn delete_before(&self, time: Timestamp) -> Result<u64, StoreError> {
        let Some(row) = self.database.row(delete_before(time)).await? else { return Ok(0) };
        Columns::of(&row, "scorpio_events").number()
    }

    async fn writing(&self, run: RunId) -> Result<Writing, StoreError> {
        let Some(row) = self.database.row(select_writing(run)).await? else { return Ok(Writing::Unknown) };
        let is_written = Columns::of(&row, "scorpio_runs").get::<bool>()?;
        Ok(if is_written { Writing::Yes } else { Writing::No })
    }

    fn others(&self, run: RunId) -> BoxFuture<'static, ()> {
        self.notifications.wait(Topic::Events, run)
    }
}

#[async_trait]
impl EventLog for PostgresStore {
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

/// The columns of rows that are written together.
#[derive(Default)]
struct Rows {
    runs: Vec<Uuid>,
    firsts: Vec<i64>,
    lasts: Vec<i64>,
    counts: Vec<i64>,
    times: Vec<Time>,
    ends: Vec<bool>,
    bodies: Vec<String>,
}

impl Rows {
    fn push(&mut self, run: RunId, batch: &Batch) {
        let ([(_, first), ..], [.., (time, last)]) = (&**batch, &**batch) else { return };
        let events: Vec<&Event> = batch.iter().map(|(_, event)| &**event).collect();
        let Ok(body) = serde_json::to_string(&events) else {
            tracing::warn!(%run, "events cannot be written as JSON; they are lost");
            return;
        };
        self.runs.push(*run.as_uuid());
        self.firsts.push(number(first.seq));
        self.lasts.push(number(last.seq));
        self.counts.push(number(batch.len()));
        self.times.push(Time(*time));
        self.ends.push(last.is_last());
        self.bodies.push(body);
    }

    /// Writes them, and tells the other processes of the runs that have got new ones.
    fn insert(self, announcement: &str) -> Query {
        Query::new(
            "with written as (
                 insert into scorpio_events as old (run_id, first_seq, last_seq, event_count, appended_at, is_end, body)
                 select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[], $6::boolean[],
                     $7::text[])
                 on conflict (run_id, first_seq) do update
                 set last_seq = excluded.last_seq, event_count = excluded.event_count, appended_at = excluded.appended_at,
                     is_end = excluded.is_end, body = excluded.body
                 where excluded.last_seq > old.last_seq
                 returning run_id)
             select pg_notify($8, $9 || run_id) from (select distinct run_id from written) as runs",
        )
        .bind(self.runs)
        .bind(self.firsts)
        .bind(self.lasts)
        .bind(self.counts)
        .bind(self.times)
        .bind(self.ends)
        .bind(self.bodies)
        .text(CHANNEL)
        .text(announcement)
    }
}
