//! Stores of the Scorpio agent SDK that outlive the process, and the suite that they all pass.
//!
//! | feature | what it adds |
//! |---|---|
//! | `sqlite` (default) | [`SqliteStore`]: sessions and runs, the log of events, accounts and vectors in one file; SQLite is built in |
//! | `postgres` | [`PostgresVectors`]: vectors in PostgreSQL with pgvector |
//! | `conformance` | [`conformance`]: the suite that every store passes, for a store of your own |
//!
//! The traits, and implementations in memory, are in [`scorpio_core::store`].
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresVectors;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
