//! When the server fails: errors that say so in time, and a store that works again when the server does.

use std::time::{Duration, Instant};

use scorpio_core::{
    OwnerId, SessionId,
    store::{Claimable, ExecutionStatus, NewSession, Page, Signal, Store, StoreError, StoreErrorKind},
};
use scorpio_store::MongoStore;

use crate::{
    run::Run,
    server::{Server, TIMEOUT, soon},
};

/// Every kind of call, at once.
async fn call_everything(store: &MongoStore, run: &Run) -> Vec<Result<(), StoreError>> {
    let (owner, session) = (&run.owner, &run.session);
    let (ping, create, find, list, messages, commit, renew, claimable, signal, signalled, journal, delete) = tokio::join!(
        store.ping(),
        store.create_session(NewSession::new(SessionId::new(), owner.clone())),
        store.session(owner, session),
        store.list_sessions(owner, Page::First { limit: 10 }),
        store.messages(owner, session, 0, 10),
        store.commit(run.commit()),
        store.renew(&run.lease, Duration::from_secs(60)),
        store.claimable_runs(Claimable::new(10)),
        store.send_signal(owner, run.id(), &Signal::Stop),
        store.signalled(run.id(), u64::MAX),
        store.journal(owner, run.id(), 0, 10),
        store.delete_session(owner, session),
    );
    vec![
        ping,
        create.map(drop),
        find.map(drop),
        list.map(drop),
        messages.map(drop),
        commit.map(drop),
        renew,
        claimable.map(drop),
        signal.map(drop),
        signalled,
        journal.map(drop),
        delete.map(drop),
    ]
}

/// Every call fails as unavailable, in time.
async fn expect_outage(store: &MongoStore, run: &Run) {
    let start = Instant::now();
    for result in soon(call_everything(store, run)).await {
        let error = result.expect_err("the server is gone");
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
    }
    assert!(start.elapsed() < 4 * TIMEOUT, "it took {:?}", start.elapsed());
}

/// Asks until the server answers.
async fn expect_answer(store: &MongoStore) {
    soon(async { while store.ping().await.is_err() {} }).await;
}

#[tokio::test]
async fn killed_and_started_again() {
    let Some(mut server) = Server::start() else { return };
    let store = server.open().await;
    let mut run = Run::begin(&store, "s").await.unwrap();
    run.step(&store, "a1", ExecutionStatus::Running).await.unwrap();
    server.kill();
    expect_outage(&store, &run).await;
    server.launch();
    expect_answer(&store).await;
    assert_eq!(run.ids(&store).await, ["q", "a1"]);
    run.step(&store, "a2", ExecutionStatus::Completed).await.unwrap();
    assert_eq!(run.ids(&store).await, ["q", "a1", "a2"]);
    assert_eq!(run.stored_journal(&store).await, run.written_journal());
}

#[tokio::test]
async fn frozen_for_a_while() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let run = Run::begin(&store, "s").await.unwrap();
    server.signal("STOP");
    expect_outage(&store, &run).await;
    server.signal("CONT");
    expect_answer(&store).await;
    store.create_session(NewSession::new(SessionId::new(), OwnerId::local())).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_gone_is_not_opened() {
    let Some(mut server) = Server::start() else { return };
    let url = server.url();
    server.kill();
    let options = scorpio_store::mongodb::MongoOptions::new().with_server_selection_timeout(TIMEOUT);
    let start = Instant::now();
    let error = soon(MongoStore::connect_with(&url, options)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(start.elapsed() < 4 * TIMEOUT, "it took {:?}", start.elapsed());
}
