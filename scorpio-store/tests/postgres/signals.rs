//! Telling a run something from another process.

use std::time::{Duration, Instant};

use scorpio_core::store::{Signal, Store, StoreErrorKind};

use crate::{
    harness::Schema,
    run::{Run, owner},
};

/// Whoever would have to look for themselves would look every ten seconds.
#[tokio::test]
async fn a_run_is_woken_by_another_process() {
    let Some(schema) = Schema::new() else { return };
    let (driver, other) = (schema.open().await, schema.open().await);
    let run = Run::begin(&driver).await;
    let mut times = Vec::new();
    for told in 0..5 {
        // Until the one who drives listens.
        let early = tokio::time::timeout(Duration::from_millis(400), driver.signalled(run.id(), told)).await;
        assert!(early.is_err(), "there is nothing to hear yet");
        let waiting = tokio::spawn({
            let (driver, id) = (driver.clone(), run.id());
            async move { driver.signalled(id, told).await.map(|()| Instant::now()) }
        });
        tokio::task::yield_now().await;
        let start = Instant::now();
        assert_eq!(other.send_signal(&owner(), run.id(), &Signal::Stop).await.unwrap(), told + 1);
        let woken = tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it is woken");
        times.push(woken.unwrap().unwrap().saturating_duration_since(start));
    }
    times.sort();
    assert!(times[2] < Duration::from_secs(2), "{times:?}");
    assert_eq!(driver.signals(run.id(), 3).await.unwrap().len(), 2);
}

#[tokio::test]
async fn those_who_send_at_once_get_places_of_their_own() {
    let Some(schema) = Schema::new() else { return };
    let (one, two) = (schema.open().await, schema.open().await);
    let run = Run::begin(&one).await;
    let sends = (0..40).map(|index| {
        let (store, id) = (if index % 2 == 0 { one.clone() } else { two.clone() }, run.id());
        tokio::spawn(async move { store.send_signal(&owner(), id, &Signal::Stop).await.unwrap() })
    });
    let mut places: Vec<u64> =
        futures::future::join_all(sends).await.into_iter().map(|place| place.unwrap()).collect();
    places.sort_unstable();
    assert_eq!(places, Vec::from_iter(1..=40));
}

#[tokio::test]
async fn a_run_that_is_over_hears_nothing() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let run = Run::begin(&store).await;
    run.end(&store).await;
    let error = store.send_signal(&owner(), run.id(), &Signal::Stop).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotFound);
}
