//! Stores of the Scorpio agent SDK that outlive the process, and the suite that they all pass.
//!
//! | feature | what it adds |
//! |---|---|
//! | `sqlite` (default) | [`SqliteStore`]: sessions and runs, the log of events, and accounts in one file; SQLite is built in |
//! | `redis` | [`RedisStore`]: the log of events, a cache, messages and a rate limiter on a Redis server |
//! | `redis-tls` | `rediss://…` |
//! | `blobs` | [`ObjectBlobStore`]: files in a folder of the local disk, or in any `object_store` |
//! | `s3` | files on S3 and everything compatible with it |
//! | `conformance` | [`conformance`]: the suite that every store passes, for a store of your own |
//!
//! The traits, and implementations in memory, are in [`scorpio_core::store`].
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "blobs")]
pub mod blobs;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "sqlite")]
pub mod sqlite;

#[cfg(feature = "blobs")]
pub use self::blobs::ObjectBlobStore;
#[cfg(feature = "redis")]
pub use self::redis::RedisStore;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteStore;
