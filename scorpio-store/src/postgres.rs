//! Everything on PostgreSQL: sessions and runs, the log of events, and accounts, shared by any number of processes.
//!
//! ```no_run
//! use std::sync::Arc;
//! use scorpio_core::{Agent, model::{Model, Scripted}};
//! use scorpio_store::PostgresStore;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = PostgresStore::connect("postgres://me@localhost/agents").await?;
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
//! - **Durable.** Connections have `synchronous_commit = on`: what was answered survives the end of a process and of the database.
//! - **Whole.** Every call that writes is one statement, and so one transaction and one round trip. A call that is dropped, or loses
//!   its connection, happens whole or not at all.
//! - **On time.** Statements, locks and the wait for a connection have timeouts ([`PostgresOptions`]). A database that does not answer
//!   at all is given up a second after the statement's. Every such call fails as
//!   [`Unavailable`](scorpio_core::store::StoreErrorKind::Unavailable), and the store works again when the database does.
//! - **One clock.** Leases run out by the clock of the database, whatever the processes think of the time. Other times, such as those of
//!   sign-ins and of [`EventLog::expire`], are the caller's.
//! - **One schema.** Its tables begin with `scorpio_`, so the database can be that of your program ([`PostgresStore::from_pool`]). Each
//!   statement names the schema, so `search_path` matters only once, when the store is opened without one.
//! - **Migrations** are part of the program and run when it opens a database, under a lock. A schema that a newer version wrote is
//!   refused. One that is up to date is opened without the right to change it.
//! - **Times** are kept to the microsecond, except inside of messages, events and tool executions, which are kept as they are. PostgreSQL
//!   knows no NUL character: one in a title becomes U+FFFD.
//!
//! Events are seen at once by those who follow a run in this process, and written in batches: at the end of the run, or when 256 have
//! come together or 50 ms have passed. With each batch goes a `NOTIFY`, on which followers in other processes look; while their
//! connection that listens is lost they look every 100 ms. A crash loses the events of that moment, never a message.
//!
//! # Poolers
//!
//! Between the store and the database there may be a pooler that keeps one connection of the database for each of the store, as
//! PgBouncer does with `pool_mode = session`. Those that change it between transactions lose the settings of the connection, its
//! prepared statements and its `LISTEN`.
//!
//! [`EventLog::expire`]: scorpio_core::store::EventLog::expire

mod accounts;
mod branches;
mod connect;
mod database;
mod error;
mod events;
mod journal;
mod migration;
mod notifications;
mod options;
mod query;
mod row;
mod runs;
mod schema;
mod sessions;
mod signals;
mod store;
mod vectors;

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use scorpio_core::store::StoreError;
use sqlx::PgPool;

use self::{
    database::Database,
    events::{EventWriter, PostgresEvents},
    notifications::Notifications,
};
pub use self::{options::PostgresOptions, vectors::PostgresVectors};
use crate::events::Events;

/// A [`Store`], an [`EventLog`] and an [`AccountStore`] on one PostgreSQL database. Cloning it copies a pointer.
///
/// ```no_run
/// use scorpio_core::{OwnerId, SessionId, store::{NewSession, Store}};
/// use scorpio_store::PostgresStore;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = PostgresStore::connect("postgres://me@localhost/agents").await?;
/// let session = store.create_session(NewSession::new(SessionId::new(), OwnerId::local())).await?;
/// assert_eq!(session.version, 0);
/// # Ok(()) }
/// ```
///
/// [`Store`]: scorpio_core::store::Store
/// [`EventLog`]: scorpio_core::store::EventLog
/// [`AccountStore`]: scorpio_core::store::AccountStore
#[derive(Clone)]
pub struct PostgresStore(Arc<Inner>);

struct Inner {
    database: Database,
    /// Whether the connections are ours to close.
    owns_pool: bool,
    events: Arc<Events<PostgresEvents>>,
    notifications: Arc<Notifications>,
}

impl PostgresStore {
    /// Opens the database at `url`, such as `postgres://user:password@host:5432/database?sslmode=verify-full`, and makes the tables if
    /// they are not there.
    ///
    /// Must be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// The message names the database, without the password, and says why: nothing answers, it does not let the user in, its encoding
    /// is not UTF-8, or a newer version of Scorpio wrote the schema.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, PostgresOptions::default()).await
    }

    /// As [`PostgresStore::connect`], with options.
    ///
    /// # Errors
    ///
    /// As [`PostgresStore::connect`].
    pub async fn connect_with(url: &str, options: PostgresOptions) -> Result<Self, StoreError> {
        Ok(Self::start(connect::open(url, &options).await?, true, &options))
    }

    /// Uses the pool of a program: the tables join those of the program in the schema that is current. The connections stay as the
    /// program has set them, so timeouts of the database are up to it, and [`PostgresStore::close`] does not close them. One further
    /// connection is opened, with the options of the pool, as soon as something has to be listened for.
    ///
    /// # Errors
    ///
    /// As [`PostgresStore::connect`], and when the connections have `synchronous_commit = off`.
    pub async fn from_pool(pool: PgPool) -> Result<Self, StoreError> {
        let options = PostgresOptions::default();
        Ok(Self::start(connect::adopt(pool, &options).await?, false, &options))
    }

    fn start(database: Database, owns_pool: bool, options: &PostgresOptions) -> Self {
        let notifications = Notifications::new(database.pool().connect_options());
        let table = PostgresEvents {
            database: database.clone(),
            notifications: notifications.clone(),
            writer: EventWriter::start(database.clone(), &notifications),
        };
        let events = Events::start(table, options.event_delay);
        Self(Arc::new(Inner { database, owns_pool, events, notifications }))
    }

    /// Writes what is still to be written and closes the connections. Calls that come later fail.
    ///
    /// # Errors
    ///
    /// When something could not be written. The connections are closed all the same.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.0.events.close();
        let flushed = self.0.events.flush_all().await;
        self.0.notifications.close();
        if self.0.owns_pool {
            self.0.database.pool().close().await;
        }
        flushed
    }

    fn database(&self) -> &Database {
        &self.0.database
    }

    fn notifications(&self) -> &Arc<Notifications> {
        &self.0.notifications
    }

    fn events(&self) -> &Arc<Events<PostgresEvents>> {
        &self.0.events
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.0.database.schema().name();
        f.debug_struct("PostgresStore").field("schema", &schema).finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.events.close();
        self.notifications.close();
    }
}
