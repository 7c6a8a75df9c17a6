//! From rows to what they stand for, in any database. Whatever cannot be read names the table and the column.

use scorpio_core::{
    Json,
    store::{StoreError, StoreErrorKind},
};
use serde::de::DeserializeOwned;
use sqlx::{ColumnIndex, Decode, Row, Type};

/// Reads the columns of a row one after the other.
pub(crate) struct Columns<'a, R> {
    row: &'a R,
    table: &'static str,
    next: usize,
}

impl<'a, R: Row> Columns<'a, R>
where
    usize: ColumnIndex<R>,
{
    pub(crate) fn of(row: &'a R, table: &'static str) -> Self {
        Self { row, table, next: 0 }
    }

    /// The next column.
    pub(crate) fn get<T: Decode<'a, R::Database> + Type<R::Database>>(&mut self) -> Result<T, StoreError> {
        let column = self.next;
        self.next += 1;
        self.row.try_get(column).map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds a number that is not negative.
    pub(crate) fn number(&mut self) -> Result<u64, StoreError>
    where
        i64: Decode<'a, R::Database> + Type<R::Database>,
    {
        let number: i64 = self.get()?;
        u64::try_from(number).map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds an id.
    pub(crate) fn id<T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>>(
        &mut self,
    ) -> Result<T, StoreError>
    where
        &'a str: Decode<'a, R::Database> + Type<R::Database>,
    {
        let text: &str = self.get()?;
        text.parse().map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds JSON of a known shape.
    pub(crate) fn json<T: DeserializeOwned>(&mut self) -> Result<T, StoreError>
    where
        &'a str: Decode<'a, R::Database> + Type<R::Database>,
    {
        let text: &str = self.get()?;
        serde_json::from_str(text).map_err(|error| self.unreadable(error))
    }

    pub(crate) fn optional_json<T: DeserializeOwned>(&mut self) -> Result<Option<T>, StoreError>
    where
        Option<&'a str>: Decode<'a, R::Database> + Type<R::Database>,
    {
        let text: Option<&str> = self.get()?;
        text.map(serde_json::from_str).transpose().map_err(|error| self.unreadable(error))
    }

    /// The next column, which holds any JSON or nothing.
    pub(crate) fn raw_json(&mut self) -> Result<Option<Json>, StoreError>
    where
        Option<String>: Decode<'a, R::Database> + Type<R::Database>,
    {
        let text: Option<String> = self.get()?;
        text.map(Json::parse).transpose().map_err(|error| self.unreadable(error))
    }

    pub(crate) fn unreadable(&self, error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
        let message = format!("column {} of a row of {} cannot be read", self.next, self.table);
        StoreError::new(StoreErrorKind::Corrupt, message).with_source(error)
    }
}
