//! The SQL of journals.

use scorpio_core::{
    OwnerId, RunId,
    store::{JournalEntry, JournalHash, StoreError, StoreErrorKind},
};
use sqlx::sqlite::SqliteRow;

use super::{
    SqliteStore,
    row::{Columns, rows},
    script::Script,
};

/// Adds an entry, if the statement before has changed something.
pub(super) fn insert_entry(script: Script, run: RunId, entry: &JournalEntry) -> Script {
    script
        .then(
            "insert into scorpio_journal (run_id, seq, fence, payload, written_at, previous, hash)
             select ?, ?, ?, ?, ?, ?, ? where changes() = 1",
        )
        .bind(run.to_string())
        .bind(entry.seq)
        .bind(entry.fence)
        .bind(entry.payload.get())
        .bind(entry.at)
        .bind(entry.previous.as_bytes())
        .bind(entry.hash.as_bytes())
}

fn entry(row: &SqliteRow) -> Result<JournalEntry, StoreError> {
    let mut columns = Columns::of(row, "scorpio_journal");
    let (seq, fence) = (columns.number()?, columns.number()?);
    let payload = columns.raw_json()?.unwrap_or_default();
    let at = columns.time()?;
    let (previous, hash) = (hash(columns.get()?)?, hash(columns.get()?)?);
    Ok(JournalEntry::from_parts(seq, fence, payload, at, previous, hash))
}

fn hash(bytes: &[u8]) -> Result<JournalHash, StoreError> {
    <[u8; 32]>::try_from(bytes).map(JournalHash::from).map_err(|error| {
        StoreError::new(StoreErrorKind::Corrupt, "a hash of a journal cannot be read").with_source(error)
    })
}

impl SqliteStore {
    pub(super) async fn select_entries(
        &self,
        owner: &OwnerId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let steps = self.read(select_entries(owner, run, after, limit)).await?;
        rows(&steps, 0).iter().map(entry).collect()
    }
}

pub(super) fn select_entries(owner: &OwnerId, run: RunId, after: u64, limit: usize) -> Script {
    Script::new(
        "select seq, fence, payload, written_at, previous, hash from scorpio_journal
         where run_id = ? and seq > ? and exists (select 1 from scorpio_runs where id = ? and owner = ?)
         order by seq limit ?",
    )
    .bind(run.to_string())
    .bind(after)
    .bind(run.to_string())
    .bind(owner.as_str())
    .bind(limit)
}
