//! What an edit or a new answer leaves behind.

use std::sync::Arc;

use scorpio_core::{
    SessionId,
    store::{BranchPoint, SessionPatch, Store, StoreErrorKind},
};

use super::super::sample::{Live, begin, ids, kind_of, live, message_id, new_session, owner, stranger, user};

/// A session with the messages `q1 a1 q2 a2`, which goes on after `a1` with `q3 a3` instead.
async fn branched(store: &dyn Store) -> SessionId {
    let session = new_session(store, "s").await;
    said(store, &session, None, "q1", "a1").await;
    said(store, &session, None, "q2", "a2").await;
    said(store, &session, Some(2), "q3", "a3").await;
    session
}

async fn said(store: &dyn Store, session: &SessionId, after: Option<u64>, question: &str, answer: &str) {
    let mut begin = begin(session, Some(user(question)));
    begin.branch_after = after;
    let mut live = Live::begin(store, begin).await.unwrap();
    live.append(store, &[answer]).await.unwrap();
    live.end(store).await.unwrap();
}

fn ways(point: &BranchPoint) -> Vec<(u64, &str, bool)> {
    point.ways.iter().map(|way| (way.seq, way.message.as_str(), way.is_current)).collect()
}

pub(super) async fn a_branch_keeps_what_it_leaves(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q3", "a3"]);
    let messages = store.messages(&owner(), &session, 0, 10).await.unwrap();
    let places: Vec<_> = messages.iter().map(|stored| (stored.seq, stored.parent)).collect();
    assert_eq!(places, [(1, 0), (2, 1), (5, 2), (6, 5)]);
}

pub(super) async fn branch_points_name_every_way(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    said(&*store, &session, Some(0), "q0", "a0").await;
    let points = store.branch_points(&owner(), &session).await.unwrap();
    assert_eq!(points.iter().map(|point| point.after).collect::<Vec<_>>(), [0, 2]);
    assert_eq!(ways(&points[0]), [(1, "q1", false), (7, "q0", true)]);
    assert_eq!(ways(&points[1]), [(3, "q2", false), (5, "q3", false)]);
    let straight = new_session(&*store, "straight").await;
    said(&*store, &straight, None, "q1", "a1").await;
    assert_eq!(store.branch_points(&owner(), &straight).await.unwrap(), []);
}

pub(super) async fn switching_back_brings_the_old_history_back(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    store.switch_branch(&owner(), &session, 3).await.unwrap().unwrap();
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q2", "a2"]);
    said(&*store, &session, None, "q4", "a4").await;
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q2", "a2", "q4", "a4"]);
    store.switch_branch(&owner(), &session, 5).await.unwrap().unwrap();
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q3", "a3"]);
}

pub(super) async fn switching_goes_on_to_the_newest_end(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    store.switch_branch(&owner(), &session, 1).await.unwrap().unwrap();
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q3", "a3"], "the newest way");
    store.switch_branch(&owner(), &session, 4).await.unwrap().unwrap();
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q2", "a2"]);
}

pub(super) async fn switching_raises_the_version(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    let switched = store.switch_branch(&owner(), &session, 3).await.unwrap().unwrap();
    assert_eq!(switched.version, 7);
    assert_eq!(store.session(&owner(), &session).await.unwrap().unwrap(), switched);
    let mut stale = begin(&session, Some(user("x")));
    stale.expected_version = Some(6);
    let stale = Live::begin(&*store, stale).await.map(|live| live.version);
    assert_eq!(kind_of(stale), StoreErrorKind::Conflict { actual: 7 });
    said(&*store, &session, None, "q4", "a4").await;
    let messages = store.messages(&owner(), &session, 4, 10).await.unwrap();
    assert_eq!(
        messages.iter().map(|stored| (stored.seq, stored.parent)).collect::<Vec<_>>(),
        [(8, 4), (9, 8)]
    );
}

pub(super) async fn a_branch_begins_after_the_message_that_it_names(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    // The same question may be asked again with the same id.
    said(&*store, &session, Some(0), "q1", "again").await;
    assert_eq!(ids(&*store, &session).await, ["q1", "again"]);
    store.switch_branch(&owner(), &session, 1).await.unwrap().unwrap();
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q3", "a3"]);
}

pub(super) async fn a_missing_message_cannot_be_switched_to(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    for missing in [0, 7, u64::MAX] {
        let switched = store.switch_branch(&owner(), &session, missing).await;
        assert_eq!(kind_of(switched), StoreErrorKind::NotFound, "{missing}");
    }
    assert_eq!(store.session(&owner(), &session).await.unwrap().unwrap().version, 6);
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q3", "a3"]);
}

pub(super) async fn a_session_with_a_live_run_cannot_be_switched(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let switched = store.switch_branch(&owner(), &live.session, 1).await;
    assert_eq!(kind_of(switched), StoreErrorKind::Busy);
}

pub(super) async fn branches_of_somebody_else_are_absent(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    assert_eq!(store.branch_points(&stranger(), &session).await.unwrap(), []);
    assert_eq!(store.switch_branch(&stranger(), &session, 3).await.unwrap(), None);
    assert_eq!(ids(&*store, &session).await, ["q1", "a1", "q3", "a3"]);
}

pub(super) async fn an_old_branch_leads_to_its_runs(store: Arc<dyn Store>) {
    let session = branched(&*store).await;
    let run_of = async |id: &str| {
        store.run_of_message(&owner(), &session, &message_id(id)).await.unwrap().map(|record| record.id)
    };
    assert!(run_of("a2").await.is_some());
    assert_eq!(run_of("q2").await, run_of("a2").await);
    assert_ne!(run_of("a2").await, run_of("a3").await);
}

pub(super) async fn an_approved_tool_is_remembered_once(store: Arc<dyn Store>) {
    let session = new_session(&*store, "s").await;
    for tool in ["send", "it's", "send"] {
        store.update_session(&owner(), &session, SessionPatch::approve_tool(tool)).await.unwrap().unwrap();
    }
    let found = store.session(&owner(), &session).await.unwrap().unwrap();
    assert!(found.approved_tools.iter().map(|tool| tool.as_str()).eq(["send", "it's"]));
    assert_eq!(found.title, "");
}
