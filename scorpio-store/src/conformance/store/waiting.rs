//! Runs that wait for somebody, and commits that are sent twice.

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    Limits, RunId,
    run::RunMachine,
    store::{Claimable, RunStatus, Signal, Store, StoreErrorKind, Wait},
};

use super::super::sample::{
    HOLDER, Live, MINUTE, begin, entries, ids, kind_of, live, new_session, now, owner, tick, user,
};

const OTHER: &str = "process-2";

async fn waiting(store: &dyn Store, session: &str, wake_at: Option<jiff::Timestamp>) -> Live {
    let live = live(store, session).await;
    let mut commit = live.commit(&[]);
    commit.wait = Some(Wait::until(wake_at));
    store.commit(commit).await.unwrap();
    live
}

async fn claimable(store: &dyn Store) -> Vec<RunId> {
    let records = store.claimable_runs(Claimable::new(10)).await.unwrap();
    records.iter().map(|record| record.id).collect()
}

pub(super) async fn a_run_that_waits_is_nobodys(store: Arc<dyn Store>) {
    let waiting = waiting(&*store, "s", None).await;
    assert_eq!(waiting.record(&*store).await.status, RunStatus::Waiting);
    assert_eq!(kind_of(store.commit(waiting.commit(&[])).await), StoreErrorKind::Fenced);
    assert_eq!(kind_of(store.renew(&waiting.lease, MINUTE).await), StoreErrorKind::Fenced);
}

pub(super) async fn a_run_that_waits_is_live(store: Arc<dyn Store>) {
    let waiting = waiting(&*store, "s", None).await;
    let found = store.live_run(&owner(), &waiting.session).await.unwrap().unwrap();
    assert_eq!((found.id, found.status), (waiting.run(), RunStatus::Waiting));
    let another = Live::begin(&*store, begin(&waiting.session, Some(user("b")))).await;
    assert_eq!(kind_of(another.map(|live| live.version)), StoreErrorKind::Busy);
    assert_eq!(claimable(&*store).await, [], "it has nothing to do");
}

pub(super) async fn a_run_that_waits_can_be_taken_over_at_once(store: Arc<dyn Store>) {
    let mut waiting = waiting(&*store, "s", None).await;
    let taken = store.take_over(waiting.run(), OTHER, None, MINUTE).await.unwrap();
    assert_eq!((taken.status, taken.holder.as_str()), (RunStatus::Running, OTHER));
    assert!(taken.fence > waiting.lease.fence);
    waiting.lease = taken.lease();
    waiting.append(&*store, &["a"]).await.unwrap();
    waiting.end(&*store).await.unwrap();
    assert_eq!(ids(&*store, &waiting.session).await, ["s-input", "a"]);
}

pub(super) async fn a_run_that_waits_goes_on_when_it_is_told_something(store: Arc<dyn Store>) {
    let waiting = waiting(&*store, "s", None).await;
    store.send_signal(&owner(), waiting.run(), &Signal::Stop).await.unwrap();
    assert_eq!(claimable(&*store).await, [waiting.run()]);
}

pub(super) async fn a_run_that_waits_goes_on_when_its_time_has_come(store: Arc<dyn Store>) {
    let late = waiting(&*store, "late", Some(now())).await;
    let in_time = waiting(&*store, "in-time", now().checked_add(MINUTE).ok()).await;
    tick().await;
    assert_eq!(claimable(&*store).await, [late.run()]);
    let record = in_time.record(&*store).await;
    assert!(record.wake_at.unwrap() > now());
}

pub(super) async fn a_run_that_waited_and_was_taken_over_waits_no_more(store: Arc<dyn Store>) {
    let waiting = waiting(&*store, "s", Some(now())).await;
    let taken = store.take_over(waiting.run(), OTHER, None, MINUTE).await.unwrap();
    assert_eq!(taken.wake_at, None);
    tick().await;
    assert_eq!(claimable(&*store).await, []);
    let again = store.take_over(waiting.run(), HOLDER, None, MINUTE).await;
    assert_eq!(kind_of(again), StoreErrorKind::Busy);
}

pub(super) async fn only_lost_runs_count_as_recovered(store: Arc<dyn Store>) {
    let waiting = waiting(&*store, "waiting", None).await;
    let taken = store.take_over(waiting.run(), OTHER, None, MINUTE).await.unwrap();
    assert_eq!(taken.recoveries, 0);
    let lost = live(&*store, "lost").await;
    for recoveries in 1..4 {
        let dead = lost.record(&*store).await.holder;
        let taken = store.take_over(lost.run(), OTHER, Some(&dead), MINUTE).await.unwrap();
        assert_eq!(taken.recoveries, recoveries);
    }
}

pub(super) async fn claimable_runs_are_those_of_the_named_agents(store: Arc<dyn Store>) {
    let mut runs = Vec::new();
    for agent in ["a", "b", "it's"] {
        let session = new_session(&*store, &format!("of-{}", agent.len())).await;
        let mut begin = begin(&session, None);
        begin.machine = RunMachine::new(RunId::new(), session.clone(), Limits::new()).of_agent(agent);
        begin.ttl = Duration::ZERO;
        runs.push(store.begin_run(begin).await.map(|begun| begun.lease.run));
        tick().await;
        if agent == "a" {
            // The next session has a name of the same length.
            store.delete_session(&owner(), &session).await.unwrap();
            runs.clear();
        }
    }
    let runs: Vec<RunId> = runs.into_iter().map(|run| run.unwrap()).collect();
    let of = async |agents: &[&str]| -> Vec<RunId> {
        let which = Claimable::new(10).of_agents(agents.iter().map(|agent| (*agent).to_owned()));
        store.claimable_runs(which).await.unwrap().iter().map(|record| record.id).collect()
    };
    assert_eq!(of(&["b"]).await, runs[..1]);
    assert_eq!(of(&["b", "it's", "none"]).await, runs);
    assert_eq!(of(&[]).await, []);
    assert_eq!(claimable(&*store).await, runs);
}

pub(super) async fn a_commit_that_is_sent_again_changes_nothing(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    let messages = entries(&["a", "b"]);
    for step in [1, 1, 1] {
        let mut commit = live.commit(&messages);
        commit.step = Some(step);
        assert_eq!(store.commit(commit).await.unwrap(), 3, "as if for the first time");
    }
    live.version = 3;
    assert_eq!(live.record(&*store).await.step, 1);
    let more = entries(&["c"]);
    let mut commit = live.commit(&more);
    commit.step = Some(2);
    assert_eq!(store.commit(commit).await.unwrap(), 4);
    assert_eq!(ids(&*store, &live.session).await, ["s-input", "a", "b", "c"]);
}

pub(super) async fn a_commit_that_is_sent_again_after_a_takeover_is_fenced(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let mut commit = live.commit(&[]);
    commit.step = Some(1);
    store.commit(commit).await.unwrap();
    store.take_over(live.run(), OTHER, Some(HOLDER), MINUTE).await.unwrap();
    let mut again = live.commit(&[]);
    again.step = Some(1);
    assert_eq!(kind_of(store.commit(again).await), StoreErrorKind::Fenced);
}

pub(super) async fn the_last_commit_of_a_run_may_be_sent_again(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let messages = entries(&["a"]);
    for _ in 0..2 {
        let mut commit = live.commit(&messages);
        (commit.step, commit.end) = (Some(1), Some(super::super::sample::done()));
        assert_eq!(store.commit(commit).await.unwrap(), 2);
    }
    assert_eq!(live.record(&*store).await.status, RunStatus::Finished);
}
