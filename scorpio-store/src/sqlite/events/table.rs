//! The SQL of events. A row is a batch: a JSON array of events whose numbers follow each other.

use std::sync::Arc;

use jiff::Timestamp;
use scorpio_core::{Event, RunId, store::StoreError};

use crate::sqlite::{
    SqliteStore,
    row::{Columns, rows},
    script::Script,
};

/// How many batches are read at a time.
const PAGE: usize = 8;

/// Adds a statement that writes a batch, over one with the same beginning if it is shorter.
pub(super) fn insert_batch(script: Script, run: RunId, batch: &[(Timestamp, Arc<Event>)]) -> Script {
    let ([(_, first), ..], [.., (time, last)]) = (batch, batch) else { return script };
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
pub(in crate::sqlite) fn select_batches(run: RunId, after: u64, limit: usize) -> Script {
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
pub(in crate::sqlite) fn select_end(run: RunId) -> Script {
    Script::new(
        "select last_seq, is_end from scorpio_events where run_id = ? order by first_seq desc limit 1",
    )
    .bind(run.to_string())
}

pub(in crate::sqlite) fn delete_before(time: Timestamp) -> Script {
    Script::new("delete from scorpio_events where appended_at < ? returning event_count").bind(time)
}

impl SqliteStore {
    /// The events of a run in the table after `after`, at most `limit`.
    pub(super) async fn batches(
        &self,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Arc<Event>>, StoreError> {
        let mut found: Vec<Arc<Event>> = Vec::new();
        let mut last = after;
        while found.len() < limit {
            let steps = self.read(select_batches(run, last, PAGE)).await?;
            let known = found.len();
            for row in rows(&steps, 0) {
                let batch: Vec<Arc<Event>> = Columns::of(row, "scorpio_events").json()?;
                // Batches may overlap where two processes have written a run.
                for event in batch {
                    if event.seq > last {
                        last = event.seq;
                        found.push(event);
                    }
                }
            }
            if found.len() == known {
                break;
            }
        }
        found.truncate(limit);
        Ok(found)
    }
}
