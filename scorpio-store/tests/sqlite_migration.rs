//! A database that the first released schema wrote is opened by today's program, and goes on.
//!
//! `golden/schema_1.db` was written by the program of that time: a session with two runs, the second of which a process died in while a
//! tool was running; and a session whose history was cut and went on.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "these are tests")]

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use futures::TryStreamExt;
use scorpio_core::{
    Agent, Decision, Message, OwnerId, RunEnd, RunId, SessionId,
    model::{Model, Scripted},
    run::{Presumed, settle_abandoned},
    store::{
        AccountStore, Claimable, EventLog, ExecutionStatus, NewSession, RunRecord, RunStatus, Store,
        ToolExecution, UserKind,
    },
    tool,
    tool::{ToolContext, ToolError},
};
use scorpio_store::SqliteStore;
use sqlx::{Connection, SqliteConnection};
use tempfile::TempDir;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/schema_1.db");

/// How often a letter was sent.
#[derive(Clone, Default)]
struct Letters(Arc<AtomicU32>);

/// Lists the orders.
#[tool(idempotent)]
fn list_orders(status: String) -> Result<String, ToolError> {
    Ok(format!("2 {status} orders"))
}

/// Sends a letter.
#[tool]
fn send_letter(cx: &ToolContext, to: String) -> Result<String, ToolError> {
    cx.get::<Letters>().unwrap().0.fetch_add(1, Ordering::Relaxed);
    Ok(format!("sent to {to}"))
}

fn owner() -> OwnerId {
    OwnerId::parse("ada").unwrap()
}

fn id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

/// A copy of the golden file, opened.
async fn open() -> (SqliteStore, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.db");
    std::fs::copy(GOLDEN, &path).unwrap();
    (SqliteStore::open(&path).await.unwrap(), directory)
}

async fn history(store: &SqliteStore, session: &str) -> Vec<(u64, u64, Message)> {
    let messages = store.messages(&owner(), &id(session), 0, 100).await.unwrap();
    messages.into_iter().map(|stored| (stored.seq, stored.parent, stored.message)).collect()
}

async fn live(store: &SqliteStore) -> RunRecord {
    store.live_run(&owner(), &id("orders")).await.unwrap().unwrap()
}

async fn execution(store: &SqliteStore, call: &str) -> ToolExecution {
    let executions = store.executions(&owner(), &id("orders"), 10).await.unwrap();
    executions.into_iter().find(|execution| execution.call_id.as_str() == call).unwrap()
}

fn places(history: &[(u64, u64, Message)]) -> Vec<(u64, u64)> {
    history.iter().map(|(seq, parent, _)| (*seq, *parent)).collect()
}

#[tokio::test]
async fn the_golden_file_is_of_the_first_schema() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("agent.db");
    std::fs::copy(GOLDEN, &path).unwrap();
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", path.display())).await.unwrap();
    let version: i64 = sqlx::query_scalar("select max(version) from scorpio_schema")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(version, 1);
}

#[tokio::test]
async fn everything_is_there() {
    let (store, directory) = open().await;
    let session = store.session(&owner(), &id("orders")).await.unwrap().unwrap();
    assert_eq!((session.title.as_str(), session.version), ("Orders", 6));
    assert_eq!(session.metadata.unwrap().get(), r#"{"b" : 1.0}"#);
    assert!(session.approved_tools.is_empty());

    let orders = history(&store, "orders").await;
    assert_eq!(places(&orders), [(1, 0), (2, 1), (3, 2), (4, 3), (5, 4), (6, 5)], "they form one branch");
    assert_eq!(orders[0].2.text(), "Which orders are open?");
    assert_eq!(orders[3].2.text(), "There are two open orders.");
    let edited = history(&store, "edited").await;
    assert_eq!(places(&edited), [(1, 0), (2, 1), (5, 2), (6, 5)], "what was cut off then is gone");
    assert_eq!(edited[2].2.text(), "What are you?");
    assert_eq!(store.branch_points(&owner(), &id("edited")).await.unwrap(), []);

    let answer = &orders[3].2.id;
    let run = store.run_of_message(&owner(), &id("orders"), answer).await.unwrap().unwrap();
    assert_eq!(run.status, RunStatus::Finished);
    assert!(matches!(run.end, Some(RunEnd::Done { .. })), "{:?}", run.end);
    let events: Vec<_> = store.follow(run.id, 0).await.unwrap().try_collect().await.unwrap();
    assert!(events.last().unwrap().is_last(), "its events are there to the last");
    assert_eq!(execution(&store, "call_1").await.status, ExecutionStatus::Completed);

    let user = store.user_by_email("ada@example.org").await.unwrap().unwrap();
    assert_eq!(user.0.kind, UserKind::Registered);
    store.close().await.unwrap();

    // The second time there is nothing left to bring up to date.
    let store = SqliteStore::open(directory.path().join("agent.db")).await.unwrap();
    assert_eq!(history(&store, "orders").await, orders);
}

#[tokio::test]
async fn a_session_of_then_branches_now() {
    let (store, _directory) = open().await;
    let agent = Agent::builder("clerk").with_model(Model::new(Scripted::new().text("Nobody."), "any"));
    let agent = agent.store(Arc::new(store.clone())).build().unwrap();
    let run = agent.run("Who made you?").session(&id("edited")).owner(owner());
    assert!(run.branch_after(2).await.unwrap().is_done());
    assert_eq!(places(&history(&store, "edited").await), [(1, 0), (2, 1), (7, 2), (8, 7)]);
    assert_eq!(store.branch_points(&owner(), &id("edited")).await.unwrap().len(), 1);
    store.switch_branch(&owner(), &id("edited"), 5).await.unwrap().unwrap();
    assert_eq!(places(&history(&store, "edited").await), [(1, 0), (2, 1), (5, 2), (6, 5)]);
}

#[tokio::test]
async fn the_run_that_was_going_is_resumed() {
    let (store, _directory) = open().await;
    let run = live(&store).await;
    assert_eq!((run.status, run.step, run.recoveries), (RunStatus::Running, 0, 0));
    let claimable = store.claimable_runs(Claimable::new(10)).await.unwrap();
    assert_eq!(claimable.iter().map(|record| record.id).collect::<Vec<RunId>>(), [run.id]);
    assert_eq!(execution(&store, "call_2").await.status, ExecutionStatus::Completed);
    assert_eq!(execution(&store, "call_3").await.status, ExecutionStatus::Running);

    let script = Scripted::new().text("The letter is on its way.");
    let agent =
        Agent::builder("clerk").with_model(Model::new(script, "any")).tool(list_orders).tool(send_letter);
    let agent = agent.store(Arc::new(store.clone())).event_log(Arc::new(store.clone())).build().unwrap();
    let letters = Letters::default();
    let outcome = agent.resume(run.id).owner(owner()).with(letters.clone()).await.unwrap();
    let asked: Vec<_> = outcome.pending().iter().map(|call| (call.call_id.as_str(), call.status)).collect();
    assert_eq!(asked, [("call_3", ExecutionStatus::OutcomeUnknown)], "nobody knows whether it was sent");
    assert_eq!(letters.0.load(Ordering::Relaxed), 0);
    let resumed = agent.resume(run.id).owner(owner()).with(letters.clone());
    let outcome = resumed.decide("call_3", Decision::approve()).await.unwrap();
    assert!(outcome.is_done(), "{outcome:?}");
    assert_eq!(letters.0.load(Ordering::Relaxed), 1);
    assert_eq!(execution(&store, "call_3").await.status, ExecutionStatus::Completed);
    let orders = history(&store, "orders").await;
    assert_eq!(orders.last().unwrap().2.text(), "The letter is on its way.");
    let record = store.run(&owner(), run.id).await.unwrap().unwrap();
    assert_eq!((record.status, record.recoveries), (RunStatus::Finished, 1));
    // New sessions are made as ever.
    store.create_session(NewSession::new(id("new"), owner())).await.unwrap();
}

#[tokio::test]
async fn the_run_that_was_going_is_settled() {
    let (store, _directory) = open().await;
    let run = live(&store).await;
    let shared: Arc<dyn Store> = Arc::new(store.clone());
    let log: Arc<dyn EventLog> = Arc::new(store.clone());
    assert_eq!(settle_abandoned(&shared, Some(&log), Presumed::Dead).await.unwrap(), 1);
    let record = store.run(&owner(), run.id).await.unwrap().unwrap();
    assert_eq!((record.status, record.end), (RunStatus::Finished, Some(RunEnd::Interrupted)));
    let orders = history(&store, "orders").await;
    assert_eq!(
        places(&orders)[4..],
        [(5, 4), (6, 5), (7, 6)],
        "the calls have answers, whatever became of them"
    );
}
