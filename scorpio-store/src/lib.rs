//! Stores of the Scorpio agent SDK that outlive the process, and the suite that they all pass.
//!
//! | feature | what it adds |
//! |---|---|
//! | `sqlite` (default) | [`SqliteStore`]: sessions and runs, the log of events, accounts and vectors in one file; SQLite is built in |
//! | `postgres` | [`PostgresStore`]: the same on PostgreSQL, shared by any number of processes; [`PostgresVectors`] where it has pgvector |
//! | `mongodb` | [`MongoStore`]: sessions and runs on MongoDB, shared by any number of processes |
//! | `redis` | [`RedisStore`]: the log of events, a cache, messages and a rate limiter on a Redis server |
//! | `redis-tls` | `rediss://…` |
//! | `blobs` | [`ObjectBlobStore`]: files in a folder of the local disk, or in any `object_store` |
//! | `s3` | files on S3 and everything compatible with it |
//! | `conformance` | [`conformance`]: the suite that every store passes, for a store of your own |
//!
//! The traits, and implementations in memory, are in [`scorpio_core::store`].
#![cfg_attr(docsrs, feature(doc_cfg))]

// The harness of the integration tests serves the unit tests too.
#[cfg(all(test, feature = "postgres"))]
extern crate self as scorpio_store;

#[cfg(feature = "blobs")]
pub mod blobs;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod events;
#[cfg(feature = "mongodb")]
pub mod mongodb;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "mongodb", feature = "postgres", feature = "sqlite"))]
mod record;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod row;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "blobs")]
pub use self::blobs::ObjectBlobStore;
#[cfg(feature = "mongodb")]
pub use self::mongodb::MongoStore;
#[cfg(feature = "postgres")]
pub use self::postgres::{PostgresStore, PostgresVectors};
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
