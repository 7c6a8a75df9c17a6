//! Following a run of another process.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use scorpio_core::{
    Event, RunId,
    store::{EventLog, Store},
};
use scorpio_store::PostgresStore;
use sqlx::{Connection, PgConnection};

use crate::{
    harness::Schema,
    run::{Run, owner},
};

async fn follow(store: &PostgresStore, run: RunId, after: u64) -> Vec<Arc<Event>> {
    let events = store.follow(run, after).await.unwrap().try_collect();
    tokio::time::timeout(Duration::from_secs(60), events).await.expect("following ends").unwrap()
}

fn seqs(events: &[Arc<Event>]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

#[tokio::test]
async fn a_follower_sees_what_another_process_logs() {
    let Some(schema) = Schema::new() else { return };
    let (writer, reader) = (schema.open().await, schema.open().await);
    let run = Run::begin(&writer).await;
    let id = run.id();
    let following = tokio::spawn(async move { follow(&reader, id, 0).await });
    for seq in 1..=20 {
        writer.append(id, &run.deltas(seq..=seq)).await.unwrap();
        tokio::task::yield_now().await;
    }
    writer.append(id, &[run.finish(21)]).await.unwrap();
    assert_eq!(seqs(&following.await.unwrap()), Vec::from_iter(1..=21));
}

/// A follower that would have to look for itself looks every two seconds.
#[tokio::test]
async fn a_follower_is_told_of_new_events() {
    let Some(schema) = Schema::new() else { return };
    let (writer, reader) = (schema.open().await, schema.open().await);
    let run = Run::begin(&writer).await;
    writer.append(run.id(), &run.deltas(1..=1)).await.unwrap();
    let mut events = reader.follow(run.id(), 0).await.unwrap();
    events.next().await.unwrap().unwrap();
    let mut times = Vec::new();
    for seq in 2..=6 {
        // Until the follower waits, and the reader listens.
        assert!(tokio::time::timeout(Duration::from_millis(300), events.next()).await.is_err());
        let start = Instant::now();
        writer.append(run.id(), &run.deltas(seq..=seq)).await.unwrap();
        assert_eq!(events.next().await.unwrap().unwrap().seq, seq);
        times.push(start.elapsed());
    }
    times.sort();
    assert!(times[2] < Duration::from_secs(1), "{times:?}");
}

#[tokio::test]
async fn a_follower_survives_the_loss_of_the_connection_that_listens() {
    let Some(schema) = Schema::new() else { return };
    let writer = schema.open().await;
    let url = format!("{}?application_name={}", schema.url, schema.name);
    let reader = PostgresStore::connect_with(&url, schema.options()).await.unwrap();
    let run = Run::begin(&writer).await;
    writer.append(run.id(), &run.deltas(1..=1)).await.unwrap();
    let mut events = reader.follow(run.id(), 0).await.unwrap();
    events.next().await.unwrap().unwrap();
    let mut admin = PgConnection::connect(&schema.url).await.unwrap();
    for seq in 2..=5 {
        assert!(tokio::time::timeout(Duration::from_millis(300), events.next()).await.is_err());
        let sql = "select pg_terminate_backend(pid, 5000) from pg_stat_activity
                   where application_name = $1 and query ilike 'listen%'";
        let killed = sqlx::query(sql).bind(&schema.name).fetch_all(&mut admin).await.unwrap();
        assert_eq!(killed.len(), 1, "one connection listens");
        writer.append(run.id(), &run.deltas(seq..=seq)).await.unwrap();
        let next = tokio::time::timeout(Duration::from_secs(10), events.next()).await.expect("it goes on");
        assert_eq!(next.unwrap().unwrap().seq, seq);
    }
}

#[tokio::test]
async fn a_run_of_a_dead_process_ends_its_followers() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let run = Run::begin(&store).await;
    store.append(run.id(), &run.deltas(1..=5)).await.unwrap();
    store.close().await.unwrap();
    let sql = "update scorpio_runs set lease_until = now() - interval '61 s'";
    sqlx::query(sql).execute(&mut schema.connect().await).await.unwrap();
    let store = schema.open().await;
    assert_eq!(seqs(&follow(&store, run.id(), 0).await), [1, 2, 3, 4, 5]);
    assert_eq!(seqs(&follow(&store, run.id(), 5).await), [0; 0]);
}

#[tokio::test]
async fn a_run_that_finished_without_saying_so_ends_its_followers() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let run = Run::begin(&store).await;
    store.append(run.id(), &run.deltas(1..=5)).await.unwrap();
    run.end(&store).await;
    assert_eq!(seqs(&follow(&store, run.id(), 0).await), [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_run_goes_on_where_another_process_stopped() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let run = Run::begin(&store).await;
    store.append(run.id(), &run.deltas(1..=5)).await.unwrap();
    store.close().await.unwrap();
    let store = schema.open().await;
    store.append(run.id(), &run.deltas(4..=7)).await.unwrap();
    store.append(run.id(), &[run.finish(8)]).await.unwrap();
    assert_eq!(seqs(&follow(&store, run.id(), 0).await), Vec::from_iter(1..=8));
    assert_eq!(store.expire(Timestamp::now() + Duration::from_secs(1)).await.unwrap(), 8);
}

#[tokio::test]
async fn deleting_a_session_forgets_its_events() {
    let Some(schema) = Schema::new() else { return };
    let store = schema.open().await;
    let run = Run::begin(&store).await;
    store.append(run.id(), &run.deltas(1..=600)).await.unwrap();
    let stream = store.follow(run.id(), 600).await.unwrap();
    store.delete_session(&owner(), &run.session).await.unwrap();
    assert_eq!(store.read(run.id(), 0, 1_000).await.unwrap().len(), 0);
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap().len(), 0);
    store.close().await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from scorpio_events")
        .fetch_one(&mut schema.connect().await)
        .await
        .unwrap();
    assert_eq!(left, 0);
}
