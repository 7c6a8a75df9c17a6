//! What the columns of SQLite add to those of any database, and the steps of a script.

use jiff::Timestamp;
use scorpio_core::store::StoreError;
use sqlx::sqlite::SqliteRow;

use super::script::Step;
pub(super) use crate::row::Columns;

impl Columns<'_, SqliteRow> {
    /// The next column, which holds microseconds since 1970.
    pub(super) fn time(&mut self) -> Result<Timestamp, StoreError> {
        let micros: i64 = self.get()?;
        Timestamp::from_microsecond(micros).map_err(|error| self.unreadable(error))
    }

    pub(super) fn optional_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let micros: Option<i64> = self.get()?;
        micros.map(Timestamp::from_microsecond).transpose().map_err(|error| self.unreadable(error))
    }
}

/// The rows of the statement at `index`, or none.
pub(super) fn rows(steps: &[Step], index: usize) -> &[SqliteRow] {
    steps.get(index).map(|step| step.rows.as_slice()).unwrap_or_default()
}

/// How many rows the statement at `index` changed.
pub(super) fn changes(steps: &[Step], index: usize) -> u64 {
    steps.get(index).map_or(0, |step| step.changes)
}

/// Now, as precisely as it is stored.
pub(super) fn now() -> Timestamp {
    to_micros(Timestamp::now())
}

pub(super) fn to_micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}
