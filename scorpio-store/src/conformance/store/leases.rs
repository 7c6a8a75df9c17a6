//! Leases and fences: whoever lost a run can write it no more.

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    RunId,
    store::{Claimable, Lease, NewSession, RunStatus, Store, StoreErrorKind},
};

use super::super::sample::{
    HOLDER, Live, MINUTE, begin, entries, ids, kind_of, live, new_session, owner, session_id, stranger, tick,
    with_calls,
};

const OTHER: &str = "process-2";

/// A live run whose lease has run out.
async fn lapsed(store: &dyn Store, session: &str) -> Live {
    let session = new_session(store, session).await;
    let mut begin = begin(&session, None);
    begin.ttl = Duration::ZERO;
    let live = Live::begin(store, begin).await.unwrap();
    tick().await;
    live
}

pub(super) async fn a_stale_lease_cannot_commit(store: Arc<dyn Store>) {
    let mut live = lapsed(&*store, "s").await;
    let taken = store.take_over(live.run(), OTHER, None, MINUTE).await.unwrap();
    let executions = with_calls(&mut live.machine, 1);
    let append = entries(&["a"]);
    let mut commit = live.commit(&append);
    commit.executions = &executions;
    commit.end = Some(super::super::sample::done());
    assert_eq!(kind_of(store.commit(commit).await), StoreErrorKind::Fenced);
    assert_eq!(ids(&*store, &live.session).await, [""; 0]);
    assert_eq!(store.executions(&owner(), &live.session, 10).await.unwrap(), []);
    assert_eq!(live.record(&*store).await, taken);
    // Fenced comes before a conflict: the loser must not read the session again and try on.
    let mut stale = live.commit(&append);
    stale.expected_version = 7;
    assert_eq!(kind_of(store.commit(stale).await), StoreErrorKind::Fenced);
}

pub(super) async fn a_stale_lease_cannot_be_renewed(store: Arc<dyn Store>) {
    let live = lapsed(&*store, "s").await;
    let taken = store.take_over(live.run(), OTHER, None, MINUTE).await.unwrap();
    assert_eq!(kind_of(store.renew(&live.lease, MINUTE).await), StoreErrorKind::Fenced);
    assert_eq!(live.record(&*store).await, taken);
}

pub(super) async fn a_lease_of_another_holder_is_refused(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    for lease in [
        Lease::new(live.run(), OTHER, live.lease.fence),
        Lease::new(live.run(), HOLDER, live.lease.fence + 1),
        Lease::new(live.run(), HOLDER, live.lease.fence.wrapping_sub(1)),
    ] {
        assert_eq!(kind_of(store.renew(&lease, MINUTE).await), StoreErrorKind::Fenced, "{lease:?}");
        live.lease = lease;
        assert_eq!(kind_of(store.commit(live.commit(&[])).await), StoreErrorKind::Fenced, "{:?}", live.lease);
    }
}

pub(super) async fn a_finished_run_is_fenced(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    live.end(&*store).await.unwrap();
    let record = live.record(&*store).await;
    let append = entries(&["late"]);
    assert_eq!(kind_of(store.commit(live.commit(&append)).await), StoreErrorKind::Fenced);
    assert_eq!(kind_of(store.renew(&live.lease, MINUTE).await), StoreErrorKind::Fenced);
    assert_eq!(ids(&*store, &live.session).await, ["s-input"]);
    assert_eq!(live.record(&*store).await, record);
}

pub(super) async fn a_held_run_cannot_be_taken_over(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let record = live.record(&*store).await;
    for (holder, dead) in [(OTHER, None), (OTHER, Some("process-3")), (HOLDER, None), (OTHER, Some(OTHER))] {
        let taken = store.take_over(live.run(), holder, dead, MINUTE).await;
        assert_eq!(kind_of(taken), StoreErrorKind::Busy, "{holder}, {dead:?}");
    }
    assert_eq!(live.record(&*store).await, record);
}

pub(super) async fn a_run_whose_lease_ran_out_can_be_taken_over(store: Arc<dyn Store>) {
    let live = lapsed(&*store, "s").await;
    let taken = store.take_over(live.run(), OTHER, None, MINUTE).await.unwrap();
    assert_eq!((taken.holder.as_str(), taken.status), (OTHER, RunStatus::Running));
    assert!(taken.lease_until > tick().await);
    let again = store.take_over(live.run(), HOLDER, None, MINUTE).await;
    assert_eq!(kind_of(again), StoreErrorKind::Busy, "it is held again");
}

pub(super) async fn a_run_of_a_dead_holder_can_be_taken_over(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let taken = store.take_over(live.run(), OTHER, Some(HOLDER), MINUTE).await.unwrap();
    assert_eq!(taken.holder, OTHER);
    assert_eq!(kind_of(store.commit(live.commit(&[])).await), StoreErrorKind::Fenced);
}

pub(super) async fn a_finished_run_cannot_be_taken_over(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    live.end(&*store).await.unwrap();
    let taken = store.take_over(live.run(), OTHER, Some(HOLDER), MINUTE).await;
    assert_eq!(kind_of(taken), StoreErrorKind::NotFound);
}

pub(super) async fn a_missing_run_cannot_be_taken_over(store: Arc<dyn Store>) {
    let missing = store.take_over(RunId::new(), OTHER, Some(HOLDER), MINUTE).await;
    assert_eq!(kind_of(missing), StoreErrorKind::NotFound);
    let live = live(&*store, "s").await;
    store.delete_session(&owner(), &live.session).await.unwrap();
    let deleted = store.take_over(live.run(), OTHER, Some(HOLDER), MINUTE).await;
    assert_eq!(kind_of(deleted), StoreErrorKind::NotFound);
}

pub(super) async fn taking_over_keeps_the_machine_and_raises_the_fence(store: Arc<dyn Store>) {
    let mut live = lapsed(&*store, "s").await;
    with_calls(&mut live.machine, 2);
    let mut commit = live.commit(&[]);
    commit.ttl = Duration::ZERO;
    store.commit(commit).await.unwrap();
    let before = live.record(&*store).await;
    let mut fence = live.lease.fence;
    for _ in 0..3 {
        tick().await;
        let taken = store.take_over(live.run(), OTHER, None, Duration::ZERO).await.unwrap();
        assert!(taken.fence > fence, "the fence rises");
        assert_eq!(taken.machine, live.machine);
        assert_eq!((taken.started_at, &taken.session), (before.started_at, &live.session));
        assert_eq!(live.record(&*store).await, taken);
        fence = taken.fence;
    }
}

pub(super) async fn whoever_took_over_can_go_on(store: Arc<dyn Store>) {
    let mut live = lapsed(&*store, "s").await;
    let taken = store.take_over(live.run(), OTHER, None, MINUTE).await.unwrap();
    live.lease = taken.lease();
    store.renew(&live.lease, MINUTE).await.unwrap();
    live.append(&*store, &["a"]).await.unwrap();
    live.end(&*store).await.unwrap();
    assert_eq!(ids(&*store, &live.session).await, ["a"]);
    assert_eq!(live.record(&*store).await.status, RunStatus::Finished);
}

pub(super) async fn a_lease_that_ran_out_is_good_until_it_is_taken(store: Arc<dyn Store>) {
    let mut live = lapsed(&*store, "s").await;
    live.append(&*store, &["a"]).await.unwrap();
    assert_eq!(ids(&*store, &live.session).await, ["a"]);
}

pub(super) async fn renewing_prolongs_a_lease(store: Arc<dyn Store>) {
    let live = lapsed(&*store, "s").await;
    store.renew(&live.lease, MINUTE).await.unwrap();
    let record = live.record(&*store).await;
    assert!(record.lease_until > tick().await);
    assert_eq!(record.lease(), live.lease);
    let taken = store.take_over(live.run(), OTHER, None, MINUTE).await;
    assert_eq!(kind_of(taken), StoreErrorKind::Busy);
    store.renew(&live.lease, Duration::ZERO).await.unwrap();
    tick().await;
    store.take_over(live.run(), OTHER, None, MINUTE).await.expect("a lease can be shortened");
}

pub(super) async fn a_commit_renews_the_lease(store: Arc<dyn Store>) {
    let live = lapsed(&*store, "s").await;
    store.commit(live.commit(&[])).await.unwrap();
    let taken = store.take_over(live.run(), OTHER, None, MINUTE).await;
    assert_eq!(kind_of(taken), StoreErrorKind::Busy);
}

pub(super) async fn claimable_runs_are_those_of_others_and_those_that_ran_out(store: Arc<dyn Store>) {
    let held = live(&*store, "held").await;
    let ran_out = lapsed(&*store, "ran-out").await;
    let mut finished = live(&*store, "finished").await;
    finished.end(&*store).await.unwrap();
    let theirs = session_id("theirs");
    store.create_session(NewSession::new(theirs.clone(), stranger())).await.unwrap();
    let mut of_stranger = begin(&theirs, None);
    of_stranger.owner = stranger();
    of_stranger.holder = OTHER.into();
    let of_stranger = Live::begin(&*store, of_stranger).await.unwrap();

    let abandoned = async |holder| -> Vec<RunId> {
        store
            .claimable_runs(Claimable::new(10).sole_holder(holder))
            .await
            .unwrap()
            .iter()
            .map(|record| record.id)
            .collect()
    };
    assert_eq!(abandoned(HOLDER).await, [ran_out.run(), of_stranger.run()]);
    assert_eq!(abandoned(OTHER).await, [held.run(), ran_out.run()]);
    let lapsed = store.claimable_runs(Claimable::new(10)).await.unwrap();
    assert_eq!(lapsed.iter().map(|record| record.id).collect::<Vec<_>>(), [ran_out.run()]);
    let records = store.claimable_runs(Claimable::new(10).sole_holder(OTHER)).await.unwrap();
    assert_eq!(records, [held.record(&*store).await, ran_out.record(&*store).await]);
}

pub(super) async fn claimable_runs_come_oldest_first(store: Arc<dyn Store>) {
    let mut runs = Vec::new();
    for index in [3, 1, 2, 0] {
        runs.push(live(&*store, &format!("s{index}")).await.run());
        tick().await;
    }
    let abandoned = store.claimable_runs(Claimable::new(usize::MAX).sole_holder(OTHER)).await.unwrap();
    assert_eq!(abandoned.iter().map(|record| record.id).collect::<Vec<_>>(), runs);
    let abandoned = store.claimable_runs(Claimable::new(2).sole_holder(OTHER)).await.unwrap();
    assert_eq!(abandoned.iter().map(|record| record.id).collect::<Vec<_>>(), runs[..2]);
    assert_eq!(store.claimable_runs(Claimable::new(0).sole_holder(OTHER)).await.unwrap(), []);
}
