use scorpio_core::{
    Limits, MessageId, OwnerId, RunId, SessionId, UserId,
    run::RunMachine,
    store::{AccountStore, Begin, Claimable, NewSession, Page, Session, Store, StoreErrorKind},
};
use sqlx::Row;
use tempfile::TempDir;

use super::{
    SqliteStore, accounts, branches, events, journal, row, row::rows, runs, script::Script, sessions, signals,
};
use crate::events::Writing;

async fn in_a_file() -> (SqliteStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(directory.path().join("test.db")).await.unwrap();
    (store, directory)
}

/// What SQLite would do to run a statement.
async fn plan(store: &SqliteStore, script: Script) -> Vec<String> {
    let mut explained = Script::new(&format!("explain query plan {}", script.sql().trim_end_matches(';')));
    for value in script.values() {
        explained = explained.bind(value.clone());
    }
    let steps = store.read(explained).await.unwrap();
    rows(&steps, 0).iter().map(|row| row.get::<String, _>("detail")).collect()
}

#[tokio::test]
async fn no_query_scans_a_table_or_sorts() {
    let (store, _directory) = in_a_file().await;
    let (owner, session, run) = (OwnerId::local(), SessionId::new(), RunId::new());
    let cursor = Session::create(NewSession::new(session.clone(), owner.clone()), jiff::Timestamp::now());
    let now = jiff::Timestamp::now();
    let queries = [
        ("a session", sessions::select_session(&owner, &session)),
        ("the newest sessions", sessions::select_newest(&owner, 20)),
        ("older sessions", sessions::select_older(&owner, &cursor, 20)),
        ("newer sessions", sessions::select_newer(&owner, &cursor, 20)),
        ("the first messages", sessions::select_messages(&owner, &session, 0, 20)),
        ("messages in the middle", sessions::select_messages(&owner, &session, 7_000, 20)),
        ("the live run", runs::select_live_run(&owner, &session)),
        ("claimable runs", runs::select_claimable(&Claimable::new(20).sole_holder("holder")).unwrap()),
        ("signals", signals::select_signals(run, 7)),
        ("a journal", journal::select_entries(&owner, run, 7, 20)),
        ("the run of a message", runs::select_run_of_message(&owner, &session, &MessageId::new())),
        ("executions", runs::select_executions(&owner, &session, 20)),
        ("events", events::select_batches(run, 7, 20)),
        ("the last event", events::select_end(run)),
        ("old events", events::delete_before(now)),
        ("a quota", accounts::select_quota(Script::default(), UserId::new(), "message", now)),
    ];
    for (what, script) in queries {
        for step in plan(&store, script).await {
            // Those that are live are few, and have an index of their own.
            let is_scan = step.starts_with("SCAN") && !step.ends_with("USING INDEX scorpio_runs_live");
            // A list of names that is a parameter is no table.
            let is_constant = step == "SCAN CONSTANT ROW" || step.starts_with("SCAN json_each VIRTUAL TABLE");
            assert!(!is_scan || is_constant, "{what}: {step}");
            assert!(!step.contains("TEMP B-TREE"), "{what}: {step}");
        }
    }
}

#[tokio::test]
async fn branches_are_found_by_index() {
    let (store, _directory) = in_a_file().await;
    // What is scanned and sorted are the few messages at which ways part.
    let plan = plan(&store, branches::select_branch_points(&OwnerId::local(), &SessionId::new())).await;
    assert!(
        !plan.iter().any(|step| step.starts_with("SCAN scorpio_") || step.starts_with("SCAN next")),
        "{plan:#?}"
    );
}

/// Microseconds since 1970, some seconds ago.
fn ago(seconds: i64) -> i64 {
    row::now().as_microsecond() - seconds * 1_000_000
}

#[tokio::test]
async fn a_run_that_may_be_taken_over_is_waited_for() {
    let (store, _directory) = in_a_file().await;
    let (owner, session, run) = (OwnerId::local(), SessionId::new(), RunId::new());
    store.create_session(NewSession::new(session.clone(), owner.clone())).await.unwrap();
    let machine = RunMachine::new(run, session.clone(), Limits::new());
    store.begin_run(Begin::new(session, owner, "holder", machine)).await.unwrap();
    let writing = async |changes: &str| {
        store.write(Script::new(&format!("update scorpio_runs set {changes}"))).await.unwrap();
        store.events().writing(run).await.unwrap()
    };
    assert_eq!(writing("fence = 1").await, Writing::Yes);
    assert_eq!(writing(&format!("lease_until = {}", ago(50))).await, Writing::Yes);
    assert_eq!(writing(&format!("lease_until = {}", ago(70))).await, Writing::No);
    assert_eq!(writing(&format!("lease_until = {}", ago(-60))).await, Writing::Yes);
    assert_eq!(writing("status = 'waiting'").await, Writing::No);
    assert_eq!(writing("status = 'finished', finished_at = 0").await, Writing::No);
}

#[tokio::test]
async fn the_check_of_plans_can_fail() {
    let (store, _directory) = in_a_file().await;
    let by_title =
        Script::new("select id from scorpio_sessions where title = ? order by created_at").bind("x");
    let plan = plan(&store, by_title).await;
    assert!(plan.iter().any(|step| step.starts_with("SCAN")), "{plan:?}");
    assert!(plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
}

#[tokio::test]
async fn connections_are_set_up_for_durability() {
    let (store, _directory) = in_a_file().await;
    let pragma = async |name: &str, write: bool| -> String {
        let script = Script::new(&format!("select cast((select * from pragma_{name}) as text)"));
        let steps =
            if write { store.write(script).await.unwrap() } else { store.read(script).await.unwrap() };
        rows(&steps, 0)[0].get(0)
    };
    assert_eq!(pragma("journal_mode", true).await, "wal");
    assert_eq!(pragma("synchronous", true).await, "2", "FULL");
    assert_eq!(pragma("foreign_keys", true).await, "1");
    assert_eq!(pragma("busy_timeout", true).await, "5000");
    assert_eq!(pragma("query_only", false).await, "1", "readers cannot write");
}

#[tokio::test]
async fn pages_hold_when_activity_is_the_same() {
    let (store, _directory) = in_a_file().await;
    let owner = OwnerId::local();
    for index in 0..9 {
        let id = SessionId::parse(&format!("s{index}")).unwrap();
        store.create_session(NewSession::new(id, owner.clone())).await.unwrap();
    }
    store.write(Script::new("update scorpio_sessions set updated_at = 1000 where id <> 's4'")).await.unwrap();
    store.write(Script::new("update scorpio_sessions set updated_at = 2000 where id = 's4'")).await.unwrap();
    let expected = ["s4", "s8", "s7", "s6", "s5", "s3", "s2", "s1", "s0"];
    let id = |index: usize| SessionId::parse(expected[index]).unwrap();
    for (index, _) in expected.iter().enumerate() {
        let older = Page::OlderThan { id: id(index), limit: 3 };
        let page = store.list_sessions(&owner, older).await.unwrap();
        let end = (index + 4).min(9);
        assert!(
            page.sessions
                .iter()
                .map(|session| session.id.as_str())
                .eq(expected[index + 1..end].iter().copied())
        );
        assert_eq!(page.has_more, end < 9);

        let newer = Page::NewerThan { id: id(index), limit: 3 };
        let page = store.list_sessions(&owner, newer).await.unwrap();
        let start = index.saturating_sub(3);
        assert!(
            page.sessions
                .iter()
                .map(|session| session.id.as_str())
                .eq(expected[start..index].iter().copied())
        );
        assert_eq!(page.has_more, start > 0);
    }
}

/// Queues many transactions while the writer is held up, so that they are committed together.
async fn together<T>(store: &SqliteStore, work: impl Future<Output = T>) -> T {
    let blocker = "with recursive n(x) as (select 1 union all select x + 1 from n where x < 300000) select count(*) from n";
    let (_, result) = tokio::join!(store.write(Script::new(blocker)), work);
    result
}

#[tokio::test]
async fn of_those_committed_together_only_the_bad_one_fails() {
    let (store, _directory) = in_a_file().await;
    let owner = OwnerId::local();
    let create = |index: usize| {
        // Every seventh takes the id of the one before, in the same transaction.
        let id = if index % 7 == 6 { index - 1 } else { index };
        store.create_session(NewSession::new(SessionId::parse(&format!("s{id}")).unwrap(), owner.clone()))
    };
    let results = together(&store, futures::future::join_all((0..70).map(create))).await;
    for (index, result) in results.into_iter().enumerate() {
        match index % 7 {
            6 => assert_eq!(result.unwrap_err().kind(), StoreErrorKind::AlreadyExists, "{index}"),
            _ => assert!(result.is_ok(), "{index}: {result:?}"),
        }
    }
    let page = store.list_sessions(&owner, Page::First { limit: 100 }).await.unwrap();
    assert_eq!(page.sessions.len(), 60);
}

#[tokio::test]
async fn a_full_disk_fails_what_does_not_fit_and_nothing_else() {
    let (store, _directory) = in_a_file().await;
    let owner = OwnerId::local();
    let create = |id: &str, size: usize| {
        let new = NewSession::new(SessionId::parse(id).unwrap(), owner.clone()).with_title("x".repeat(size));
        store.create_session(new)
    };
    create("before", 10).await.unwrap();
    store.write(Script::new("pragma max_page_count = 60")).await.unwrap();
    let error = create("large", 1_000_000).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (StoreErrorKind::Full, "the disk is full"));
    let (large, small) =
        together(&store, async { tokio::join!(create("large", 1_000_000), create("small", 10)) }).await;
    assert_eq!(large.unwrap_err().kind(), StoreErrorKind::Unavailable);
    // Whether its neighbour is in or not is what it was told.
    let is_there = store.session(&owner, &SessionId::parse("small").unwrap()).await.unwrap().is_some();
    assert_eq!(is_there, small.is_ok());
    store.write(Script::new("pragma max_page_count = 1000000")).await.unwrap();
    create("large", 1_000_000).await.unwrap();
    create("after", 10).await.unwrap();
    let page = store.list_sessions(&owner, Page::First { limit: 10 }).await.unwrap();
    assert_eq!(page.sessions.len(), 3 + usize::from(is_there));
}

#[tokio::test]
async fn a_damaged_row_is_told_apart_from_a_missing_one() {
    let (store, _directory) = in_a_file().await;
    let (owner, id) = (OwnerId::local(), SessionId::parse("s").unwrap());
    store.create_session(NewSession::new(id.clone(), owner.clone())).await.unwrap();
    store.write(Script::new("update scorpio_sessions set metadata = '{'")).await.unwrap();
    let error = store.session(&owner, &id).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert_eq!(error.to_string(), "column 7 of a row of scorpio_sessions cannot be read");
}

#[tokio::test]
async fn refresh_tokens_are_stored_as_hashes_alone() {
    let (store, _directory) = in_a_file().await;
    let user =
        scorpio_core::store::User::registered(UserId::new(), "ann@example.org", jiff::Timestamp::now());
    store.create_user(&user, Some("secret-hash")).await.unwrap();
    assert!(!format!("{store:?}").contains("secret-hash"));
    let steps = store
        .read(Script::new("select name from pragma_table_info('scorpio_refresh_tokens')"))
        .await
        .unwrap();
    let columns: Vec<String> = rows(&steps, 0).iter().map(|row| row.get(0)).collect();
    assert_eq!(columns, ["hash", "auth_session_id", "used_at"]);
}
