//! Everything on one SQLite database: sessions and runs, the log of events, accounts, and vectors.
//!
//! A program that keeps its data in a file needs one line more than one that keeps it in memory:
//!
//! ```
//! use std::sync::Arc;
//! use scorpio_core::{Agent, model::{Model, Scripted}, store::Store};
//! use scorpio_store::SqliteStore;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("agent.db");
//! let store = SqliteStore::open(&path).await?;
//! let agent = Agent::builder("support")
//!     .with_model(Model::new(Scripted::new().text("Hello."), "test"))
//!     .store(Arc::new(store.clone()))
//!     .event_log(Arc::new(store.clone()))
//!     .build()?;
//! agent.run("Hi.").await?;
//! store.close().await?;
//! # Ok(()) }
//! ```
//!
//! # What it promises
//!
//! - **Durable.** WAL with `synchronous=FULL`: what was answered survives the end of the process and a loss of power.
//! - **One writer.** A task owns the connection that writes and commits together what has queued up, so sixty writers share a sync
//!   of the disk. A call that is dropped happens whole or not at all. Reads have connections of their own and wait for nobody.
//! - **One file, several programs.** Its tables begin with `scorpio_`, so the database can be that of your program
//!   ([`SqliteStore::from_pool`]). Other processes may use the same file; each waits up to the busy timeout for the other. The file must
//!   not be on a network file system, where SQLite's locks do not hold.
//! - **Migrations** are part of the program and run when it opens a database. One that a newer version wrote is refused.
//! - **Times** are kept to the microsecond, except inside of messages, events and tool executions, which are kept as they are.
//!
//! Events are seen at once by those who follow a run in this process, and written in batches: at the end of the run, or when 256 have
//! come together or 50 ms have passed. A crash loses the events of that moment, never a message. [`EventLog::expire`] forgets by the
//! batch: a batch goes when its last event is old enough.
//!
//! A search of vectors looks at every record of the owner's collection. It is exact, and costs records × dimensions
//! multiplications and the reading of as many numbers from the file.
//!
//! [`EventLog::expire`]: scorpio_core::store::EventLog::expire

mod accounts;
mod branches;
mod commit;
mod connect;
mod error;
mod events;
mod file;
mod journal;
mod migration;
mod options;
mod row;
mod runs;
mod script;
mod sessions;
mod signals;
mod statement;
mod store;
mod vectors;
mod writer;

#[cfg(test)]
mod tests;

use std::{fmt, path::Path, sync::Arc};

use scorpio_core::store::{StoreError, StoreErrorKind};
use sqlx::{SqlitePool, sqlite::SqliteConnectOptions};
use tokio::sync::Notify;

pub use self::options::SqliteOptions;
use self::{
    error::{SqlResult, store_error},
    events::SqliteEvents,
    file::DatabaseFile,
    script::{Script, Step},
    writer::Writer,
};
use crate::events::Events;

/// A [`Store`], an [`EventLog`], an [`AccountStore`] and a [`VectorStore`] on one SQLite database. Cloning it copies a pointer.
///
/// ```
/// use scorpio_core::{OwnerId, SessionId, store::{NewSession, Store}};
/// use scorpio_store::SqliteStore;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = SqliteStore::in_memory().await?;
/// let session = store.create_session(NewSession::new(SessionId::new(), OwnerId::local())).await?;
/// assert_eq!(session.version, 0);
/// # Ok(()) }
/// ```
///
/// [`Store`]: scorpio_core::store::Store
/// [`EventLog`]: scorpio_core::store::EventLog
/// [`AccountStore`]: scorpio_core::store::AccountStore
/// [`VectorStore`]: scorpio_core::store::VectorStore
#[derive(Clone)]
pub struct SqliteStore(Arc<Inner>);

struct Inner {
    place: String,
    writer: Writer,
    /// None when the database is in memory: then it has a single connection, which reads too.
    readers: Option<SqlitePool>,
    /// Whether the readers are ours to close.
    owns_readers: bool,
    events: Arc<Events<SqliteEvents>>,
    /// Some run was told something by this process.
    signalled: Notify,
}

impl SqliteStore {
    /// Opens the database at `path`, and makes it if it is not there. Its directory must be.
    ///
    /// Must be called within a tokio runtime, which from then on writes.
    ///
    /// # Errors
    ///
    /// The message names the file and says why: the directory is missing or cannot be written to, the file is no database (it is left
    /// as it is), another process has locked it, or a newer version of Scorpio wrote it.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_with(path, SqliteOptions::default()).await
    }

    /// As [`SqliteStore::open`], with options.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open`].
    pub async fn open_with(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if path == Path::new(":memory:") {
            return Self::in_memory_with(&options).await;
        }
        let readers = connect::readers(path, &options);
        Self::start(connect::file(path), path.display().to_string(), Some(readers), true, &options).await
    }

    /// A database of its own in memory. It is gone with the store.
    ///
    /// # Errors
    ///
    /// When SQLite cannot start.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::in_memory_with(&SqliteOptions::default()).await
    }

    async fn in_memory_with(options: &SqliteOptions) -> Result<Self, StoreError> {
        Self::start(connect::memory(), "a database in memory".to_owned(), None, false, options).await
    }

    /// Uses the database of a pool that the program has: its tables join those of the program, and reads go through the pool. What is
    /// written goes through a connection of the store's own, which is opened with the options of the pool, and with WAL,
    /// `synchronous=FULL` and foreign keys. [`SqliteStore::close`] does not close the pool.
    ///
    /// # Errors
    ///
    /// As [`SqliteStore::open`], and when the database of the pool is in memory, where two connections cannot share it.
    pub async fn from_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        let options = pool.connect_options();
        let place = options.get_filename().display().to_string();
        if !connect::is_file(&pool).await.map_err(|error| connect::explain(&place, error))? {
            let message = format!("{place} is in memory: use SqliteStore::in_memory, or a file");
            return Err(StoreError::new(StoreErrorKind::Unavailable, message));
        }
        Self::start((*options).clone(), place, Some(pool), false, &SqliteOptions::default()).await
    }

    async fn start(
        connect: SqliteConnectOptions,
        place: String,
        readers: Option<SqlitePool>,
        owns_readers: bool,
        options: &SqliteOptions,
    ) -> Result<Self, StoreError> {
        let connect = connect::for_writing(connect, options.busy_timeout);
        let connection = connect::writer(&connect, options.busy_timeout, &place).await?;
        let writer = Writer::start(connection, DatabaseFile::at(connect.get_filename()));
        let events = Events::start(
            SqliteEvents { writer: writer.clone(), readers: readers.clone() },
            options.event_delay,
        );
        Ok(Self(Arc::new(Inner { place, writer, readers, owns_readers, events, signalled: Notify::new() })))
    }

    /// Writes what is still to be written, moves SQLite's log into the database file, and closes the connections. Calls that come
    /// later fail. Without it the same happens in the background once the last clone is gone, as long as the runtime lives.
    ///
    /// # Errors
    ///
    /// When something could not be written. The connections are closed all the same.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.0.events.close();
        let flushed = self.0.events.flush_all().await;
        if let Some(readers) = self.0.readers.as_ref().filter(|_| self.0.owns_readers) {
            // Before the writer, whose checkpoint waits for no reader then.
            readers.close().await;
        }
        self.0.writer.close().await?;
        flushed
    }

    fn events(&self) -> &Arc<Events<SqliteEvents>> {
        &self.0.events
    }

    fn signalled(&self) -> &Notify {
        &self.0.signalled
    }

    /// Whether other processes may be writing to the database.
    fn is_shared(&self) -> bool {
        self.0.readers.is_some()
    }

    /// Runs a script in a transaction and answers once it is durable.
    async fn write(&self, script: Script) -> SqlResult<Vec<Step>> {
        self.0.writer.run(script).await
    }

    /// Runs a script that changes nothing.
    async fn read(&self, script: Script) -> Result<Vec<Step>, StoreError> {
        let Some(readers) = &self.0.readers else { return self.write(script).await.map_err(store_error) };
        let steps = async { script.run(&mut *readers.acquire().await?).await };
        steps.await.map_err(|error| store_error(Arc::new(error)))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("place", &self.0.place).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.events.close();
    }
}
