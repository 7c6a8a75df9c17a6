//! When the server fails: errors that say so in time, streams that go on or end, and nothing that hangs.

use std::time::{Duration, Instant};

use futures::{StreamExt, TryStreamExt};
use scorpio_core::{
    Event,
    store::{
        Cache, EventLog, EventLogStream, PubSub, RateLimiter, RateQuota, SetOptions, StoreError,
        StoreErrorKind,
    },
};
use scorpio_store::RedisStore;
use std::sync::Arc;

use crate::server::{PATIENCE, Run, Server, TIMEOUT, soon};

const QUOTA: RateQuota = RateQuota::new(1_000_000, Duration::from_secs(3_600));

/// A run with an event, and somebody who follows it and has seen the event.
async fn followed(store: &RedisStore) -> (Run, EventLogStream) {
    let run = Run::new();
    store.append(run.id, &[run.delta(1)]).await.unwrap();
    let mut stream = store.follow(run.id, 0).await.unwrap();
    soon(stream.next()).await.unwrap().unwrap();
    assert!(futures::poll!(stream.next()).is_pending());
    (run, stream)
}

/// Appends again and again, until the server takes it.
async fn append(store: &RedisStore, run: &Run, event: Arc<Event>) {
    soon(async {
        while let Err(error) = store.append(run.id, std::slice::from_ref(&event)).await {
            assert!(error.is_outage(), "{error:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

/// Every call, at once.
async fn call_everything(store: &RedisStore) -> Vec<Result<(), StoreError>> {
    let run = Run::new();
    let event = [run.delta(1)];
    let (append, read, expire, get, set, take, delete, publish, check, reset, ping, subscribe) = tokio::join!(
        store.append(run.id, &event),
        store.read(run.id, 0, 10),
        store.expire(jiff::Timestamp::UNIX_EPOCH),
        store.get("key"),
        store.set("key", "value".into(), SetOptions::new()),
        store.take("key"),
        store.delete("key"),
        store.publish("topic", "message".into()),
        store.check("key", QUOTA, 1),
        store.reset("key"),
        store.ping(),
        store.subscribe("topic"),
    );
    vec![
        append,
        read.map(drop),
        expire.map(drop),
        get.map(drop),
        set.map(drop),
        take.map(drop),
        delete.map(drop),
        publish,
        check.map(drop),
        reset,
        ping,
        subscribe.map(drop),
    ]
}

/// Every call fails with an outage, in time.
async fn expect_outage(store: &RedisStore) {
    let start = Instant::now();
    for result in soon(call_everything(store)).await {
        let error = result.expect_err("the server is gone");
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error:?}");
        assert!(error.is_outage());
    }
    assert!(start.elapsed() < 8 * TIMEOUT, "it took {:?}", start.elapsed());
}

async fn expect_everything(store: &RedisStore) {
    // A connection that broke is noticed by the first who uses it.
    soon(async {
        while call_everything(store).await.iter().any(Result::is_err) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn killed_and_started_again_with_its_data() {
    let Some(mut server) = Server::durable() else { return };
    let store = server.open().await;
    let (run, stream) = followed(&store).await;
    append(&store, &run, run.delta(2)).await;
    server.kill();
    expect_outage(&store).await;
    server.launch();
    for seq in 3..=10 {
        append(&store, &run, run.delta(seq)).await;
    }
    append(&store, &run, run.finish(11)).await;
    let seqs: Vec<_> = soon(stream.map_ok(|event| event.seq).try_collect::<Vec<_>>()).await.unwrap();
    assert_eq!(seqs, Vec::from_iter(2..=11));
    expect_everything(&store).await;
}

#[tokio::test]
async fn killed_and_started_again_without_its_data() {
    let Some(mut server) = Server::start() else { return };
    let store = server.open().await;
    let (run, stream) = followed(&store).await;
    let (lost, lost_stream) = followed(&store).await;
    server.kill();
    server.launch();
    // One run goes on; nobody writes the other one.
    append(&store, &run, run.delta(2)).await;
    append(&store, &run, run.finish(3)).await;
    assert_eq!(soon(stream.try_collect::<Vec<_>>()).await.unwrap().len(), 2);
    let error = soon(lost_stream.try_collect::<Vec<_>>()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotFound, "{error:?} of {}", lost.id);
    let left: i64 = server.command(&["PTTL", &run.key()]);
    assert!(left > 0, "the stream that was begun anew goes some day: {left}");
}

#[tokio::test]
async fn killed_for_good() {
    let Some(mut server) = Server::start() else { return };
    let store = server.open().await;
    let (_, stream) = followed(&store).await;
    let start = Instant::now();
    server.kill();
    expect_outage(&store).await;
    let error = soon(stream.try_collect::<Vec<_>>()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(start.elapsed() >= PATIENCE, "the follower waited for the server");
    let fresh = soon(store.follow(Run::new().id, 0).await.unwrap().try_collect::<Vec<_>>()).await;
    assert!(fresh.unwrap_err().is_outage());
}

#[tokio::test]
async fn connections_killed_again_and_again() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let (run, stream) = followed(&store).await;
    let stream = tokio::spawn(stream.map_ok(|event| event.seq).try_collect::<Vec<_>>());
    for seq in 2..=60 {
        if seq % 10 == 0 {
            server.command::<u64>(&["CLIENT", "KILL", "TYPE", "normal"]);
        }
        // Appending is the same once or twice, so the store does it again by itself.
        store.append(run.id, &[run.delta(seq)]).await.unwrap();
    }
    store.append(run.id, &[run.finish(61)]).await.unwrap();
    assert_eq!(soon(stream).await.unwrap().unwrap(), Vec::from_iter(2..=61));
    expect_everything(&store).await;
}

#[tokio::test]
async fn stopped_for_a_while() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let (run, stream) = followed(&store).await;
    server.signal("STOP");
    expect_outage(&store).await;
    server.signal("CONT");
    append(&store, &run, run.delta(2)).await;
    append(&store, &run, run.finish(3)).await;
    let seqs: Vec<_> = soon(stream.map_ok(|event| event.seq).try_collect::<Vec<_>>()).await.unwrap();
    assert_eq!(seqs, [2, 3]);
    expect_everything(&store).await;
}

#[tokio::test]
async fn stopped_for_good() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let (_, stream) = followed(&store).await;
    server.signal("STOP");
    let error = soon(stream.try_collect::<Vec<_>>()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    server.signal("CONT");
    expect_everything(&store).await;
}

#[tokio::test]
async fn out_of_memory() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let (run, stream) = followed(&store).await;
    store.set("key", "value".into(), SetOptions::new()).await.unwrap();
    server.command::<String>(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    server.command::<String>(&["CONFIG", "SET", "maxmemory", "1"]);
    let is_full = |error: StoreError| {
        assert_eq!(error.kind(), StoreErrorKind::Full, "{error:?}");
        assert!(error.is_outage());
    };
    is_full(store.append(run.id, &[run.delta(2)]).await.unwrap_err());
    is_full(store.append(run.id, &run.deltas(2..=9)).await.unwrap_err());
    is_full(store.set("key", "other".into(), SetOptions::new()).await.unwrap_err());
    is_full(store.check("key", QUOTA, 1).await.unwrap_err());
    // What is there is read, and removed.
    assert_eq!(store.get("key").await.unwrap().unwrap(), "value");
    assert_eq!(store.read(run.id, 0, 10).await.unwrap().len(), 1);
    assert!(store.delete("key").await.unwrap());
    server.command::<String>(&["CONFIG", "SET", "maxmemory", "0"]);
    store.append(run.id, &run.deltas(2..=9)).await.unwrap();
    store.append(run.id, &[run.finish(10)]).await.unwrap();
    assert_eq!(soon(stream.try_collect::<Vec<_>>()).await.unwrap().len(), 9);
}

#[tokio::test]
async fn flushed() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let (goes_on, going_on) = followed(&store).await;
    let (_, forgotten) = followed(&store).await;
    let (gap, mut with_gap) = followed(&store).await;
    // Nobody looks at these before they are gone.
    store.append(gap.id, &gap.deltas(2..=2_000)).await.unwrap();
    soon(with_gap.next()).await.unwrap().unwrap();
    server.command::<String>(&["FLUSHALL"]);
    store.append(goes_on.id, &[goes_on.delta(2), goes_on.finish(3)]).await.unwrap();
    store.append(gap.id, &[gap.finish(2_001)]).await.unwrap();
    assert_eq!(soon(going_on.try_collect::<Vec<_>>()).await.unwrap().len(), 2);
    let error = soon(with_gap.try_collect::<Vec<_>>()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Lagged);
    let error = soon(forgotten.try_collect::<Vec<_>>()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotFound);
    // The script is gone as well.
    assert!(store.check("key", QUOTA, 1).await.unwrap().is_allowed());
    server.command::<String>(&["SCRIPT", "FLUSH"]);
    assert!(store.check("key", QUOTA, 1).await.unwrap().is_allowed());
}

#[tokio::test]
async fn read_only() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    store.set("key", "value".into(), SetOptions::new()).await.unwrap();
    server.command::<String>(&["REPLICAOF", "127.0.0.1", "1"]);
    let error = store.set("key", "other".into(), SetOptions::new()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert_eq!(error.to_string(), "Redis is a replica and takes no writes");
    assert_eq!(store.get("key").await.unwrap().unwrap(), "value");
}
