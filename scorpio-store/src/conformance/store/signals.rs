//! What a run is told from outside.

use std::{sync::Arc, time::Duration};

use scorpio_core::store::{Decision, Signal, Store, StoreErrorKind};

use super::super::sample::{kind_of, live, now, owner, stranger, user};

fn decide(approval: &str) -> Signal {
    Signal::Decide {
        approval: approval.to_owned(),
        decision: Decision::deny("no; \"really\" é"),
        by: Some("ada".to_owned()),
    }
}

pub(super) async fn a_signal_comes_back_as_it_was_sent(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let sent = [
        Signal::Stop,
        Signal::Steer {
            message: user("m").with_metadata(scorpio_core::Json::parse(r#"{"b" : 1.0}"#).unwrap()),
        },
        decide("a-1"),
        Signal::Decide {
            approval: "a-2".to_owned(),
            decision: Decision::approve_with(scorpio_core::Json::parse(r#"{"to" : "ada"}"#).unwrap()),
            by: None,
        },
    ];
    let before = now();
    for signal in &sent {
        store.send_signal(&owner(), live.run(), signal).await.unwrap();
    }
    let stored = store.signals(live.run(), 0).await.unwrap();
    assert!(stored.iter().map(|stored| &stored.signal).eq(&sent));
    // Another clock may be a little off.
    let earliest = before.checked_sub(Duration::from_secs(60)).unwrap();
    assert!(stored.iter().all(|stored| stored.at >= earliest));
}

pub(super) async fn signals_are_numbered_from_one(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    for seq in 1..=4 {
        assert_eq!(store.send_signal(&owner(), live.run(), &Signal::Stop).await.unwrap(), seq);
    }
    let after = async |seq| -> Vec<u64> {
        store.signals(live.run(), seq).await.unwrap().iter().map(|stored| stored.seq).collect()
    };
    assert_eq!(after(0).await, vec![1, 2, 3, 4]);
    assert_eq!(after(2).await, vec![3, 4]);
    assert!(after(4).await.is_empty());
    assert!(after(u64::MAX).await.is_empty());
}

pub(super) async fn signals_of_other_runs_are_absent(store: Arc<dyn Store>) {
    let (one, other) = (live(&*store, "one").await, live(&*store, "other").await);
    store.send_signal(&owner(), one.run(), &decide("same")).await.unwrap();
    store.send_signal(&owner(), other.run(), &decide("same")).await.expect("a subject is one of a run");
    assert_eq!(store.signals(one.run(), 0).await.unwrap().len(), 1);
}

pub(super) async fn a_stranger_cannot_send_a_signal(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let sent = store.send_signal(&stranger(), live.run(), &Signal::Stop).await;
    assert_eq!(kind_of(sent), StoreErrorKind::NotFound);
    assert!(store.signals(live.run(), 0).await.unwrap().is_empty());
}

pub(super) async fn a_run_that_is_over_cannot_be_told_anything(store: Arc<dyn Store>) {
    let mut live = live(&*store, "s").await;
    live.end(&*store).await.unwrap();
    let sent = store.send_signal(&owner(), live.run(), &Signal::Stop).await;
    assert_eq!(kind_of(sent), StoreErrorKind::NotFound);
}

pub(super) async fn the_same_decision_is_taken_once(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    store.send_signal(&owner(), live.run(), &decide("a-1")).await.unwrap();
    let again = Signal::Decide { approval: "a-1".to_owned(), decision: Decision::approve(), by: None };
    let again = store.send_signal(&owner(), live.run(), &again).await;
    assert_eq!(kind_of(again), StoreErrorKind::AlreadyExists);
    store.send_signal(&owner(), live.run(), &decide("a-2")).await.unwrap();
    assert_eq!(store.signals(live.run(), 0).await.unwrap().len(), 2);
}

pub(super) async fn of_twenty_decisions_one_is_taken(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let tasks = (0..20).map(|_| {
        let (store, run) = (Arc::clone(&store), live.run());
        tokio::spawn(async move { store.send_signal(&owner(), run, &decide("a-1")).await.is_ok() })
    });
    let mut taken = 0;
    for task in tasks.collect::<Vec<_>>() {
        taken += usize::from(task.await.unwrap());
    }
    assert_eq!(taken, 1);
}

pub(super) async fn whoever_waits_hears_of_a_signal(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let run = live.run();
    let waiting = {
        let store = Arc::clone(&store);
        tokio::spawn(async move { store.signalled(run, 0).await })
    };
    tokio::task::yield_now().await;
    store.send_signal(&owner(), run, &Signal::Stop).await.unwrap();
    waiting.await.unwrap().unwrap();
    store.signalled(run, 0).await.expect("what was said before counts as well");
}

pub(super) async fn whoever_waits_for_a_later_signal_is_not_woken_by_an_earlier_one(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    let run = live.run();
    store.send_signal(&owner(), run, &Signal::Stop).await.unwrap();
    let mut waiting = std::pin::pin!(store.signalled(run, 1));
    assert!(futures::poll!(waiting.as_mut()).is_pending());
    store.send_signal(&owner(), run, &Signal::Stop).await.unwrap();
    waiting.await.unwrap();
}
