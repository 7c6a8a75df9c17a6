//! Sessions and runs on MongoDB, shared by any number of processes.
//!
//! ```no_run
//! use std::sync::Arc;
//! use scorpio_core::{Agent, model::{Model, Scripted}};
//! use scorpio_store::MongoStore;
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = MongoStore::connect("mongodb://localhost/agents?replicaSet=rs0").await?;
//! let agent = Agent::builder("support")
//!     .with_model(Model::new(Scripted::new().text("Hello."), "test"))
//!     .store(Arc::new(store))
//!     .build()?;
//! agent.run("Hi.").await?;
//! # Ok(()) }
//! ```
//!
//! # What it promises
//!
//! - **Durable.** A write is in the journals of a majority of the servers before it is answered, and what is read is such a write, from
//!   the primary, whatever the URL or the client says: an election undoes nothing that a caller has seen.
//! - **Whole.** Every step of a session and its run is one update of one document, made only if nobody has made another since it was
//!   read. No transactions are needed, so a single server will do as well as a replica set. What a step adds to other collections is
//!   in that document first and is moved to its place at once; should the process die in between, whoever reads the session next
//!   moves it.
//! - **On time.** Each command has a timeout, and so has the search for a primary ([`MongoOptions`]). A call that runs into one fails as
//!   [`Unavailable`](scorpio_core::store::StoreErrorKind::Unavailable), and the store works again when the servers do.
//! - **One clock.** Leases run out by the clock of the primary, whatever the processes think of the time. When another server becomes the
//!   primary, they last shorter or longer by as much as its clock differs. The time in
//!   [`RunRecord::lease_until`](scorpio_core::store::RunRecord::lease_until) is told by the clock of who took the lease; so are all
//!   other times.
//! - **Its own collections.** Their names begin with `scorpio_`, so the database can be that of your program
//!   ([`MongoStore::from_database`]). A database that a newer version wrote is refused.
//! - **Byte for byte.** Messages, tool executions and machines are kept as the text of their JSON. Other times are kept to the microsecond.
//!
//! # Limits
//!
//! A document of MongoDB has at most 16 MiB. A step (the messages, tool executions and the machine of one commit, with the signals that the
//! run was sent) must fit into 15 MiB of it; a larger one fails as [`TooLarge`](scorpio_core::store::StoreErrorKind::TooLarge). A commit of a
//! transactional tool, which speaks SQL, fails as [`Unsupported`](scorpio_core::store::StoreErrorKind::Unsupported).
//!
//! When a process dies while it deletes or imports a session, what hung on it may stay in the database, where no call finds it.
//!
//! The tests run on PyPI's `nx-27017`, a server that speaks MongoDB's wire protocol, and not on MongoDB itself.

mod begin;
mod branches;
mod commit;
mod connect;
mod database;
mod document;
mod error;
mod history;
mod journal;
mod leases;
mod options;
mod runs;
mod sessions;
mod signals;
mod snapshots;
mod step;
mod store;

use std::{fmt, sync::Arc};

use scorpio_core::store::StoreError;
use tokio::sync::Notify;

use self::database::Database;
pub use self::options::MongoOptions;

/// A [`Store`] on a MongoDB database. Cloning it copies a pointer.
///
/// ```no_run
/// use scorpio_core::{OwnerId, SessionId, store::{NewSession, Store}};
/// use scorpio_store::MongoStore;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = MongoStore::connect("mongodb://localhost/agents").await?;
/// let session = store.create_session(NewSession::new(SessionId::new(), OwnerId::local())).await?;
/// assert_eq!(session.version, 0);
/// # Ok(()) }
/// ```
///
/// [`Store`]: scorpio_core::store::Store
#[derive(Clone)]
pub struct MongoStore(Arc<Inner>);

struct Inner {
    database: Database,
    /// Some run was told something by this process.
    signalled: Notify,
}

impl MongoStore {
    /// Opens the database that a URL names, such as `mongodb://user:password@host/database?replicaSet=rs0`, and makes the collections and
    /// their indexes if they are not there.
    ///
    /// # Errors
    ///
    /// The message names the database, without the password, and says why: nothing answers, it does not let the user in, the URL names
    /// no database, or a newer version of Scorpio wrote it.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, MongoOptions::default()).await
    }

    /// As [`MongoStore::connect`], with options.
    ///
    /// # Errors
    ///
    /// As [`MongoStore::connect`].
    pub async fn connect_with(url: &str, options: MongoOptions) -> Result<Self, StoreError> {
        Ok(Self::new(connect::open(url, &options).await?))
    }

    /// Uses the database of a client that the program has, with its connections and its time to look for a server. What is durable and
    /// what is read is up to the store all the same.
    ///
    /// # Errors
    ///
    /// As [`MongoStore::connect`].
    pub async fn from_database(database: ::mongodb::Database) -> Result<Self, StoreError> {
        let place = format!("the database {}", database.name());
        Ok(Self::new(connect::adopt(&database, &MongoOptions::default(), &place).await?))
    }

    fn new(database: Database) -> Self {
        Self(Arc::new(Inner { database, signalled: Notify::new() }))
    }

    fn database(&self) -> &Database {
        &self.0.database
    }

    fn signalled(&self) -> &Notify {
        &self.0.signalled
    }
}

impl fmt::Debug for MongoStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore").field("database", &self.0.database.name()).finish_non_exhaustive()
    }
}
