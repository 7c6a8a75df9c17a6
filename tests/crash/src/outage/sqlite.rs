//! What goes wrong on SQLite, in a folder of the test's own.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use rustix::{
    fs::{IFlags, ioctl_getflags, ioctl_setflags},
    process::{Resource, Rlimit, getrlimit, setrlimit},
};
use scorpio_core::{
    OwnerId,
    store::{Page, Store, StoreErrorKind},
};
use scorpio_store::{SqliteStore, sqlite::SqliteOptions};
use sqlx::{Connection, SqliteConnection, SqlitePool, sqlite::SqliteConnectOptions};
use tokio::sync::Mutex;

use super::{Course, Outage, Stores};
use crate::backend::Backend;

/// A database and stores on it.
pub struct SqliteRig {
    folder: tempfile::TempDir,
    /// Pages that the run's store may use at most.
    pages: Option<u32>,
}

impl SqliteRig {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), pages: None }
    }

    /// With room for so many small pages.
    async fn small(pages: u32) -> Self {
        let rig = Self { pages: Some(pages), ..Self::new() };
        let options = SqliteConnectOptions::new().filename(rig.path()).create_if_missing(true).page_size(512);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql("create table ballast (body blob)").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rig
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("agent.db")
    }

    fn path_text(&self) -> String {
        self.path().display().to_string()
    }

    async fn connect(&self) -> SqliteConnection {
        SqliteConnection::connect(&format!("sqlite://{}", self.path_text())).await.unwrap()
    }
}

impl Default for SqliteRig {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Stores for SqliteRig {
    async fn open(&self) -> Backend {
        let store = match self.pages {
            None => {
                let options = SqliteOptions::new().with_busy_timeout(Duration::from_millis(200));
                SqliteStore::open_with(self.path(), options).await
            }
            Some(pages) => {
                let options = SqliteConnectOptions::new().filename(self.path());
                let options = options.pragma("max_page_count", pages.to_string());
                SqliteStore::from_pool(SqlitePool::connect_lazy_with(options)).await
            }
        };
        Backend::sqlite(store.unwrap(), &self.path_text()).await
    }

    async fn reopen(&self) -> Backend {
        Backend::open(&format!("sqlite://{}", self.path_text())).await
    }
}

/// Another process writes for longer than the store waits for it.
pub struct Busy {
    rig: Arc<SqliteRig>,
    other: Mutex<Option<SqliteConnection>>,
}

impl Busy {
    pub fn new(rig: Arc<SqliteRig>) -> Self {
        Self { rig, other: Mutex::default() }
    }
}

#[async_trait]
impl Outage for Busy {
    async fn begin(&self) {
        let mut other = self.rig.connect().await;
        sqlx::raw_sql("begin immediate").execute(&mut other).await.unwrap();
        *self.other.lock().await = Some(other);
    }

    async fn end(&self) {
        let mut other = self.other.lock().await.take().expect("it has begun");
        sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
    }
}

/// The database has as many pages as it may have, and all are in use.
pub struct Full(Arc<SqliteRig>);

impl Full {
    const PAGES: u32 = 6_000;

    /// The outage, and the rig that it needs.
    pub async fn new() -> (Self, Arc<SqliteRig>) {
        let rig = Arc::new(SqliteRig::small(Self::PAGES).await);
        (Self(Arc::clone(&rig)), rig)
    }
}

#[async_trait]
impl Outage for Full {
    async fn begin(&self) {
        let mut other = self.0.connect().await;
        let sql = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 64)
                   insert into ballast select zeroblob(51200) from n";
        sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
        let free: i64 = sqlx::query_scalar("pragma freelist_count").fetch_one(&mut other).await.unwrap();
        assert_eq!(free, 0, "every page is in use");
        other.close().await.unwrap();
    }

    async fn end(&self) {
        let mut other = self.0.connect().await;
        sqlx::raw_sql("delete from ballast").execute(&mut other).await.unwrap();
        other.close().await.unwrap();
    }
}

/// Nothing is written beyond the first KiB of any file of this process: what goes over it comes short. No other test may run in it.
pub struct ShortWrites {
    usual: Rlimit,
}

impl ShortWrites {
    const LIMIT: u64 = 1_024;

    /// Must be called in a runtime, which from now on takes the signal that would end the process.
    pub fn new() -> Self {
        // SIGXFSZ, everywhere on Linux but on MIPS.
        let signal = tokio::signal::unix::SignalKind::from_raw(25);
        let _ = tokio::signal::unix::signal(signal).unwrap();
        Self { usual: getrlimit(Resource::Fsize) }
    }
}

impl Default for ShortWrites {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Outage for ShortWrites {
    async fn begin(&self) {
        let limit = Rlimit { current: Some(Self::LIMIT), maximum: self.usual.maximum };
        setrlimit(Resource::Fsize, limit).unwrap();
    }

    async fn end(&self) {
        setrlimit(Resource::Fsize, self.usual).unwrap();
    }
}

/// The files of the database and their folder cannot be changed, not even by those who have them open.
pub struct Immutable(pub Arc<SqliteRig>);

impl Immutable {
    fn set(&self, on: bool) {
        let path = self.0.path_text();
        let folder = self.0.folder().display().to_string();
        for path in [path.clone(), format!("{path}-wal"), folder] {
            // Whoever closes a database last takes its log along.
            let Ok(file) = fs::File::open(&path) else { continue };
            let mut flags = ioctl_getflags(&file).expect("the file system has flags");
            flags.set(IFlags::IMMUTABLE, on);
            ioctl_setflags(&file, flags).expect("a file is made immutable, for which this test must be root");
        }
    }
}

#[async_trait]
impl Outage for Immutable {
    async fn begin(&self) {
        self.set(true);
    }

    async fn end(&self) {
        self.set(false);
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        // Or else the folder stays.
        if std::thread::panicking() {
            self.set(false);
        }
    }
}

/// The file is deleted. In the end it is there again, as from somebody who had it still.
pub struct Deleted(pub Arc<SqliteRig>);

impl Deleted {
    fn kept(&self) -> PathBuf {
        self.0.folder().join("kept.db")
    }
}

#[async_trait]
impl Outage for Deleted {
    async fn begin(&self) {
        fs::hard_link(self.0.path(), self.kept()).unwrap();
        fs::remove_file(self.0.path()).unwrap();
    }

    async fn end(&self) {
        assert!(!fs::exists(self.0.path()).unwrap(), "nobody has put another one in its place");
        fs::rename(self.kept(), self.0.path()).unwrap();
    }

    fn course(&self) -> Course {
        Course::Fails
    }
}

/// Bytes of the file flip, as the next process finds it. The run itself is not concerned: it is a copy that is damaged.
pub struct Flipped(pub Arc<SqliteRig>);

impl Flipped {
    const FLIPS: u64 = 20;

    /// The file with all that is in its log.
    async fn copy(&self) -> Vec<u8> {
        let mut other = self.0.connect().await;
        let path = self.0.folder().join("copy.db");
        let sql = format!("vacuum into '{}'", path.display());
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut other).await.unwrap();
        other.close().await.unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(path).unwrap();
        bytes
    }
}

#[async_trait]
impl Outage for Flipped {
    async fn begin(&self) {
        let whole = self.copy().await;
        let mut random = fastrand::Rng::with_seed(11);
        for round in 0..Self::FLIPS {
            // What says that it is a database and how large its pages are, and the root of its tables.
            let mut bytes = whole.clone();
            let place = *random.choice(&[0, 3, 5, 7, 9, 12, 15, 16, 100]).unwrap();
            bytes[place] ^= random.u8(1..);
            let path = self.0.folder().join(format!("flipped-{round}.db"));
            fs::write(&path, &bytes).unwrap();
            let refused = SqliteStore::open(&path).await.expect_err("a damaged file is refused");
            assert_eq!(refused.kind(), StoreErrorKind::Corrupt, "byte {place}: {refused:?}");
            assert!(fs::read(&path).unwrap() == bytes, "a damaged file is left as it is");
        }
        for round in 0..Self::FLIPS {
            // Anywhere: SQLite has no checksums, so it may not be noticed, or only when what is there is read.
            let mut bytes = whole.clone();
            let place = random.usize(100..bytes.len());
            bytes[place] ^= random.u8(1..);
            let path = self.0.folder().join(format!("anywhere-{round}.db"));
            fs::write(&path, &bytes).unwrap();
            let Ok(store) = SqliteStore::open(&path).await else { continue };
            let page = Page::First { limit: 100 };
            if let Ok(listing) = store.list_sessions(&OwnerId::local(), page).await {
                for session in listing.sessions {
                    let _ = store.messages(&OwnerId::local(), &session.id, 0, 100).await;
                    let _ = store.executions(&OwnerId::local(), &session.id, 100).await;
                }
            }
            let _ = store.close().await;
        }
    }

    async fn end(&self) {}

    fn course(&self) -> Course {
        Course::GoesOn
    }
}
