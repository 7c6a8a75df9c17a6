//! What a transactional tool has to say to the database.

use scorpio_core::{
    Json,
    store::{Statement, StoreError, StoreErrorKind},
};
use sqlx::{
    Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, types::Oid},
};

use crate::postgres::{
    error::{code, store_error},
    query::{Query, storable},
};

/// Statements that would end the transaction, or leave something behind on the connection.
const FORBIDDEN: [&str; 16] = [
    "abort",
    "begin",
    "close",
    "commit",
    "declare",
    "discard",
    "end",
    "listen",
    "notify",
    "prepare",
    "release",
    "reset",
    "rollback",
    "savepoint",
    "set",
    "start",
];

/// The statement as a query. Strings are `text` and whole numbers `bigint`: for a column of another type the SQL says so, as in
/// `$1::uuid`.
pub(super) fn query(statement: &Statement) -> Result<Query, StoreError> {
    let sql = statement.sql().trim();
    let word = sql.split(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default().to_ascii_lowercase();
    if word.is_empty() || FORBIDDEN.contains(&word.as_str()) {
        let message =
            "a transactional tool may say one statement at a time, and none that concerns the transaction";
        return Err(StoreError::new(StoreErrorKind::Rejected, message));
    }
    Ok(statement.parameters().iter().fold(Query::foreign(sql.to_owned()), bind))
}

fn bind(query: Query, value: &Json) -> Query {
    match value.to::<serde_json::Value>() {
        Ok(serde_json::Value::Null) => query.bind(Null),
        Ok(serde_json::Value::Bool(truth)) => query.bind(truth),
        Ok(serde_json::Value::String(text)) => query.text(&text),
        Ok(serde_json::Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => query.bind(integer),
            (None, Some(real)) => query.bind(real),
            (None, None) => query.bind(storable(value.get())),
        },
        _ => query.text(value.get()),
    }
}

/// What an error of such a statement means: whether the database refuses it, or can do nothing at the moment.
pub(super) fn explain(error: sqlx::Error) -> StoreError {
    // Features that it lacks, cardinality, data, constraints, triggers, ends of the transaction, syntax and rights, checks of views, and
    // errors that functions raise; and what cannot run in a transaction.
    const CLASSES: [&str; 10] = ["0A", "21", "22", "23", "27", "2D", "2F", "42", "44", "P0"];
    let code = code(&error);
    let is_refusal = CLASSES.contains(&code.get(..2).unwrap_or_default()) || code == "25001";
    if is_refusal || matches!(error, sqlx::Error::Encode(_)) {
        let message = "the database refuses what a transactional tool says to it";
        return StoreError::new(StoreErrorKind::Rejected, message).with_source(error);
    }
    store_error(error)
}

/// Nothing, of the type that the statement wants.
struct Null;

impl Type<Postgres> for Null {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0))
    }
}

impl Encode<'_, Postgres> for Null {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}
