//! What SQLite adds to the promises of the traits: files, other processes, restarts.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::{path::Path, sync::Arc, time::Duration};

use futures::TryStreamExt;
use jiff::Timestamp;
use scorpio_core::{
    Event, EventKind, Limits, Message, OwnerId, PartDelta, RunEnd, RunFinished, RunId, SessionId, Usage,
    model::Entry,
    run::RunMachine,
    store::{
        AccountStore, Begin, Commit, EventLog, NewSession, RunRecord, Store, StoreError, StoreErrorKind, User,
    },
};
use scorpio_store::{SqliteStore, sqlite::SqliteOptions};
use sqlx::{Connection, SqliteConnection, SqlitePool, sqlite::SqliteConnectOptions};
use tempfile::TempDir;

struct Files {
    directory: TempDir,
}

impl Files {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> std::path::PathBuf {
        self.directory.path().join("test.db")
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open_with(self.path(), impatient()).await.unwrap()
    }

    async fn connect(&self) -> SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path()).create_if_missing(true);
        SqliteConnection::connect_with(&options).await.unwrap()
    }
}

fn impatient() -> SqliteOptions {
    SqliteOptions::new().with_busy_timeout(Duration::from_millis(50))
}

async fn refused(path: &Path) -> (StoreErrorKind, String) {
    let error = SqliteStore::open_with(path, impatient()).await.unwrap_err();
    (error.kind(), error.to_string())
}

async fn execute(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

fn owner() -> OwnerId {
    OwnerId::local()
}

async fn session(store: &SqliteStore, id: &str) -> Result<SessionId, StoreError> {
    let id = SessionId::parse(id).unwrap();
    store.create_session(NewSession::new(id.clone(), owner())).await?;
    Ok(id)
}

async fn run(store: &SqliteStore, session: &SessionId, ttl: Duration) -> RunRecord {
    let machine = RunMachine::new(RunId::new(), session.clone(), Limits::new());
    let run = machine.run();
    let mut begin = Begin::new(session.clone(), owner(), "holder", machine);
    begin.ttl = ttl;
    begin.input = Some(Message::user("input"));
    store.begin_run(begin).await.unwrap();
    store.run(&owner(), run).await.unwrap().unwrap()
}

async fn commit(
    store: &SqliteStore,
    run: &RunRecord,
    version: u64,
    end: Option<RunEnd>,
) -> Result<u64, StoreError> {
    let (lease, append) = (run.lease(), [Arc::new(Entry::new(Message::user("more")))]);
    let mut commit = Commit::new(&lease, version, &run.machine);
    commit.append = &append;
    commit.end = end;
    store.commit(commit).await
}

fn deltas(session: &SessionId, run: RunId, seqs: std::ops::RangeInclusive<u64>) -> Vec<Arc<Event>> {
    let delta = |seq| {
        let kind = EventKind::PartDelta(PartDelta { turn: 1, index: 0, text: "word ".into() });
        Arc::new(Event::new(session.clone(), run, seq, Timestamp::now(), kind))
    };
    seqs.map(delta).collect()
}

fn finish(session: &SessionId, run: RunId, seq: u64) -> Arc<Event> {
    let kind = EventKind::RunFinished(RunFinished { outcome: RunEnd::Interrupted, usage: Usage::default() });
    Arc::new(Event::new(session.clone(), run, seq, Timestamp::now(), kind))
}

async fn follow(store: &SqliteStore, run: RunId, after: u64) -> Vec<Arc<Event>> {
    let events = store.follow(run, after).await.unwrap().try_collect();
    tokio::time::timeout(Duration::from_secs(60), events).await.expect("following ends").unwrap()
}

mod opening {
    use super::*;

    #[tokio::test]
    async fn a_missing_directory_is_named() {
        let files = Files::new();
        let path = files.directory.path().join("missing").join("test.db");
        let (kind, message) = refused(&path).await;
        assert_eq!(kind, StoreErrorKind::Unavailable);
        let why = "its directory does not exist or cannot be written to";
        assert_eq!(message, format!("cannot open {}: {why}", path.display()));
    }

    // The tests may run as root, whom permissions do not stop; nobody can make files below /proc.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_directory_that_cannot_be_written_to_is_named() {
        let (kind, message) = refused(Path::new("/proc/test.db")).await;
        assert_eq!(kind, StoreErrorKind::Unavailable);
        assert!(message.starts_with("cannot open /proc/test.db: its directory"), "{message}");
    }

    #[tokio::test]
    async fn a_file_that_is_no_database_is_left_as_it_is() {
        let files = Files::new();
        let text = "This is a letter, not a database.\n".repeat(100);
        std::fs::write(files.path(), &text).unwrap();
        let (kind, message) = refused(&files.path()).await;
        assert_eq!(kind, StoreErrorKind::Corrupt);
        assert!(message.ends_with("it is not a SQLite database; it was left as it is"), "{message}");
        assert_eq!(std::fs::read_to_string(files.path()).unwrap(), text);
        assert_eq!(
            std::fs::read_dir(files.directory.path()).unwrap().count(),
            1,
            "nothing was put beside it"
        );
    }

    #[tokio::test]
    async fn a_database_of_a_newer_version_is_refused() {
        let files = Files::new();
        files.open().await.close().await.unwrap();
        execute(&mut files.connect().await, "insert into scorpio_schema values (7)").await;
        let (kind, message) = refused(&files.path()).await;
        assert_eq!(kind, StoreErrorKind::Corrupt);
        let why = "the database is of schema version 7, which a newer version of Scorpio wrote; \
                   this one knows versions up to 3";
        assert_eq!(message, format!("{}: {why}", files.path().display()));
    }

    #[tokio::test]
    async fn a_locked_database_is_told_so() {
        let files = Files::new();
        let mut other = files.connect().await;
        execute(&mut other, "begin exclusive; create table theirs (x)").await;
        let (kind, message) = refused(&files.path()).await;
        assert_eq!(kind, StoreErrorKind::Unavailable);
        assert!(message.ends_with("another process has locked it"), "{message}");
        execute(&mut other, "rollback").await;
        files.open().await;
    }

    #[tokio::test]
    async fn many_may_open_a_new_database_at_once() {
        let files = Files::new();
        let path = files.path();
        let stores = (0..8).map(|_| SqliteStore::open(path.clone()));
        for (index, store) in futures::future::join_all(stores).await.into_iter().enumerate() {
            session(&store.unwrap(), &format!("s{index}")).await.unwrap();
        }
    }
}

mod sharing {
    use super::*;

    #[tokio::test]
    async fn a_lock_of_another_process_delays_and_then_fails_a_write() {
        let files = Files::new();
        let store = files.open().await;
        let mut other = files.connect().await;
        execute(&mut other, "begin immediate").await;
        let error = session(&store, "s").await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert_eq!(error.to_string(), "the database is locked by another process");
        // Reading waits for nobody.
        assert_eq!(store.session(&owner(), &SessionId::parse("s").unwrap()).await.unwrap(), None);
        execute(&mut other, "rollback").await;
        session(&store, "s").await.unwrap();
    }

    #[tokio::test]
    async fn two_stores_on_one_file_fence_each_other() {
        let files = Files::new();
        let (one, two) = (files.open().await, files.open().await);
        let session = session(&one, "s").await.unwrap();
        let run = run(&one, &session, Duration::ZERO).await;
        let taken = two.take_over(run.id, "other", None, Duration::from_secs(60)).await.unwrap();
        assert_eq!(commit(&one, &run, 1, None).await.unwrap_err().kind(), StoreErrorKind::Fenced);
        assert_eq!(commit(&two, &taken, 1, None).await.unwrap(), 2);
        assert_eq!(one.messages(&owner(), &session, 0, 10).await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_follower_sees_what_another_process_logs() {
        let files = Files::new();
        let (writer, reader) = (files.open().await, files.open().await);
        let session = session(&writer, "s").await.unwrap();
        let run = run(&writer, &session, Duration::from_secs(60)).await;
        let following = tokio::spawn(async move { follow(&reader, run.id, 0).await });
        for seq in 1..=20 {
            writer.append(run.id, &deltas(&session, run.id, seq..=seq)).await.unwrap();
            tokio::task::yield_now().await;
        }
        writer.append(run.id, &[finish(&session, run.id, 21)]).await.unwrap();
        let seqs: Vec<u64> = following.await.unwrap().iter().map(|event| event.seq).collect();
        assert_eq!(seqs, Vec::from_iter(1..=21));
    }

    #[tokio::test]
    async fn the_database_of_a_program_takes_the_tables_in() {
        let files = Files::new();
        drop(files.connect().await);
        let options = SqliteConnectOptions::new().filename(files.path());
        let pool = SqlitePool::connect_with(options).await.unwrap();
        sqlx::raw_sql("create table sessions (mine); pragma user_version = 42").execute(&pool).await.unwrap();
        let store = SqliteStore::from_pool(pool.clone()).await.unwrap();
        let id = session(&store, "s").await.unwrap();
        assert!(store.session(&owner(), &id).await.unwrap().is_some());
        store.close().await.unwrap();
        let version: i64 = sqlx::query_scalar("pragma user_version").fetch_one(&pool).await.unwrap();
        assert_eq!(version, 42, "the program's own number is left alone");
        let sessions: i64 =
            sqlx::query_scalar("select count(*) from scorpio_sessions").fetch_one(&pool).await.unwrap();
        assert_eq!(sessions, 1, "the pool goes on");
    }

    #[tokio::test]
    async fn a_pool_in_memory_is_refused() {
        let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
        let error = SqliteStore::from_pool(pool).await.unwrap_err();
        assert!(error.to_string().contains("use SqliteStore::in_memory"), "{error}");
    }

    #[tokio::test]
    async fn the_path_of_memory_opens_memory() {
        let store = SqliteStore::open(":memory:").await.unwrap();
        let id = session(&store, "s").await.unwrap();
        assert!(store.session(&owner(), &id).await.unwrap().is_some());
        assert!(!Path::new(":memory:").exists());
    }

    #[tokio::test]
    async fn databases_in_memory_are_apart() {
        let (one, two) = (SqliteStore::in_memory().await.unwrap(), SqliteStore::in_memory().await.unwrap());
        session(&one, "s").await.unwrap();
        session(&two, "s").await.unwrap();
    }
}

mod restarting {
    use super::*;

    #[tokio::test]
    async fn everything_is_there_again() {
        let files = Files::new();
        let store = files.open().await;
        let session = session(&store, "s").await.unwrap();
        let run = run(&store, &session, Duration::from_secs(60)).await;
        commit(&store, &run, 1, None).await.unwrap();
        let user = User::registered(scorpio_core::UserId::new(), "ann@example.org", Timestamp::UNIX_EPOCH);
        store.create_user(&user, Some("hash")).await.unwrap();
        let before = (
            store.session(&owner(), &session).await.unwrap(),
            store.messages(&owner(), &session, 0, 10).await.unwrap(),
            store.run(&owner(), run.id).await.unwrap(),
            store.user_by_email("ann@example.org").await.unwrap(),
        );
        store.close().await.unwrap();

        let store = files.open().await;
        let after = (
            store.session(&owner(), &session).await.unwrap(),
            store.messages(&owner(), &session, 0, 10).await.unwrap(),
            store.run(&owner(), run.id).await.unwrap(),
            store.user_by_email("ann@example.org").await.unwrap(),
        );
        assert_eq!(before, after);
        assert_eq!(commit(&store, &run, 2, None).await.unwrap(), 3, "the run can go on");
    }

    #[tokio::test]
    async fn a_closed_store_refuses_work() {
        let files = Files::new();
        let store = files.open().await;
        let session_id = session(&store, "s").await.unwrap();
        store.close().await.unwrap();
        store.close().await.expect("closing twice is no error");
        for error in [
            session(&store, "t").await.unwrap_err(),
            store.session(&owner(), &session_id).await.unwrap_err(),
            store.append(RunId::new(), &deltas(&session_id, RunId::new(), 1..=1)).await.unwrap_err(),
        ] {
            assert_eq!(
                (error.kind(), error.to_string().as_str()),
                (StoreErrorKind::Unavailable, "the store is closed")
            );
        }
    }

    #[tokio::test]
    async fn closing_leaves_one_file() {
        let files = Files::new();
        let store = files.open().await;
        session(&store, "s").await.unwrap();
        store.session(&owner(), &SessionId::parse("s").unwrap()).await.unwrap();
        assert!(std::fs::read_dir(files.directory.path()).unwrap().count() > 1, "there is a log beside it");
        store.close().await.unwrap();
        assert_eq!(std::fs::read_dir(files.directory.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn closing_writes_the_events_that_are_waiting() {
        let files = Files::new();
        let options = impatient().with_event_delay(Duration::from_secs(3600));
        let store = SqliteStore::open_with(files.path(), options).await.unwrap();
        let (session, run) = (SessionId::new(), RunId::new());
        let events = deltas(&session, run, 1..=10);
        store.append(run, &events).await.unwrap();
        store.close().await.unwrap();
        assert_eq!(files.open().await.read(run, 0, 100).await.unwrap(), events);
    }

    #[tokio::test]
    async fn dropping_writes_the_events_that_are_waiting() {
        let files = Files::new();
        let options = impatient().with_event_delay(Duration::from_secs(3600));
        let store = SqliteStore::open_with(files.path(), options).await.unwrap();
        let (session, run) = (SessionId::new(), RunId::new());
        store.append(run, &deltas(&session, run, 1..=10)).await.unwrap();
        drop(store);
        written(&files, 10).await;
    }

    #[tokio::test]
    async fn events_are_written_soon_without_being_asked_for() {
        let files = Files::new();
        let store = files.open().await;
        let (session, run) = (SessionId::new(), RunId::new());
        store.append(run, &deltas(&session, run, 1..=3)).await.unwrap();
        written(&files, 3).await;
        drop(store);
    }

    #[tokio::test]
    async fn many_events_are_written_without_waiting() {
        let files = Files::new();
        let options = impatient().with_event_delay(Duration::from_secs(3600));
        let store = SqliteStore::open_with(files.path(), options).await.unwrap();
        let (session, run) = (SessionId::new(), RunId::new());
        for seq in 1..=256 {
            store.append(run, &deltas(&session, run, seq..=seq)).await.unwrap();
        }
        written(&files, 256).await;
        drop(store);
    }

    /// Waits until so many events are in the table.
    async fn written(files: &Files, count: i64) {
        let mut other = files.connect().await;
        let all_there = async {
            let sql = "select coalesce(sum(event_count), 0) from scorpio_events";
            while sqlx::query_scalar::<_, i64>(sql).fetch_one(&mut other).await.unwrap() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), all_there).await.expect("they are written");
    }
}

mod following {
    use super::*;

    #[tokio::test]
    async fn a_finished_run_is_followed_from_the_table() {
        let files = Files::new();
        let store = files.open().await;
        let (session, run) = (SessionId::new(), RunId::new());
        let mut events = deltas(&session, run, 1..=1_000);
        events.push(finish(&session, run, 1_001));
        store.append(run, &events).await.unwrap();
        store.close().await.unwrap();
        let store = files.open().await;
        assert_eq!(follow(&store, run, 0).await, events);
        assert_eq!(follow(&store, run, 700).await, events[700..]);
        assert_eq!(follow(&store, run, 1_001).await, []);
    }

    #[tokio::test]
    async fn a_run_of_a_dead_process_ends_its_followers() {
        let files = Files::new();
        let store = files.open().await;
        let session = session(&store, "s").await.unwrap();
        let run = run(&store, &session, Duration::ZERO).await;
        let events = deltas(&session, run.id, 1..=5);
        store.append(run.id, &events).await.unwrap();
        store.close().await.unwrap();
        // So long ago that nobody will take it over any more.
        execute(&mut files.connect().await, "update scorpio_runs set lease_until = 0").await;
        let store = files.open().await;
        assert_eq!(follow(&store, run.id, 0).await, events);
        assert_eq!(follow(&store, run.id, 5).await, []);
    }

    #[tokio::test]
    async fn a_run_that_finished_without_saying_so_ends_its_followers() {
        let files = Files::new();
        let store = files.open().await;
        let session = session(&store, "s").await.unwrap();
        let run = run(&store, &session, Duration::from_secs(60)).await;
        let events = deltas(&session, run.id, 1..=5);
        store.append(run.id, &events).await.unwrap();
        commit(&store, &run, 1, Some(RunEnd::Interrupted)).await.unwrap();
        assert_eq!(follow(&store, run.id, 0).await, events);
    }

    #[tokio::test]
    async fn an_unknown_run_ends_its_followers() {
        let store = SqliteStore::in_memory().await.unwrap();
        assert_eq!(follow(&store, RunId::new(), 0).await, []);
    }

    #[tokio::test]
    async fn a_run_that_has_begun_is_waited_for() {
        let store = SqliteStore::in_memory().await.unwrap();
        let session = session(&store, "s").await.unwrap();
        let run = run(&store, &session, Duration::from_secs(60)).await;
        let following = tokio::spawn({
            let store = store.clone();
            async move { follow(&store, run.id, 0).await }
        });
        // Long enough for a follower that does not wait to have left.
        tokio::time::sleep(Duration::from_millis(300)).await;
        let events = [deltas(&session, run.id, 1..=1), vec![finish(&session, run.id, 2)]].concat();
        store.append(run.id, &events).await.unwrap();
        assert_eq!(following.await.unwrap(), events);
    }

    #[tokio::test]
    async fn a_run_goes_on_where_another_process_stopped() {
        let files = Files::new();
        let store = files.open().await;
        let (session, run) = (SessionId::new(), RunId::new());
        store.append(run, &deltas(&session, run, 1..=5)).await.unwrap();
        store.close().await.unwrap();
        let store = files.open().await;
        store.append(run, &deltas(&session, run, 4..=7)).await.unwrap();
        store.append(run, &[finish(&session, run, 8)]).await.unwrap();
        let seqs: Vec<u64> = follow(&store, run, 0).await.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, Vec::from_iter(1..=8));
        assert_eq!(store.expire(Timestamp::now() + Duration::from_secs(1)).await.unwrap(), 8);
    }

    #[tokio::test]
    async fn deleting_a_session_forgets_its_events() {
        let files = Files::new();
        let store = files.open().await;
        let session = session(&store, "s").await.unwrap();
        let run = run(&store, &session, Duration::from_secs(60)).await;
        store.append(run.id, &deltas(&session, run.id, 1..=600)).await.unwrap();
        let stream = store.follow(run.id, 600).await.unwrap();
        store.delete_session(&owner(), &session).await.unwrap();
        assert_eq!(store.read(run.id, 0, 1_000).await.unwrap().len(), 0);
        assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap().len(), 0);
        store.close().await.unwrap();
        let mut connection = files.connect().await;
        let left: i64 = sqlx::query_scalar("select count(*) from scorpio_events")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }
}
