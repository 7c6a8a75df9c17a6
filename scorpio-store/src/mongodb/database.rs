//! The collections, and commands to them that answer in time.

use std::{io, time::Duration};

use futures::TryStreamExt;
use mongodb::{
    Collection,
    action::Find,
    bson::{DateTime, Document, doc},
    options::{DatabaseOptions, ReadConcern, ReadPreference, SelectionCriteria, WriteConcern},
};
use scorpio_core::store::StoreError;
use serde::de::DeserializeOwned;

use super::{
    document::{ExecutionDocument, FinishedRun, JournalDocument, MessageDocument, SessionDocument},
    error::{MongoResult, store_error, unreadable},
};

/// The collections of a store.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) sessions: Collection<SessionDocument>,
    pub(super) messages: Collection<MessageDocument>,
    pub(super) executions: Collection<ExecutionDocument>,
    pub(super) runs: Collection<FinishedRun>,
    pub(super) journal: Collection<JournalDocument>,
    pub(super) meta: Collection<Document>,
    database: mongodb::Database,
    timeout: Duration,
}

impl Database {
    /// The collections of a database. Writes are on the disks of a majority before they are answered, and what is read is such a write,
    /// whatever the client is set to.
    pub(super) fn new(database: &mongodb::Database, timeout: Duration) -> Self {
        let mut write = WriteConcern::majority();
        write.journal = Some(true);
        write.w_timeout = Some(timeout);
        let options = DatabaseOptions::builder()
            .read_concern(ReadConcern::majority())
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .write_concern(write)
            .build();
        let database = database.client().database_with_options(database.name(), options);
        Self {
            sessions: database.collection("scorpio_sessions"),
            messages: database.collection("scorpio_messages"),
            executions: database.collection("scorpio_tool_executions"),
            runs: database.collection("scorpio_runs"),
            journal: database.collection("scorpio_journal"),
            meta: database.collection("scorpio_meta"),
            database,
            timeout,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.database.name()
    }

    /// Runs a command, for as long as one may take. The driver itself would wait for ever for a server that is frozen.
    pub(super) async fn run<T>(&self, command: impl IntoFuture<Output = MongoResult<T>>) -> MongoResult<T> {
        match tokio::time::timeout(self.timeout, command.into_future()).await {
            Ok(result) => result,
            Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
        }
    }

    /// All that a query finds.
    pub(super) async fn all<T: DeserializeOwned + Send + Sync>(
        &self,
        query: Find<'_, T>,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.run(async { query.await?.try_collect().await }).await;
        found.map_err(store_error)
    }

    /// The time of the server, at some moment since the call began.
    pub(super) async fn server_time(&self) -> Result<DateTime, StoreError> {
        let hello = self.run(self.database.run_command(doc! { "hello": 1 })).await.map_err(store_error)?;
        hello.get_datetime("localTime").copied().map_err(|error| unreadable("the time of the server", error))
    }

    pub(super) async fn ping(&self) -> MongoResult<()> {
        self.run(self.database.run_command(doc! { "ping": 1 })).await.map(drop)
    }
}
