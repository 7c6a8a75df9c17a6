//! Sessions that are exported and imported.

use std::sync::Arc;

use scorpio_core::{
    SessionId,
    store::{SessionPatch, SessionSnapshot, Store, StoreErrorKind},
};

use super::super::sample::{
    Live, begin, ids, kind_of, new_session, owner, session_id, stranger, user, with_calls,
};

/// A session with two branches and two tool executions.
async fn rich(store: &dyn Store) -> SessionSnapshot {
    let session = new_session(store, "s").await;
    store.update_session(&owner(), &session, SessionPatch::title("Rich")).await.unwrap();
    let mut live = Live::begin(store, begin(&session, Some(user("q1")))).await.unwrap();
    let executions = with_calls(&mut live.machine, 2);
    let mut commit = live.commit(&[]);
    commit.executions = &executions;
    live.version = store.commit(commit).await.unwrap();
    live.append(store, &["a1"]).await.unwrap();
    live.end(store).await.unwrap();
    let mut again = begin(&session, Some(user("q2")));
    again.branch_after = Some(1);
    let mut live = Live::begin(store, again).await.unwrap();
    live.append(store, &["a2"]).await.unwrap();
    live.end(store).await.unwrap();
    store.export_session(&owner(), &session).await.unwrap().unwrap()
}

fn renamed(mut snapshot: SessionSnapshot, id: &str) -> (SessionSnapshot, SessionId) {
    let id = session_id(id);
    snapshot.session.id = id.clone();
    (snapshot, id)
}

pub(super) async fn a_session_comes_back_with_all_its_branches(store: Arc<dyn Store>) {
    let snapshot = rich(&*store).await;
    let places = snapshot.messages.iter().map(|message| (message.seq, message.parent, message.is_current));
    assert!(places.eq([(1, 0, true), (2, 1, false), (3, 1, true), (4, 3, true)]));
    assert_eq!(snapshot.executions.len(), 2);
    let (copy, id) = renamed(snapshot.clone(), "copy");
    let imported = store.import_session(copy.clone()).await.unwrap();
    assert_eq!(imported, copy.session);
    assert_eq!(store.export_session(&owner(), &id).await.unwrap().unwrap(), copy);
    assert_eq!(ids(&*store, &id).await, ["q1", "q2", "a2"]);
    assert_eq!(store.executions(&owner(), &id, 10).await.unwrap(), snapshot.executions);
    let original = store.export_session(&owner(), &snapshot.session.id).await.unwrap().unwrap();
    assert_eq!(original, snapshot);
}

pub(super) async fn an_imported_session_goes_on(store: Arc<dyn Store>) {
    let (copy, id) = renamed(rich(&*store).await, "copy");
    store.import_session(copy).await.unwrap();
    let mut live = Live::begin(&*store, begin(&id, Some(user("q3")))).await.unwrap();
    live.append(&*store, &["a3"]).await.unwrap();
    live.end(&*store).await.unwrap();
    assert_eq!(ids(&*store, &id).await, ["q1", "q2", "a2", "q3", "a3"]);
    store.switch_branch(&owner(), &id, 2).await.unwrap().unwrap();
    assert_eq!(ids(&*store, &id).await, ["q1", "a1"]);
}

pub(super) async fn a_taken_id_cannot_be_imported(store: Arc<dyn Store>) {
    let mut snapshot = rich(&*store).await;
    assert_eq!(kind_of(store.import_session(snapshot.clone()).await), StoreErrorKind::AlreadyExists);
    snapshot.session.owner = stranger();
    assert_eq!(kind_of(store.import_session(snapshot).await), StoreErrorKind::AlreadyExists);
}

pub(super) async fn a_broken_snapshot_is_refused_whole(store: Arc<dyn Store>) {
    let (whole, id) = renamed(rich(&*store).await, "copy");
    let broken = |change: fn(&mut SessionSnapshot)| {
        let mut snapshot = whole.clone();
        change(&mut snapshot);
        snapshot
    };
    let cases = [
        broken(|snapshot| snapshot.messages.swap(0, 1)),
        broken(|snapshot| snapshot.messages[1].parent = 9),
        broken(|snapshot| snapshot.messages[3].parent = 1),
        broken(|snapshot| snapshot.messages[2].message.id = snapshot.messages[0].message.id.clone()),
        broken(|snapshot| snapshot.session.version = 3),
    ];
    for snapshot in cases {
        assert_eq!(kind_of(store.import_session(snapshot).await), StoreErrorKind::Corrupt);
        assert_eq!(store.session(&owner(), &id).await.unwrap(), None);
    }
}

pub(super) async fn a_session_of_somebody_else_cannot_be_exported(store: Arc<dyn Store>) {
    let snapshot = rich(&*store).await;
    assert_eq!(store.export_session(&stranger(), &snapshot.session.id).await.unwrap(), None);
    assert_eq!(store.export_session(&owner(), &session_id("missing")).await.unwrap(), None);
}
