//! What goes wrong on a Redis that has the log of events. The store is a SQLite file, so the run has nothing to wait for.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use scorpio_store::{RedisStore, redis::RedisOptions};
use scorpio_test_services::redis::Server;

use super::{Course, Outage, SqliteRig, Stores};
use crate::backend::Backend;

/// A server with the log, and a file with the rest.
pub struct RedisRig {
    server: Mutex<Server>,
    url: String,
    sqlite: SqliteRig,
}

impl RedisRig {
    /// `None` where there is no Redis to test.
    pub fn start() -> Option<Self> {
        let server = Server::start()?;
        let url = server.url();
        Some(Self { server: Mutex::new(server), url, sqlite: SqliteRig::new() })
    }

    pub fn folder(&self) -> &Path {
        self.sqlite.folder()
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Server> {
        self.server.lock().unwrap()
    }
}

#[async_trait]
impl Stores for RedisRig {
    async fn open(&self) -> Backend {
        let options = RedisOptions::new().with_timeout(Duration::from_millis(500));
        let log = RedisStore::connect_with(&self.url, options).await.unwrap();
        self.sqlite.open().await.with_log(Arc::new(log))
    }

    async fn reopen(&self) -> Backend {
        self.sqlite.reopen().await
    }
}

/// The server is in trouble.
pub struct RedisOutage {
    rig: Arc<RedisRig>,
    begins: fn(&mut Server),
    ends: fn(&mut Server),
}

impl RedisOutage {
    fn new(rig: Arc<RedisRig>, begins: fn(&mut Server), ends: fn(&mut Server)) -> Self {
        Self { rig, begins, ends }
    }

    /// It is killed, and another one is started that knows nothing.
    pub fn killed(rig: Arc<RedisRig>) -> Self {
        Self::new(rig, Server::kill, Server::launch)
    }

    /// It closes all connections.
    pub fn drops_clients(rig: Arc<RedisRig>) -> Self {
        let begins = |server: &mut Server| {
            server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]);
        };
        Self::new(rig, begins, |_| {})
    }

    /// It stops, and goes on later.
    pub fn freezes(rig: Arc<RedisRig>) -> Self {
        Self::new(rig, |server| server.signal("STOP"), |server| server.signal("CONT"))
    }

    /// It takes nothing more.
    pub fn has_no_memory(rig: Arc<RedisRig>) -> Self {
        let begins = |server: &mut Server| {
            server.command::<String>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
            server.command::<String>(&["CONFIG", "SET", "maxmemory", "1"]);
        };
        let ends = |server: &mut Server| {
            server.command::<String>(&["CONFIG", "SET", "maxmemory", "0"]);
        };
        Self::new(rig, begins, ends)
    }

    /// It forgets everything.
    pub fn forgets(rig: Arc<RedisRig>) -> Self {
        let begins = |server: &mut Server| {
            server.command::<String>(&["FLUSHALL"]);
        };
        Self::new(rig, begins, |_| {})
    }
}

#[async_trait]
impl Outage for RedisOutage {
    async fn begin(&self) {
        (self.begins)(&mut self.rig.server());
    }

    async fn end(&self) {
        (self.ends)(&mut self.rig.server());
    }

    fn course(&self) -> Course {
        Course::GoesOn
    }
}
