//! Where sessions and events are kept, as a path or a URL says.

use std::path::PathBuf;

use pyo3::prelude::*;
use scorpio_core::store::StoreError;
use scorpio_store::{MongoStore, PostgresStore, RedisStore, SqliteStore};

use super::Backend;
use crate::error;

/// What a path or a URL names.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(String),
    Mongo(String),
    Redis(String),
}

impl Place {
    /// Reads a path or a URL. What is wrong with one is told without it: it may hold a password.
    ///
    /// # Errors
    ///
    /// `ConfigurationError` when nothing here is of that scheme.
    pub(crate) fn parse(text: &str) -> PyResult<Self> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(path.strip_prefix("//").unwrap_or(path).into()));
        }
        let Some((scheme, _)) = text.split_once("://") else { return Ok(Self::Sqlite(text.into())) };
        match scheme {
            "postgres" | "postgresql" => Ok(Self::Postgres(text.to_owned())),
            "mongodb" | "mongodb+srv" => Ok(Self::Mongo(text.to_owned())),
            "redis" | "rediss" | "redis+unix" | "unix" => Ok(Self::Redis(text.to_owned())),
            other => Err(error::invalid(format!(
                "nothing keeps sessions at `{other}://…`: give a path, or a URL that begins with `sqlite://`, \
                 `postgres://`, `mongodb://` or, for events alone, `redis://`"
            ))),
        }
    }

    /// Opens it.
    pub(crate) async fn open(self) -> Result<Backend, Unopened> {
        Ok(match self {
            Self::Sqlite(path) => Backend::Sqlite(SqliteStore::open(path).await?),
            Self::Postgres(url) => Backend::Postgres(PostgresStore::connect(&url).await?),
            Self::Mongo(url) => Backend::Mongo(MongoStore::connect(&url).await?),
            Self::Redis(url) => Backend::Redis(RedisStore::connect(&url).await?),
        })
    }
}

/// Why a place could not be opened.
pub(crate) enum Unopened {
    Failed(StoreError),
    NoSessions,
    NoEvents,
}

impl From<StoreError> for Unopened {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl Unopened {
    /// The exception. What is wrong with a place is for the programmer who named it, and the text of the store says so without a password.
    pub(crate) fn exception(&self, py: Python<'_>) -> PyErr {
        match self {
            Self::Failed(failed) => error::store_error(py, &failed.to_string()),
            Self::NoSessions => error::invalid("this keeps events and no sessions: open it as an EventLog"),
            Self::NoEvents => error::invalid("this keeps sessions and no events: open an EventLog elsewhere"),
        }
    }
}
