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

macro_rules! outage {
    ($(#[$doc:meta])* $name:ident, begin: |$begin:ident| $begins:expr, end: |$end:ident| $ends:expr) => {
        $(#[$doc])*
        pub struct $name(pub Arc<RedisRig>);

        #[async_trait]
        impl Outage for $name {
            async fn begin(&self) {
                #[allow(unused_mut)]
                let mut $begin = self.0.server();
                $begins;
            }

            async fn end(&self) {
                #[allow(unused_mut)]
                let mut $end = self.0.server();
                $ends;
            }

            fn course(&self) -> Course {
                Course::GoesOn
            }
        }
    };
}

outage! {
    /// The server is killed, and another one is started that knows nothing.
    RedisKilled, begin: |server| server.kill(), end: |server| server.launch()
}

outage! {
    /// The server closes all connections.
    ClientsDropped,
    begin: |server| server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]),
    end: |_server| ()
}

outage! {
    /// The server stops, and goes on later.
    RedisFreeze, begin: |server| server.signal("STOP"), end: |server| server.signal("CONT")
}

outage! {
    /// The server takes nothing more.
    MemoryFull,
    begin: |server| {
        server.command::<String>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
        server.command::<String>(&["CONFIG", "SET", "maxmemory", "1"])
    },
    end: |server| server.command::<String>(&["CONFIG", "SET", "maxmemory", "0"])
}

outage! {
    /// The server forgets everything.
    Flushed, begin: |server| server.command::<String>(&["FLUSHALL"]), end: |_server| ()
}
