//! Stores of the Scorpio agent SDK that outlive the process, and the suite that they all pass.
//!
//! | feature | what it adds |
//! |---|---|
//! | `sqlite` (default) | [`SqliteStore`]: sessions and runs, the log of events, and accounts in one file; SQLite is built in |
//! | `postgres` | [`PostgresStore`]: the same on PostgreSQL, shared by any number of processes |
//! | `conformance` | [`conformance`]: the suite that every store passes, for a store of your own |
//!
//! The traits, and implementations in memory, are in [`scorpio_core::store`].
#![cfg_attr(docsrs, feature(doc_cfg))]

// The harness of the integration tests serves the unit tests too.
#[cfg(all(test, feature = "postgres"))]
extern crate self as scorpio_store;

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod events;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod record;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod row;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
