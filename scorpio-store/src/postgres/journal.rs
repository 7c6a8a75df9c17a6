//! The SQL of journals.

use scorpio_core::{
    OwnerId, RunId,
    store::{JournalEntry, StoreError},
};
use sqlx::postgres::PgRow;

use super::{PostgresStore, query::Query, row::Columns};
use crate::record::journal_hash;

fn entry(row: &PgRow) -> Result<JournalEntry, StoreError> {
    let mut columns = Columns::of(row, "scorpio_journal");
    let (seq, fence) = (columns.number()?, columns.number()?);
    let payload = columns.raw_json()?.unwrap_or_default();
    let at = columns.time()?;
    let (previous, hash) = (journal_hash(columns.get()?)?, journal_hash(columns.get()?)?);
    Ok(JournalEntry::from_parts(seq, fence, payload, at, previous, hash))
}

impl PostgresStore {
    pub(super) async fn find_entries(
        &self,
        owner: &OwnerId,
        run: RunId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        self.database().rows(select_entries(owner, run, after, limit)).await?.iter().map(entry).collect()
    }
}

pub(super) fn select_entries(owner: &OwnerId, run: RunId, after: u64, limit: usize) -> Query {
    Query::new(
        "select seq, fence, payload, written_at, previous, hash from scorpio_journal
         where run_id = $1 and seq > $2 and exists (select from scorpio_runs where id = $1 and owner = $3)
         order by seq limit $4",
    )
    .id(run.as_uuid())
    .number(after)
    .text(owner.as_str())
    .number(limit)
}
