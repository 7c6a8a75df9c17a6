//! From rows to what they stand for. Whatever cannot be read names the table and the column.

use jiff::Timestamp;
use scorpio_core::{
    Json,
    store::{StoreError, StoreErrorKind},
};
use serde::de::DeserializeOwned;
use sqlx::{Decode, Row as _, Sqlite, Type, sqlite::SqliteRow};

use super::script::Step;

/// Reads the columns of a row one after the other.
pub(super) struct Columns<'a> {
    row: &'a SqliteRow,
    table: &'static str,
    next: usize,
}

impl<'a> Columns<'a> {
    pub(super) fn of(row: &'a SqliteRow, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    /// The next column.
    pub(super) fn get<T: Decode<'a, Sqlite> + Type<Sqlite>>(&mut self) -> Result<T, StoreError> {
        let column = self.next;
        self.next += 1;
        self.row.try_get(column).map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds a number that is not negative.
    pub(super) fn number(&mut self) -> Result<u64, StoreError> {
        let number: i64 = self.get()?;
        u64::try_from(number).map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds microseconds since 1970.
    pub(super) fn time(&mut self) -> Result<Timestamp, StoreError> {
        let micros: i64 = self.get()?;
        Timestamp::from_microsecond(micros).map_err(|error| self.unreadable(error))
    }

    pub(super) fn optional_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let micros: Option<i64> = self.get()?;
        micros.map(Timestamp::from_microsecond).transpose().map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds an id.
    pub(super) fn id<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
        &mut self,
    ) -> Result<T, StoreError> {
        let text: &str = self.get()?;
        text.parse().map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds JSON of a known shape.
    pub(super) fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError> {
        let text: &str = self.get()?;
        serde_json::from_str(text).map_err(|error| self.unreadable(error))
    }

    pub(super) fn optional_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError> {
        let text: Option<&str> = self.get()?;
        text.map(serde_json::from_str).transpose().map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds any JSON or nothing.
    pub(super) fn raw_json(&mut self) -> Result<Option<Json>, StoreError> {
        let text: Option<String> = self.get()?;
        text.map(Json::parse).transpose().map_err(|error| self.unreadable(error))
    }

    fn unreadable(&self, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
        let message = format!("column {} of a row of {} cannot be read", self.next, self.table);
        StoreError::new(StoreErrorKind::Corrupt, message).with_source(error)
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
