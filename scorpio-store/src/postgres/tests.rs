use std::time::Duration;

use jiff::Timestamp;
use scorpio_core::{
    Limits, MessageId, OwnerId, RunId, SessionId, UserId,
    run::RunMachine,
    store::{AccountStore, Begin, Claimable, NewSession, Page, Session, Store, StoreErrorKind},
};
use sqlx::Row;

use self::harness::Schema;
use super::{
    PostgresOptions, PostgresStore, accounts, branches, events, journal, query::Query, runs, sessions,
    signals,
};
use crate::events::Writing;

#[allow(dead_code, reason = "the integration tests use all of it")]
#[path = "../../tests/postgres/harness.rs"]
mod harness;

/// What PostgreSQL would do to run a statement.
async fn plan(store: &PostgresStore, query: Query) -> Vec<String> {
    let explain = Query { sql: format!("explain (costs off) {}", query.sql).into(), ..query };
    let rows = store.database().rows(explain).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

async fn execute(store: &PostgresStore, statements: &str) {
    for statement in statements.split(';') {
        store.database().rows(Query::new(statement.to_owned())).await.unwrap();
    }
}

/// So much that reading all of it would be slower than any index. One session has 10,000 messages.
const MUCH: &str = "
    insert into scorpio_sessions (id, owner, title, created_at, updated_at)
    select 's' || n, 'owner' || n % 10, 'A title', now(), now() - n * interval '1 s' from generate_series(1, 10000) n;
    insert into scorpio_runs (id, session_id, owner, agent, status, holder, fence, lease_until, machine, started_at, finished_at)
    select gen_random_uuid(), 's' || n, 'owner' || n % 10, 'agent', 'finished', 'h', 1, now(), '{}', now() - n * interval '1 s', now()
    from generate_series(1, 10000) n;
    insert into scorpio_runs (id, session_id, owner, agent, status, holder, fence, lease_until, machine, started_at)
    select gen_random_uuid(), 's' || n, 'owner' || n % 10, 'agent', 'running', 'h', 1, now(), '{}', now() - n * interval '1 s'
    from generate_series(1, 3000) n;
    insert into scorpio_messages (session_id, seq, parent, is_current, message_id, run_id, role, body)
    select 's1', n, n - 1, true, 'm' || n, gen_random_uuid(), 'user', repeat('x', 100) from generate_series(1, 10000) n;
    insert into scorpio_messages (session_id, seq, parent, is_current, message_id, run_id, role, body)
    select 's' || 2 + n % 5000, n, n - 1, n % 3 > 0, 'm' || n, gen_random_uuid(), 'user', repeat('x', 100) from generate_series(1, 10000) n;
    insert into scorpio_tool_executions (session_id, run_id, turn, call_index, tool, status, body)
    select session_id, id, 1, n, 'tool', 'completed', '{}' from scorpio_runs, generate_series(0, 1) n;
    insert into scorpio_tool_executions (session_id, run_id, turn, call_index, tool, status, body)
    select 's1', id, 2, n, 'tool', 'completed', '{}'
    from (select id from scorpio_runs where session_id = 's1' limit 1) r, generate_series(1, 2000) n;
    insert into scorpio_events (run_id, first_seq, last_seq, event_count, appended_at, is_end, body)
    select id, 10 * n + 1, 10 * n + 10, 10, now() - n * interval '1 h', false, '[]' from scorpio_runs, generate_series(0, 2) n;
    insert into scorpio_signals (run_id, seq, body, sent_at) select id, n, '{}', now() from scorpio_runs, generate_series(1, 2) n;
    insert into scorpio_journal (run_id, seq, fence, payload, written_at, previous, hash)
    select id, n, 1, '{}', now(), '', '' from scorpio_runs, generate_series(1, 2) n;
    insert into scorpio_users (id, kind, email, created_at)
    select gen_random_uuid(), 'registered', n || '@example.org', now() from generate_series(1, 5000) n;
    insert into scorpio_usage_ledger (user_id, kind, key, spent_at)
    select id, 'message', n::text, now() from scorpio_users, generate_series(1, 4) n;
    analyze scorpio_sessions; analyze scorpio_runs; analyze scorpio_messages; analyze scorpio_tool_executions;
    analyze scorpio_events; analyze scorpio_signals; analyze scorpio_journal; analyze scorpio_users; analyze scorpio_usage_ledger";

#[tokio::test]
async fn no_query_scans_a_table_or_sorts() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    execute(&store, MUCH).await;
    let (owner, session) = (OwnerId::parse("owner1").unwrap(), SessionId::parse("s1").unwrap());
    let (run, now) = (RunId::new(), Timestamp::now());
    let cursor = Session::create(NewSession::new(session.clone(), owner.clone()), now);
    let queries = [
        ("a session", sessions::select_session(&owner, &session)),
        ("the newest sessions", sessions::select_newest(&owner, 20)),
        ("older sessions", sessions::select_older(&owner, &cursor, 20)),
        ("newer sessions", sessions::select_newer(&owner, &cursor, 20)),
        ("the first messages of 10,000", sessions::select_messages(&owner, &session, 0, 20)),
        ("messages in the middle", sessions::select_messages(&owner, &session, 7_000, 20)),
        ("deleting a session", sessions::delete_session(&owner, &session)),
        ("a run", runs::select_run(&owner, run)),
        ("the live run", runs::select_live_run(&owner, &session)),
        ("claimable runs", runs::select_claimable(&Claimable::new(20).sole_holder("holder"))),
        ("signals", signals::select_signals(run, 7)),
        ("a journal", journal::select_entries(&owner, run, 7, 20)),
        ("the run of a message", runs::select_run_of_message(&owner, &session, &MessageId::new())),
        ("executions", runs::select_executions(&owner, &session, 20)),
        ("events", events::select_batches(run, 7, 20)),
        ("the last event", events::select_end(run)),
        ("old events", events::delete_before(now - Duration::from_secs(86_400))),
        ("who writes a run", events::select_writing(run)),
        ("a user", accounts::select_user_by_email("7@example.org")),
        ("a quota", accounts::select_quota(UserId::new(), "message", now)),
    ];
    for (what, query) in queries {
        let plan = plan(&store, query).await;
        for step in &plan {
            assert!(!step.contains("Seq Scan"), "{what}: {plan:#?}");
            assert!(!step.trim_start_matches([' ', '-', '>']).starts_with("Sort"), "{what}: {plan:#?}");
        }
    }
}

#[tokio::test]
async fn a_run_that_may_be_taken_over_is_waited_for() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let (owner, session, run) = (OwnerId::local(), SessionId::new(), RunId::new());
    store.create_session(NewSession::new(session.clone(), owner.clone())).await.unwrap();
    let machine = RunMachine::new(run, session.clone(), Limits::new());
    store.begin_run(Begin::new(session, owner, "holder", machine)).await.unwrap();
    let writing = async |changes: &str| {
        execute(&store, &format!("update scorpio_runs set {changes}")).await;
        store.events().writing(run).await.unwrap()
    };
    assert_eq!(writing("fence = 1").await, Writing::Yes);
    assert_eq!(writing("lease_until = now() - interval '50 s'").await, Writing::Yes);
    assert_eq!(writing("lease_until = now() - interval '70 s'").await, Writing::No);
    assert_eq!(writing("lease_until = now() + interval '60 s'").await, Writing::Yes);
    assert_eq!(writing("status = 'waiting'").await, Writing::No);
    assert_eq!(writing("status = 'finished', finished_at = now()").await, Writing::No);
}

#[tokio::test]
async fn branches_are_found_by_index() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    execute(&store, MUCH).await;
    let (owner, session) = (OwnerId::parse("owner1").unwrap(), SessionId::parse("s1").unwrap());
    // What is sorted are the few messages at which ways part.
    let plan = plan(&store, branches::select_branch_points(&owner, &session)).await;
    assert!(!plan.iter().any(|step| step.contains("Seq Scan")), "{plan:#?}");
}

#[tokio::test]
async fn the_check_of_plans_can_fail() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    execute(&store, MUCH).await;
    let by_title =
        Query::new("select id from scorpio_sessions where title = $1 order by created_at").text("x");
    let plan = plan(&store, by_title).await;
    assert!(plan.iter().any(|step| step.contains("Seq Scan")), "{plan:?}");
    assert!(plan.iter().any(|step| step.contains("Sort")), "{plan:?}");
}

#[tokio::test]
async fn connections_are_set_up_for_durability() {
    let Some(schema) = Schema::new() else { return };
    let options = schema.options().with_statement_timeout(Duration::from_secs(7));
    let store = PostgresStore::connect_with(&schema.url, options).await.unwrap();
    let setting = async |name: &str| -> String {
        let rows = store.database().rows(Query::new("select current_setting($1)").text(name)).await.unwrap();
        rows[0].get(0)
    };
    assert_eq!(setting("synchronous_commit").await, "on");
    assert_eq!(setting("statement_timeout").await, "7s");
    assert_eq!(setting("lock_timeout").await, "5s");
    assert_eq!(setting("idle_in_transaction_session_timeout").await, "7s");
}

#[tokio::test]
async fn pages_hold_when_activity_is_the_same() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let owner = OwnerId::local();
    for index in 0..9 {
        let id = SessionId::parse(&format!("s{index}")).unwrap();
        store.create_session(NewSession::new(id, owner.clone())).await.unwrap();
    }
    execute(
        &store,
        "update scorpio_sessions set updated_at = timestamptz 'epoch' + (id = 's4')::int * interval '1 s'",
    )
    .await;
    let expected = ["s4", "s8", "s7", "s6", "s5", "s3", "s2", "s1", "s0"];
    let ids =
        |sessions: &[Session]| sessions.iter().map(|session| session.id.to_string()).collect::<Vec<_>>();
    for (index, cursor) in expected.iter().enumerate() {
        let id = SessionId::parse(cursor).unwrap();
        let page = store.list_sessions(&owner, Page::OlderThan { id: id.clone(), limit: 3 }).await.unwrap();
        let end = (index + 4).min(9);
        assert_eq!(ids(&page.sessions), expected[index + 1..end]);
        assert_eq!(page.has_more, end < 9);
        let page = store.list_sessions(&owner, Page::NewerThan { id, limit: 3 }).await.unwrap();
        let start = index.saturating_sub(3);
        assert_eq!(ids(&page.sessions), expected[start..index]);
        assert_eq!(page.has_more, start > 0);
    }
}

#[tokio::test]
async fn a_damaged_row_is_told_apart_from_a_missing_one() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let (owner, id) = (OwnerId::local(), SessionId::parse("s").unwrap());
    store.create_session(NewSession::new(id.clone(), owner.clone())).await.unwrap();
    execute(&store, "update scorpio_sessions set metadata = '{'").await;
    let error = store.session(&owner, &id).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert_eq!(error.to_string(), "column 7 of a row of scorpio_sessions cannot be read");
}

#[tokio::test]
async fn refresh_tokens_are_stored_as_hashes_alone() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let user = scorpio_core::store::User::registered(UserId::new(), "ann@example.org", Timestamp::now());
    store.create_user(&user, Some("secret-hash")).await.unwrap();
    assert!(!format!("{store:?}").contains("secret-hash"));
    let columns = "select attname::text from pg_attribute
                   where attrelid = to_regclass($1) and attnum > 0 order by attnum";
    let table = store.database().schema().qualify("scorpio_refresh_tokens");
    let rows = store.database().rows(Query::new(columns).text(&table)).await.unwrap();
    let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(columns, ["hash", "auth_session_id", "used_at"]);
}

#[tokio::test]
async fn a_nul_becomes_what_postgresql_can_keep() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let new = NewSession::new(SessionId::new(), OwnerId::local()).with_title("a\0b");
    assert_eq!(store.create_session(new).await.unwrap().title, "a\u{fffd}b");
}

#[tokio::test]
async fn a_schema_may_have_any_name() {
    let Some(mut schema) = Schema::new() else { return };
    schema.name = format!("{} \"odd' scorpio_", schema.name);
    let store = PostgresStore::connect_with(&schema.url, PostgresOptions::new().with_schema(&schema.name))
        .await
        .unwrap();
    store.create_session(NewSession::new(SessionId::new(), OwnerId::local())).await.unwrap();
    schema.name = format!("\"{}\"", schema.name.replace('"', "\"\""));
}
