//! Runs: how they begin, move on and end.

use std::sync::Arc;

use scorpio_core::{
    RunEnd, RunId, StopReason,
    model::FinishReason,
    store::{Commit, Lease, RunStatus, Store, StoreErrorKind},
};

use super::super::sample::{
    HOLDER, Live, MINUTE, begin, done, entries, ids, kind_of, live, new_session, now, owner, session_id,
    stranger, tick, user, with_calls,
};

pub(super) async fn a_run_comes_back_as_it_was_begun(store: Arc<dyn Store>) {
    let session = new_session(&*store, "s").await;
    let before = now();
    let live = Live::begin(&*store, begin(&session, Some(user("q")))).await.unwrap();
    assert_eq!(live.lease, Lease::new(live.machine.run(), HOLDER, live.lease.fence));
    assert_eq!(live.version, 1);
    let record = live.record(&*store).await;
    assert_eq!((record.id, &record.session, &record.owner), (live.run(), &session, &owner()));
    assert_eq!((record.status, record.end, record.finished_at), (RunStatus::Running, None, None));
    assert_eq!(record.lease(), live.lease);
    assert_eq!(record.machine, live.machine);
    assert!(before <= record.started_at && record.started_at <= tick().await, "it is dated now");
    let ttl = record.lease_until.duration_since(record.started_at);
    assert_eq!(ttl, jiff::SignedDuration::try_from(MINUTE).unwrap(), "the lease lasts as long as asked");
}

pub(super) async fn a_run_may_begin_without_input(store: Arc<dyn Store>) {
    let session = new_session(&*store, "s").await;
    let live = Live::begin(&*store, begin(&session, None)).await.unwrap();
    assert_eq!(live.version, 0);
    assert_eq!(ids(&*store, &session).await, [""; 0]);
    assert_eq!(live.record(&*store).await.status, RunStatus::Running);
}

pub(super) async fn a_run_of_somebody_else_is_absent(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    assert_eq!(store.run(&stranger(), live.run()).await.unwrap(), None);
    assert_eq!(store.live_run(&stranger(), &live.session).await.unwrap(), None);
    assert_eq!(store.run(&owner(), RunId::new()).await.unwrap(), None);
}

pub(super) async fn a_missing_session_cannot_begin_a_run(store: Arc<dyn Store>) {
    let missing = store.begin_run(begin(&session_id("none"), None)).await;
    assert_eq!(kind_of(missing), StoreErrorKind::NotFound);
    let session = new_session(&*store, "s").await;
    let mut theirs = begin(&session, Some(user("q")));
    theirs.owner = stranger();
    assert_eq!(kind_of(store.begin_run(theirs).await), StoreErrorKind::NotFound);
    assert_eq!(ids(&*store, &session).await, [""; 0]);
}

pub(super) async fn a_stale_version_is_a_conflict(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    live.end(&*store).await.unwrap();
    for stale in [0, 2, u64::MAX] {
        let mut begin = begin(&live.session, Some(user("q")));
        begin.expected_version = Some(stale);
        assert_eq!(kind_of(store.begin_run(begin).await), StoreErrorKind::Conflict { actual: 1 });
    }
    assert_eq!(ids(&*store, &live.session).await, ["s-input"]);
}

pub(super) async fn the_expected_version_is_taken(store: Arc<dyn Store>) {
    let session = new_session(&*store, "s").await;
    let mut begin = begin(&session, Some(user("q")));
    begin.expected_version = Some(0);
    assert_eq!(store.begin_run(begin).await.unwrap().version, 1);
}

pub(super) async fn an_input_that_is_there_is_refused(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    live.append(&*store, &["answer"]).await.unwrap();
    live.end(&*store).await.unwrap();
    for id in ["s-input", "answer"] {
        let again = store.begin_run(begin(&live.session, Some(user(id)))).await;
        assert_eq!(kind_of(again), StoreErrorKind::AlreadyExists);
    }
    let mut below = begin(&live.session, Some(user("s-input")));
    below.branch_after = Some(1);
    assert_eq!(kind_of(store.begin_run(below).await), StoreErrorKind::AlreadyExists);
    assert_eq!(ids(&*store, &live.session).await, ["s-input", "answer"]);
    assert_eq!(store.live_run(&owner(), &live.session).await.unwrap(), None);
}

pub(super) async fn a_run_id_is_taken_once(store: Arc<dyn Store>) {
    let mut first = live(&*store, "s").await;
    first.end(&*store).await.unwrap();
    for session in [first.session.clone(), new_session(&*store, "other").await] {
        let mut again = begin(&session, Some(user("q")));
        again.machine = first.machine.clone();
        assert_eq!(kind_of(store.begin_run(again).await), StoreErrorKind::AlreadyExists);
        assert_eq!(store.live_run(&owner(), &session).await.unwrap(), None);
    }
    assert_eq!(ids(&*store, &first.session).await, ["s-input"]);
}

pub(super) async fn a_second_run_is_busy(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    for input in [None, Some(user("q"))] {
        assert_eq!(kind_of(store.begin_run(begin(&live.session, input)).await), StoreErrorKind::Busy);
    }
    assert_eq!(ids(&*store, &live.session).await, ["s-input"]);
    assert_eq!(store.live_run(&owner(), &live.session).await.unwrap().unwrap().id, live.run());
}

pub(super) async fn the_first_error_wins(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    // The run is live, the input is there, the version is stale, and the owner is another.
    let mut begin = begin(&live.session, Some(user("s-input")));
    begin.expected_version = Some(9);
    begin.owner = stranger();
    assert_eq!(kind_of(store.begin_run(begin.clone()).await), StoreErrorKind::NotFound);
    begin.owner = owner();
    assert_eq!(kind_of(store.begin_run(begin.clone()).await), StoreErrorKind::Conflict { actual: 1 });
    begin.expected_version = Some(1);
    assert_eq!(kind_of(store.begin_run(begin.clone()).await), StoreErrorKind::AlreadyExists);
    begin.input = None;
    assert_eq!(kind_of(store.begin_run(begin).await), StoreErrorKind::Busy);
}

pub(super) async fn a_refused_run_leaves_nothing(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    live.append(&*store, &["a", "b"]).await.unwrap();
    let before = store.session(&owner(), &live.session).await.unwrap();
    let mut busy = begin(&live.session, Some(user("q")));
    busy.branch_after = Some(1);
    let run = busy.machine.run();
    assert_eq!(kind_of(store.begin_run(busy).await), StoreErrorKind::Busy);
    assert_eq!(ids(&*store, &live.session).await, ["s-input", "a", "b"]);
    assert_eq!(store.run(&owner(), run).await.unwrap(), None);
    assert_eq!(store.session(&owner(), &live.session).await.unwrap(), before);
}

pub(super) async fn a_commit_appends_in_order(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let append = entries(&["c", "a", "b"]);
    assert_eq!(store.commit(live.commit(&append)).await.unwrap(), 4);
    assert_eq!(ids(&*store, &live.session).await, ["s-input", "c", "a", "b"]);
    assert_eq!(store.session(&owner(), &live.session).await.unwrap().unwrap().version, 4);
}

pub(super) async fn a_commit_moves_the_machine(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    with_calls(&mut live.machine, 3);
    store.commit(live.commit(&[])).await.unwrap();
    let record = live.record(&*store).await;
    assert_eq!(record.machine, live.machine);
    assert_eq!((record.status, record.end), (RunStatus::Running, None));
}

pub(super) async fn a_commit_without_messages_keeps_the_version(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    assert_eq!(store.commit(live.commit(&[])).await.unwrap(), 1);
    assert_eq!(store.commit(live.commit(&[])).await.unwrap(), 1);
}

pub(super) async fn a_commit_at_a_stale_version_leaves_nothing(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let before = live.record(&*store).await;
    let executions = with_calls(&mut live.machine, 1);
    let append = entries(&["a"]);
    for stale in [0, 2] {
        let mut commit = live.commit(&append);
        commit.expected_version = stale;
        commit.executions = &executions;
        commit.end = Some(done());
        assert_eq!(kind_of(store.commit(commit).await), StoreErrorKind::Conflict { actual: 1 });
    }
    assert_eq!(ids(&*store, &live.session).await, ["s-input"]);
    assert_eq!(store.executions(&owner(), &live.session, 10).await.unwrap(), []);
    assert_eq!(live.record(&*store).await, before);
}

pub(super) async fn a_commit_with_a_known_id_leaves_nothing(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let before = live.record(&*store).await;
    let executions = with_calls(&mut live.machine, 1);
    for known in [["a", "s-input"], ["b", "b"]] {
        let append = entries(&known);
        let mut commit = live.commit(&append);
        commit.executions = &executions;
        assert_eq!(kind_of(store.commit(commit).await), StoreErrorKind::AlreadyExists);
    }
    assert_eq!(ids(&*store, &live.session).await, ["s-input"]);
    assert_eq!(store.session(&owner(), &live.session).await.unwrap().unwrap().version, 1);
    assert_eq!(store.executions(&owner(), &live.session, 10).await.unwrap(), []);
    assert_eq!(live.record(&*store).await, before);
}

pub(super) async fn a_commit_of_an_unknown_run_is_not_found(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let lease = Lease::new(RunId::new(), HOLDER, 1);
    let commit = store.commit(Commit::new(&lease, 1, &live.machine)).await;
    assert_eq!(kind_of(commit), StoreErrorKind::NotFound);
}

pub(super) async fn a_commit_after_the_session_is_gone_is_not_found(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    store.delete_session(&owner(), &live.session).await.unwrap();
    let append = entries(&["a"]);
    assert_eq!(kind_of(store.commit(live.commit(&append)).await), StoreErrorKind::NotFound);
    new_session(&*store, "s").await;
    assert_eq!(kind_of(store.commit(live.commit(&append)).await), StoreErrorKind::NotFound);
    assert_eq!(kind_of(store.renew(&live.lease, MINUTE).await), StoreErrorKind::NotFound);
    assert_eq!(ids(&*store, &live.session).await, [""; 0]);
}

pub(super) async fn an_ended_run_is_finished(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let before = tick().await;
    live.end(&*store).await.unwrap();
    let record = live.record(&*store).await;
    assert_eq!((record.status, record.end), (RunStatus::Finished, Some(done())));
    let finished = record.finished_at.expect("it is dated");
    assert!(before <= finished && finished <= tick().await, "it is dated now");
    assert_eq!(store.live_run(&owner(), &live.session).await.unwrap(), None);
}

pub(super) async fn every_end_comes_back(store: Arc<dyn Store>) {
    let reasons = [
        FinishReason::Stop,
        FinishReason::ToolCalls,
        FinishReason::Length,
        FinishReason::ContentFilter,
        FinishReason::Other,
    ];
    let stops = [
        StopReason::Cancelled,
        StopReason::Turns,
        StopReason::ToolCalls,
        StopReason::Tokens,
        StopReason::Cost,
        StopReason::WallClock,
    ];
    let ends = reasons.map(|reason| RunEnd::Done { reason }).into_iter();
    let ends = ends.chain(stops.map(|reason| RunEnd::Stopped { reason }));
    let session = new_session(&*store, "s").await;
    for end in ends.chain([RunEnd::Failed, RunEnd::Interrupted]) {
        let live = Live::begin(&*store, begin(&session, None)).await.unwrap();
        let mut commit = live.commit(&[]);
        commit.end = Some(end);
        store.commit(commit).await.unwrap();
        assert_eq!(live.record(&*store).await.end, Some(end));
    }
}

pub(super) async fn the_next_run_begins_where_the_last_one_ended(store: Arc<dyn Store>) {
    let mut first = live(&*store, "s").await;
    first.append(&*store, &["answer"]).await.unwrap();
    first.end(&*store).await.unwrap();
    let mut begin = begin(&first.session, Some(user("more")));
    begin.expected_version = Some(first.version);
    let second = Live::begin(&*store, begin).await.unwrap();
    assert_eq!(second.version, 3);
    assert_eq!(store.live_run(&owner(), &first.session).await.unwrap().unwrap().id, second.run());
    assert_eq!(first.record(&*store).await.status, RunStatus::Finished);
}
