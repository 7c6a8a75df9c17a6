//! Several SQL statements that go to the thread of a connection together. Each trip to that thread and back costs more than the
//! statements themselves, so a whole transaction is one trip.

use std::sync::Arc;

use futures::TryStreamExt;
use jiff::Timestamp;
use sqlx::{
    Arguments, AssertSqlSafe, Either, Executor, SqliteConnection,
    sqlite::{SqliteArguments, SqliteRow},
};

/// Statements with their parameters. Every parameter is a plain `?`, so that scripts can be put one after the other.
#[derive(Debug, Clone, Default)]
pub(super) struct Script {
    sql: String,
    statements: usize,
    values: Vec<Value>,
}

/// A parameter.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(Arc<str>),
    Blob(Vec<u8>),
}

/// What one statement of a script led to.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// How many rows it changed. It means nothing for statements that change none.
    pub(super) changes: u64,
    pub(super) rows: Vec<SqliteRow>,
}

impl Script {
    /// A script that begins with the statement `sql`.
    pub(super) fn new(sql: &str) -> Self {
        Self::default().then(sql)
    }

    /// Adds a statement.
    pub(super) fn then(mut self, sql: &str) -> Self {
        self.sql.push_str(sql);
        self.sql.push(';');
        self.statements += 1;
        self
    }

    /// Sets the next parameter.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    pub(super) fn statements(&self) -> usize {
        self.statements
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    pub(super) fn into_values(self) -> Vec<Value> {
        self.values
    }

    /// Its text and its parameters, for those who take the rows one by one.
    pub(super) fn into_query(self) -> Result<(String, SqliteArguments), sqlx::Error> {
        Ok((self.sql, arguments(self.values)?))
    }

    /// Runs it as it stands.
    pub(super) async fn run(self, connection: &mut SqliteConnection) -> Result<Vec<Step>, sqlx::Error> {
        let Self { sql, statements, values } = self;
        let mut steps = Vec::with_capacity(statements);
        run(connection, sql, values, &mut steps).await?;
        Ok(steps)
    }
}

fn arguments(values: Vec<Value>) -> Result<SqliteArguments, sqlx::Error> {
    let mut arguments = SqliteArguments::default();
    arguments.reserve(values.len(), 0);
    for value in values {
        let added = match value {
            Value::Null => arguments.add(None::<i64>),
            Value::Integer(integer) => arguments.add(integer),
            Value::Real(real) => arguments.add(real),
            Value::Text(text) => arguments.add(text),
            Value::Blob(bytes) => arguments.add(bytes),
        };
        added.map_err(sqlx::Error::Encode)?;
    }
    Ok(arguments)
}

/// Runs `sql` and pushes what each of its statements led to, as far as it came.
pub(super) async fn run(
    connection: &mut SqliteConnection,
    sql: String,
    values: Vec<Value>,
    steps: &mut Vec<Step>,
) -> Result<(), sqlx::Error> {
    let arguments = arguments(values)?;
    let mut results = connection.fetch_many(sqlx::query_with(AssertSqlSafe(sql), arguments));
    let mut step = Step::default();
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Right(row) => step.rows.push(row),
            Either::Left(done) => {
                step.changes = done.rows_affected();
                steps.push(std::mem::take(&mut step));
            }
        }
    }
    Ok(())
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(integer)
    }
}

/// Numbers that SQLite cannot hold become the highest one that it can: no row has it.
impl From<u64> for Value {
    fn from(integer: u64) -> Self {
        Self::Integer(i64::try_from(integer).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(integer: usize) -> Self {
        Self::Integer(i64::try_from(integer).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Integer(truth.into())
    }
}

/// Microseconds since 1970.
impl From<Timestamp> for Value {
    fn from(time: Timestamp) -> Self {
        Self::Integer(time.as_microsecond())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&Arc<str>> for Value {
    fn from(text: &Arc<str>) -> Self {
        Self::Text(Arc::clone(text))
    }
}

impl From<&[u8; 32]> for Value {
    fn from(bytes: &[u8; 32]) -> Self {
        Self::Blob(bytes.to_vec())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, T::into)
    }
}
