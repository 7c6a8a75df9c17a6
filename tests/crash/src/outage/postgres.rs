//! What goes wrong on PostgreSQL, on a server of the test's own.

use std::{fs, io::Write, path::PathBuf, time::Duration};

use async_trait::async_trait;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use scorpio_store::{PostgresStore, postgres::PostgresOptions};
use scorpio_test_services::{postgres::Server, signal};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tokio::sync::Mutex;

use super::{Course, Outage, Stores};
use crate::backend::Backend;

/// By which the connections of the run's store are known.
const NAME: &str = "outages";

/// A server and stores on it.
pub struct PostgresRig {
    server: Server,
}

impl PostgresRig {
    /// `None` where there is no PostgreSQL to test.
    pub fn start() -> Option<Self> {
        Some(Self { server: Server::start()? })
    }

    /// Waits until the server takes connections.
    async fn connect(&self) -> PgConnection {
        loop {
            match PgConnection::connect(&self.server.url()).await {
                Ok(connection) => return connection,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    async fn say(&self, sql: &str) {
        let mut connection = self.connect().await;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
    }

    /// The processes that serve the run's store.
    async fn backends(&self) -> Vec<u32> {
        let sql = "select pid from pg_stat_activity where application_name = $1";
        let pids: Vec<i32> =
            sqlx::query_scalar(sql).bind(NAME).fetch_all(&mut self.connect().await).await.unwrap();
        pids.into_iter().map(|pid| u32::try_from(pid).unwrap()).collect()
    }
}

#[async_trait]
impl Stores for PostgresRig {
    async fn open(&self) -> Backend {
        let options = PostgresOptions::new()
            .with_connections(4)
            .with_acquire_timeout(Duration::from_millis(500))
            .with_statement_timeout(Duration::from_millis(800))
            .with_lock_timeout(Duration::from_millis(300));
        let url = format!("{}?application_name={NAME}", self.server.url());
        Backend::postgres(PostgresStore::connect_with(&url, options).await.unwrap(), &self.server.url()).await
    }

    async fn reopen(&self) -> Backend {
        self.connect().await.close().await.unwrap();
        Backend::open(&self.server.url()).await
    }
}

/// A process that serves a connection is killed, and with it go all the others: the server recovers from its log.
pub struct BackendKilled(pub std::sync::Arc<PostgresRig>);

#[async_trait]
impl Outage for BackendKilled {
    async fn begin(&self) {
        signal("KILL", *self.0.backends().await.first().expect("the store has a connection"));
    }

    async fn end(&self) {}

    fn course(&self) -> Course {
        Course::GoesOn
    }
}

/// The server stops at once, and is started later.
pub struct Crash(pub std::sync::Arc<PostgresRig>);

#[async_trait]
impl Outage for Crash {
    async fn begin(&self) {
        self.0.server.stop();
    }

    async fn end(&self) {
        self.0.server.resume();
    }
}

/// The server and all that serve connections are stopped, and go on later.
pub struct Freeze {
    rig: std::sync::Arc<PostgresRig>,
    frozen: Mutex<Vec<u32>>,
}

impl Freeze {
    pub fn new(rig: std::sync::Arc<PostgresRig>) -> Self {
        Self { rig, frozen: Mutex::default() }
    }
}

#[async_trait]
impl Outage for Freeze {
    async fn begin(&self) {
        let mut frozen = self.rig.backends().await;
        frozen.push(self.rig.server.process());
        frozen.iter().for_each(|process| signal("STOP", *process));
        *self.frozen.lock().await = frozen;
    }

    async fn end(&self) {
        for process in self.frozen.lock().await.drain(..).rev() {
            signal("CONT", process);
        }
    }
}

/// The tables are on a small disk, and it is full.
pub struct DiskFull {
    // Stopped before its disk goes.
    rig: std::sync::Arc<PostgresRig>,
    disk: Disk,
}

struct Disk(PathBuf);

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

impl DiskFull {
    /// To be called before the tables are made.
    pub async fn new(rig: std::sync::Arc<PostgresRig>) -> Self {
        let path = rig.server.make_folder("small-disk");
        let mounted = mount("tmpfs", &path, "tmpfs", MountFlags::empty(), Some(c"size=32m"));
        mounted.expect("a tmpfs is mounted, for which this test must be root");
        let disk = Disk(path);
        let tables = disk.0.join("tables");
        fs::create_dir(&tables).unwrap();
        rig.server.give(&tables);
        rig.say(&format!("create tablespace small location '{}'", tables.display())).await;
        rig.say("alter database postgres set default_tablespace = small").await;
        Self { rig, disk }
    }
}

#[async_trait]
impl Outage for DiskFull {
    async fn begin(&self) {
        // Pages count as full when a tenth of them is, so that every step of a run needs a new one.
        let sql = "do $$ declare t record; begin
             for t in select tablename from pg_tables where tablename like 'scorpio%' loop
                 execute format('alter table %I set (fillfactor = 10)', t.tablename);
             end loop; end $$";
        self.rig.say(sql).await;
        let mut ballast = fs::File::create(self.disk.0.join("ballast")).unwrap();
        for size in [1 << 20, 1 << 12] {
            while ballast.write_all(&vec![1; size]).is_ok() {}
        }
    }

    async fn end(&self) {
        fs::remove_file(self.disk.0.join("ballast")).unwrap();
    }
}

/// Somebody holds the sessions in a transaction and does nothing, until the server kills that connection.
pub struct IdleInTransaction {
    rig: std::sync::Arc<PostgresRig>,
    idle: Mutex<Option<PgConnection>>,
}

impl IdleInTransaction {
    pub fn new(rig: std::sync::Arc<PostgresRig>) -> Self {
        Self { rig, idle: Mutex::default() }
    }
}

#[async_trait]
impl Outage for IdleInTransaction {
    async fn begin(&self) {
        let mut idle = self.rig.connect().await;
        let sql = "set idle_in_transaction_session_timeout = '1500ms'; begin; select from scorpio_sessions for update";
        sqlx::raw_sql(sql).execute(&mut idle).await.unwrap();
        *self.idle.lock().await = Some(idle);
    }

    async fn end(&self) {
        let mut idle = self.idle.lock().await.take().expect("it has begun");
        while idle.ping().await.is_ok() {
            // Asking has made it busy for a moment, so its time begins anew.
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }
}

/// The server takes no writes.
pub struct ReadOnly(pub std::sync::Arc<PostgresRig>);

impl ReadOnly {
    async fn set(&self, sql: &'static str, expected: &str) {
        let mut connection = self.0.connect().await;
        sqlx::raw_sql("set default_transaction_read_only = off").execute(&mut connection).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        sqlx::raw_sql("select pg_reload_conf()").execute(&mut connection).await.unwrap();
        loop {
            let sql = "select current_setting('default_transaction_read_only')";
            let now: String = sqlx::query_scalar(sql).fetch_one(&mut self.0.connect().await).await.unwrap();
            if now == expected {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

#[async_trait]
impl Outage for ReadOnly {
    async fn begin(&self) {
        self.set("alter system set default_transaction_read_only = on", "on").await;
    }

    async fn end(&self) {
        self.set("alter system reset default_transaction_read_only", "off").await;
    }
}
