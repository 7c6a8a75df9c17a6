//! A store that fails in the middle of a run. The process lives on: the run waits and goes on by itself, and no tool starts of which the
//! store does not know.
//!
//! | store | outage |
//! |---|---|
//! | PostgreSQL | a backend is killed, the server crashes and comes back, freezes, has no room, is held up by a transaction that the server then kills, is read-only |
//! | SQLite | another process holds the database, it is full, writes come short, files and folder are read-only, the file is deleted, bytes of it flip |
//! | Redis, as the log of events | the server is killed, drops its clients, freezes, has no memory, forgets everything |
//!
//! Each comes at five moments of a run. A full disk of PostgreSQL is a tablespace on a small tmpfs and files become immutable by a flag of
//! theirs: both need root, as CI has it, and a file system that knows the flag. Whoever is not root fails there, and is told why.

mod case;
mod moment;
mod postgres;
mod redis;
mod sqlite;

pub use self::{
    case::{Case, Stores},
    moment::{Moment, Trap, Trapped},
    postgres::{BackendKilled, Crash, DiskFull, Freeze, IdleInTransaction, PostgresRig, ReadOnly},
    redis::{RedisOutage, RedisRig},
    sqlite::{Busy, Deleted, Flipped, Full, Immutable, ShortWrites, SqliteRig},
};

use async_trait::async_trait;

/// Something that goes wrong in a store.
#[async_trait]
pub trait Outage: Send + Sync {
    /// It goes wrong.
    async fn begin(&self);

    /// It is well again.
    async fn end(&self);

    /// What a run has to do with it.
    fn course(&self) -> Course {
        Course::Waits
    }
}

/// What becomes of a run when its store fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Course {
    /// It goes on, and may have to wait.
    GoesOn,
    /// It waits until the store is well, says so, and goes on by itself.
    Waits,
    /// It fails when its patience is at an end. Once the store is there again, whoever looks for such runs takes it up.
    Fails,
}
