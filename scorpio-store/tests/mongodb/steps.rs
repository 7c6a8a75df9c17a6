//! Steps: what they leave behind when a process dies within one, and what they refuse.

use std::{sync::Arc, time::Duration};

use mongodb::bson::{Document, doc};
use scorpio_core::{
    Message, OwnerId, SessionId,
    model::Entry,
    store::{
        Claimable, ExecutionStatus, NewSession, RunStatus, Signal, Statement, Store, StoreErrorKind,
        verify_journal,
    },
};
use scorpio_store::MongoStore;

use crate::{
    harness::{Database, number},
    run::Run,
    server::soon,
};

const PARTS: [&str; 4] = ["scorpio_messages", "scorpio_tool_executions", "scorpio_journal", "scorpio_runs"];

async fn take(raw: &mongodb::Database, collection: &str, filter: Document) -> Document {
    let collection = raw.collection::<Document>(collection);
    collection.find_one_and_delete(filter).await.unwrap().expect("it is there")
}

async fn session(raw: &mongodb::Database) -> Document {
    raw.collection("scorpio_sessions").find_one(doc! {}).await.unwrap().unwrap()
}

async fn set(raw: &mongodb::Database, fields: Document) {
    let sessions = raw.collection::<Document>("scorpio_sessions");
    let updated = sessions.update_one(doc! {}, doc! { "$set": fields }).await.unwrap();
    assert_eq!(updated.matched_count, 1);
}

/// A run with two steps, the second of which was decided by a process that has died before it put everything in its place.
async fn half_done(store: &MongoStore, raw: &mongodb::Database) -> Run {
    let mut run = Run::begin(store, "s").await.unwrap();
    run.step(store, "a1", ExecutionStatus::Running).await.unwrap();
    run.step(store, "a2", ExecutionStatus::Completed).await.unwrap();
    let revision = number(&session(raw).await, "revision");
    let message = take(raw, "scorpio_messages", doc! { "seq": 3_i64 }).await;
    let entry = take(raw, "scorpio_journal", doc! { "seq": 3_i64 }).await;
    let mut execution = take(raw, "scorpio_tool_executions", doc! {}).await;
    let pending = doc! {
        "revision": revision, "messages": [message], "executions": [&execution], "journal": entry, "is_end": false,
    };
    let body = execution.get_str("body").unwrap().replace("completed", "running");
    execution.extend(doc! { "revision": revision - 1, "status": "running", "body": body });
    raw.collection("scorpio_tool_executions").insert_one(execution).await.unwrap();
    set(raw, doc! { "pending": pending }).await;
    run
}

#[tokio::test]
async fn what_a_dead_process_left_undone_is_done_by_whoever_reads() {
    let Some(database) = Database::new() else { return };
    let (store, raw) = (database.open().await, database.raw().await);
    let run = half_done(&store, &raw).await;
    // Many at once, of two processes.
    let other = database.open().await;
    let reads = (0..10).map(|index| run.ids(if index % 2 == 0 { &store } else { &other }));
    for ids in futures::future::join_all(reads).await {
        assert_eq!(ids, ["q", "a1", "a2"]);
    }
    let executions = store.executions(&run.owner, &run.session, 10).await.unwrap();
    assert_eq!(executions, [run.execution(ExecutionStatus::Completed)]);
    let journal = run.stored_journal(&store).await;
    assert_eq!(journal, run.written_journal());
    verify_journal(&journal).unwrap();
    assert!(!session(&raw).await.contains_key("pending"));
}

#[tokio::test]
async fn every_call_sees_what_a_dead_process_left_undone() {
    let Some(database) = Database::new() else { return };
    let (store, raw) = (database.open().await, database.raw().await);
    let mut run = half_done(&store, &raw).await;
    let pending = session(&raw).await.get_document("pending").unwrap().clone();
    let again = async |run: &Run| {
        raw.collection::<Document>("scorpio_messages").delete_one(doc! { "seq": 3_i64 }).await.unwrap();
        set(&raw, doc! { "pending": pending.clone() }).await;
        run.version
    };
    again(&run).await;
    assert_eq!(store.executions(&run.owner, &run.session, 10).await.unwrap().len(), 1);
    again(&run).await;
    assert_eq!(run.stored_journal(&store).await.len(), 3);
    again(&run).await;
    let found = store.run_of_message(&run.owner, &run.session, &"a2".parse().unwrap()).await.unwrap();
    assert_eq!(found.unwrap().id, run.id());
    again(&run).await;
    let snapshot = store.export_session(&run.owner, &run.session).await.unwrap().unwrap();
    assert_eq!(snapshot.messages.len(), 3);
    again(&run).await;
    let taken = store.take_over(run.id(), "next", Some("holder"), Duration::from_secs(60)).await.unwrap();
    run.lease = taken.lease();
    // The id of a message that was not in its place yet is known.
    again(&run).await;
    let error = run.step(&store, "a2", ExecutionStatus::Completed).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::AlreadyExists);
    run.step(&store, "a3", ExecutionStatus::Failed).await.unwrap();
    assert_eq!(run.ids(&store).await, ["q", "a1", "a2", "a3"]);
}

#[tokio::test]
async fn a_step_that_is_put_in_its_place_late_overwrites_nothing() {
    let Some(database) = Database::new() else { return };
    let (store, raw) = (database.open().await, database.raw().await);
    let mut run = half_done(&store, &raw).await;
    let pending = session(&raw).await.get_document("pending").unwrap().clone();
    run.step(&store, "a3", ExecutionStatus::Failed).await.unwrap();
    set(&raw, doc! { "pending": pending }).await;
    assert_eq!(run.ids(&store).await, ["q", "a1", "a2", "a3"]);
    let executions = store.executions(&run.owner, &run.session, 10).await.unwrap();
    assert_eq!(executions, [run.execution(ExecutionStatus::Failed)]);
}

#[tokio::test]
async fn a_run_that_ended_is_kept_before_the_next_one_begins() {
    let Some(database) = Database::new() else { return };
    let (store, raw) = (database.open().await, database.raw().await);
    let run = Run::begin(&store, "s").await.unwrap();
    store.send_signal(&run.owner, run.id(), &Signal::Stop).await.unwrap();
    let mut commit = run.commit();
    commit.end = Some(scorpio_core::RunEnd::Interrupted);
    store.commit(commit).await.unwrap();
    // As if the process had died before it was put in its place.
    take(&raw, "scorpio_runs", doc! {}).await;
    let revision = number(&session(&raw).await, "revision");
    let pending =
        doc! { "revision": revision, "messages": [], "executions": [], "journal": null, "is_end": true };
    set(&raw, doc! { "pending": pending }).await;
    let machine = scorpio_core::run::RunMachine::new(
        scorpio_core::RunId::new(),
        run.session.clone(),
        scorpio_core::Limits::new(),
    );
    let next = scorpio_core::store::Begin::new(run.session.clone(), run.owner.clone(), "holder", machine);
    store.begin_run(next).await.unwrap();
    let past = store.run(&run.owner, run.id()).await.unwrap().expect("the run before is there");
    assert_eq!(past.status, RunStatus::Finished);
    assert_eq!(store.signals(run.id(), 0).await.unwrap().len(), 1);
    assert_eq!(run.stored_journal(&store).await.len(), 1);
}

#[tokio::test]
async fn a_new_session_has_nothing_of_a_deleted_one_of_the_same_id() {
    let Some(database) = Database::new() else { return };
    let (store, raw) = (database.open().await, database.raw().await);
    let run = half_done(&store, &raw).await;
    // As if the process had died after the first thing that it deletes.
    take(&raw, "scorpio_sessions", doc! {}).await;
    store.create_session(NewSession::new(run.session.clone(), run.owner.clone())).await.unwrap();
    assert!(run.ids(&store).await.is_empty());
    assert!(store.executions(&run.owner, &run.session, 10).await.unwrap().is_empty());
    assert!(store.branch_points(&run.owner, &run.session).await.unwrap().is_empty());
    assert_eq!(store.run(&run.owner, run.id()).await.unwrap(), None);
    assert_eq!(store.commit(run.commit()).await.unwrap_err().kind(), StoreErrorKind::NotFound);
}

#[tokio::test]
async fn deleting_a_session_leaves_no_document() {
    let Some(database) = Database::new() else { return };
    let (store, raw) = (database.open().await, database.raw().await);
    let mut run = Run::begin(&store, "s").await.unwrap();
    run.step(&store, "a1", ExecutionStatus::Completed).await.unwrap();
    let mut commit = run.commit();
    commit.end = Some(scorpio_core::RunEnd::Interrupted);
    store.commit(commit).await.unwrap();
    for collection in PARTS {
        let count = raw.collection::<Document>(collection).count_documents(doc! {}).await.unwrap();
        assert!(count > 0, "{collection}");
    }
    store.delete_session(&run.owner, &run.session).await.unwrap().unwrap();
    for collection in PARTS {
        let count = raw.collection::<Document>(collection).count_documents(doc! {}).await.unwrap();
        assert_eq!(count, 0, "{collection}");
    }
}

#[tokio::test]
async fn leases_run_out_by_the_clock_of_the_server() {
    let Some(database) = Database::new() else { return };
    let (store, raw) = (database.open().await, database.raw().await);
    let run = Run::begin(&store, "s").await.unwrap();
    let minute = Duration::from_secs(60);
    // Whatever the holder thinks of the time.
    set(&raw, doc! { "run.lease_until": 0_i64 }).await;
    let error = store.take_over(run.id(), "next", None, minute).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Busy);
    assert!(store.claimable_runs(Claimable::new(10)).await.unwrap().is_empty());
    set(&raw, doc! { "run.lease_until": 4_000_000_000_000_000_i64, "run.lease_millis": 0_i64 }).await;
    assert_eq!(store.claimable_runs(Claimable::new(10)).await.unwrap().len(), 1);
    let taken = store.take_over(run.id(), "next", None, minute).await.unwrap();
    assert_eq!(taken.recoveries, 1);
}

#[tokio::test]
async fn a_signal_of_another_process_is_heard() {
    let Some(database) = Database::new() else { return };
    let (store, other) = (database.open().await, database.open().await);
    let run = Run::begin(&store, "s").await.unwrap();
    let (waiting, id) = (store.clone(), run.id());
    let waiting = tokio::spawn(async move { waiting.signalled(id, 0).await });
    other.send_signal(&run.owner, run.id(), &Signal::Stop).await.unwrap();
    soon(waiting).await.unwrap().unwrap();
}

#[tokio::test]
async fn signals_that_are_sent_at_once_each_have_a_place() {
    let Some(database) = Database::new() else { return };
    let (store, other) = (database.open().await, database.open().await);
    let run = Run::begin(&store, "s").await.unwrap();
    let sent = (0..20).map(|index| {
        let store = if index % 2 == 0 { &store } else { &other };
        store.send_signal(&run.owner, run.id(), &Signal::Stop)
    });
    let mut seqs: Vec<u64> = futures::future::try_join_all(sent).await.unwrap();
    seqs.sort_unstable();
    assert_eq!(seqs, Vec::from_iter(1..=20));
    assert_eq!(store.signals(run.id(), 0).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_step_that_does_not_fit_is_refused_whole() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    let mut run = Run::begin(&store, "s").await.unwrap();
    let large = |id: &str, size: usize| {
        let message = Message::user("x".repeat(size)).with_id(id.parse().unwrap());
        Arc::new(Entry::new(message))
    };
    let append = [large("a1", 9 << 20), large("a2", 7 << 20)];
    let mut commit = run.commit();
    commit.append = &append;
    let error = store.commit(commit).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::TooLarge { limit: 15 << 20 });
    assert!(error.to_string().contains("does not fit into a document of MongoDB"), "{error}");
    assert_eq!(run.ids(&store).await, ["q"]);
    // One after the other they do.
    for entry in &append {
        let mut commit = run.commit();
        commit.append = std::slice::from_ref(entry);
        run.version = store.commit(commit).await.unwrap();
    }
    assert_eq!(run.ids(&store).await, ["q", "a1", "a2"]);
}

#[tokio::test]
async fn a_transactional_tool_is_refused() {
    let Some(database) = Database::new() else { return };
    let store = database.open().await;
    let run = Run::begin(&store, "s").await.unwrap();
    let statements = [Statement::new("insert into orders values (1)")];
    let mut commit = run.commit();
    commit.statements = &statements;
    assert_eq!(store.commit(commit).await.unwrap_err().kind(), StoreErrorKind::Unsupported);
    assert_eq!(store.run(&run.owner, run.id()).await.unwrap().unwrap().step, 0);
}

#[tokio::test]
async fn a_damaged_document_is_told_apart_from_a_missing_one() {
    let Some(database) = Database::new() else { return };
    let (store, raw) = (database.open().await, database.raw().await);
    let (owner, id) = (OwnerId::local(), SessionId::parse("s").unwrap());
    store.create_session(NewSession::new(id.clone(), owner.clone())).await.unwrap();
    set(&raw, doc! { "metadata": "{" }).await;
    let error = store.session(&owner, &id).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
    assert_eq!(error.to_string(), "the metadata of a session cannot be read");
    set(&raw, doc! { "metadata": null, "title": 1 }).await;
    assert_eq!(store.session(&owner, &id).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
}
