//! What a transactional tool has to say to the database of the store.

use crate::Json;

/// One SQL statement, with its parameters, in the dialect of the store: `?` for SQLite, `$1` for PostgreSQL. It runs in the transaction that
/// records the tool's answer, so that both happen or neither does.
///
/// ```
/// use scorpio_core::store::Statement;
/// let statement = Statement::new("insert into orders (item, amount) values (?, ?)").bind("tea").bind(2);
/// assert_eq!(statement.parameters().len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    sql: String,
    parameters: Vec<Json>,
}

impl Statement {
    /// A statement without parameters.
    pub fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), parameters: Vec::new() }
    }

    /// Sets the next parameter: null, a boolean, a number or a string. Anything else is stored as its JSON text.
    #[must_use]
    pub fn bind(mut self, value: impl Into<serde_json::Value>) -> Self {
        self.parameters.push(Json::from(&value.into()));
        self
    }

    /// The SQL.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The parameters, in order.
    pub fn parameters(&self) -> &[Json] {
        &self.parameters
    }
}
