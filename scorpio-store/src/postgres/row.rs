//! What the columns of PostgreSQL add to those of any database.

use jiff::Timestamp;
use scorpio_core::store::StoreError;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::query::Time;
pub(super) use crate::row::Columns;

impl Columns<'_, PgRow> {
    /// The next column, which holds a UUID.
    pub(super) fn uuid<T: From<Uuid>>(&mut self) -> Result<T, StoreError> {
        Ok(self.get::<Uuid>()?.into())
    }

    /// The next column, which holds a time.
    pub(super) fn time(&mut self) -> Result<Timestamp, StoreError> {
        Ok(self.get::<Time>()?.0)
    }

    pub(super) fn optional_time(&mut self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.get::<Option<Time>>()?.map(|time| time.0))
    }
}
