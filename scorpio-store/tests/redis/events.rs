//! The log of events: what it adds to the promises of its trait.

use std::time::Duration;

use futures::{StreamExt, TryStreamExt, future::join_all};
use scorpio_core::store::{EventLog, StoreErrorKind};

use crate::server::{Run, Server, options, soon};

#[tokio::test]
async fn another_process_follows_as_well() {
    let Some(server) = Server::start() else { return };
    let (writer, reader) = (server.open().await, server.open().await);
    let run = Run::new();
    writer.append(run.id, &[run.delta(1)]).await.unwrap();
    let mut stream = reader.follow(run.id, 0).await.unwrap();
    assert_eq!(soon(stream.next()).await.unwrap().unwrap().seq, 1);
    for seq in 2..=50 {
        writer.append(run.id, &[run.delta(seq)]).await.unwrap();
        assert_eq!(soon(stream.next()).await.unwrap().unwrap().seq, seq);
    }
    writer.append(run.id, &[run.finish(51)]).await.unwrap();
    assert!(soon(stream.next()).await.unwrap().unwrap().is_last());
    assert!(soon(stream.next()).await.is_none());
}

#[tokio::test]
async fn a_process_that_takes_a_run_over_goes_on_with_it() {
    let Some(server) = Server::start() else { return };
    let run = Run::new();
    server.open().await.append(run.id, &run.deltas(1..=5)).await.unwrap();
    let successor = server.open().await;
    // What the one before had not told of as written is written again.
    successor.append(run.id, &run.deltas(4..=7)).await.unwrap();
    successor.append(run.id, &[run.finish(8)]).await.unwrap();
    let seqs: Vec<_> = successor.read(run.id, 0, 100).await.unwrap().iter().map(|event| event.seq).collect();
    assert_eq!(seqs, Vec::from_iter(1..=8));
}

#[tokio::test]
async fn all_followers_share_a_connection() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let runs: Vec<_> = (0..10).map(|_| Run::new()).collect();
    let mut followers = Vec::new();
    for run in &runs {
        store.append(run.id, &[run.delta(1)]).await.unwrap();
        for _ in 0..10 {
            let mut stream = store.follow(run.id, 0).await.unwrap();
            soon(stream.next()).await.unwrap().unwrap();
            followers.push(tokio::spawn(stream.try_collect::<Vec<_>>()));
        }
    }
    for seq in 2..=20 {
        join_all(runs.iter().map(|run| {
            let event = [run.delta(seq)];
            let store = &store;
            async move { store.append(run.id, &event).await.unwrap() }
        }))
        .await;
    }
    assert_eq!(server.connections(), 2, "one for commands, one for followers");
    for run in &runs {
        store.append(run.id, &[run.finish(21)]).await.unwrap();
    }
    for follower in followers {
        assert_eq!(soon(follower).await.unwrap().unwrap().len(), 20);
    }
    // The connection of followers is gone when there are none.
    soon(async {
        while server.connections() > 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_run_is_followed_at_once_beside_a_quiet_one() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let quiet = Run::new();
    store.append(quiet.id, &[quiet.delta(1)]).await.unwrap();
    let mut waiting = store.follow(quiet.id, 0).await.unwrap();
    soon(waiting.next()).await.unwrap().unwrap();
    let waiting = tokio::spawn(waiting.try_collect::<Vec<_>>());
    let start = std::time::Instant::now();
    for _ in 0..20 {
        let run = Run::new();
        store.append(run.id, &[run.delta(1)]).await.unwrap();
        let mut stream = store.follow(run.id, 1).await.unwrap();
        assert!(futures::poll!(stream.next()).is_pending());
        store.append(run.id, &[run.delta(2)]).await.unwrap();
        assert_eq!(soon(stream.next()).await.unwrap().unwrap().seq, 2);
    }
    // A blocked read lasts two seconds, and was not waited for.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    store.append(quiet.id, &[quiet.finish(2)]).await.unwrap();
    assert_eq!(soon(waiting).await.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn a_follower_far_behind_looks_into_the_log() {
    let Some(server) = Server::start() else { return };
    let store = server.open_with(options().with_backlog(4)).await;
    let run = Run::new();
    store.append(run.id, &[run.delta(1)]).await.unwrap();
    let mut slow = store.follow(run.id, 0).await.unwrap();
    soon(slow.next()).await.unwrap().unwrap();
    assert!(futures::poll!(slow.next()).is_pending());
    for seq in 2..=200 {
        store.append(run.id, &[run.delta(seq)]).await.unwrap();
    }
    store.append(run.id, &[run.finish(201)]).await.unwrap();
    assert_eq!(soon(slow.try_collect::<Vec<_>>()).await.unwrap().len(), 200);
}

#[tokio::test]
async fn a_follower_whose_next_events_are_gone_is_cut() {
    let Some(server) = Server::start() else { return };
    let store = server.open_with(options().with_backlog(4)).await;
    let run = Run::new();
    store.append(run.id, &run.deltas(1..=3)).await.unwrap();
    let mut slow = store.follow(run.id, 0).await.unwrap();
    for _ in 0..3 {
        soon(slow.next()).await.unwrap().unwrap();
    }
    store.append(run.id, &run.deltas(4..=300)).await.unwrap();
    server.command::<u64>(&["XTRIM", &run.key(), "MAXLEN", "5"]);
    let error = soon(slow.try_collect::<Vec<_>>()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Lagged, "{error}");
}

#[tokio::test]
async fn a_run_that_is_not_there_is_waited_for_and_then_not_found() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let (late, never) = (Run::new(), Run::new());
    let mut early = store.follow(late.id, 0).await.unwrap();
    assert!(futures::poll!(early.next()).is_pending());
    store.append(late.id, &[late.finish(1)]).await.unwrap();
    assert!(soon(early.next()).await.unwrap().unwrap().is_last());
    let error = soon(store.follow(never.id, 0).await.unwrap().try_collect::<Vec<_>>()).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::NotFound);
    assert!(!error.is_outage());
}

#[tokio::test]
async fn a_run_that_nobody_writes_any_more_is_not_followed_for_ever() {
    let Some(server) = Server::start() else { return };
    let store = server.open_with(options().with_silence(Duration::from_millis(300))).await;
    let run = Run::new();
    store.append(run.id, &[run.delta(1)]).await.unwrap();
    let mut stream = store.follow(run.id, 0).await.unwrap();
    soon(stream.next()).await.unwrap().unwrap();
    let error = soon(stream.next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(soon(stream.next()).await.is_none());
}

#[tokio::test]
async fn a_position_out_of_range_disturbs_nobody() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let run = Run::new();
    store.append(run.id, &[run.delta(1)]).await.unwrap();
    let mut ahead = store.follow(run.id, u64::MAX).await.unwrap();
    assert!(futures::poll!(ahead.next()).is_pending());
    let waiting = tokio::spawn(async move { ahead.next().await });
    let mut stream = store.follow(run.id, 0).await.unwrap();
    soon(stream.next()).await.unwrap().unwrap();
    for seq in 2..=20 {
        store.append(run.id, &[run.delta(seq)]).await.unwrap();
        assert_eq!(soon(stream.next()).await.unwrap().unwrap().seq, seq);
    }
    store.append(run.id, &[run.finish(21)]).await.unwrap();
    assert_eq!(soon(stream.try_collect::<Vec<_>>()).await.unwrap().len(), 1);
    assert!(soon(waiting).await.unwrap().is_none());
}

#[tokio::test]
async fn events_go_some_time_after_the_last_one() {
    let Some(server) = Server::start() else { return };
    let store = server.open_with(options().with_event_ttl(Duration::from_secs(1))).await;
    let run = Run::new();
    store.append(run.id, &[run.delta(1)]).await.unwrap();
    let left: i64 = server.command(&["PTTL", &run.key()]);
    assert!((1..=1_000).contains(&left), "{left}");
    store.append(run.id, &[run.finish(2)]).await.unwrap();
    soon(async {
        while server.command::<u64>(&["EXISTS", &run.key()]) == 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert_eq!(store.read(run.id, 0, 10).await.unwrap(), []);
}

#[tokio::test]
async fn a_run_that_goes_on_keeps_its_beginning() {
    let Some(server) = Server::start() else { return };
    let store = server.open_with(options().with_event_ttl(Duration::from_secs(1))).await;
    let run = Run::new();
    let start = std::time::Instant::now();
    let mut seq = 0;
    while start.elapsed() < Duration::from_millis(2_500) {
        seq += 1;
        store.append(run.id, &[run.delta(seq)]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(store.read(run.id, 0, usize::MAX).await.unwrap().len() as u64, seq);
}

#[tokio::test]
async fn foreign_entries_are_corrupt() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let (foreign, torn, text) = (Run::new(), Run::new(), Run::new());
    server.command::<String>(&["XADD", &foreign.key(), "1-0", "field", "value"]);
    server.command::<String>(&["XADD", &torn.key(), "1-0", "event", "{\"seq\":", "at", "1"]);
    server.command::<String>(&["SET", &text.key(), "no stream"]);
    for run in [foreign, torn, text] {
        assert_eq!(store.read(run.id, 0, 10).await.unwrap_err().kind(), StoreErrorKind::Corrupt);
        let followed = soon(store.follow(run.id, 0).await.unwrap().try_collect::<Vec<_>>()).await;
        assert_eq!(followed.unwrap_err().kind(), StoreErrorKind::Corrupt);
    }
}

#[tokio::test]
async fn an_entry_that_is_torn_while_it_is_followed_ends_it() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let run = Run::new();
    store.append(run.id, &[run.delta(1)]).await.unwrap();
    let mut stream = store.follow(run.id, 0).await.unwrap();
    soon(stream.next()).await.unwrap().unwrap();
    assert!(futures::poll!(stream.next()).is_pending());
    server.command::<String>(&["XADD", &run.key(), "2-0", "event", "{", "at", "1"]);
    let error = soon(stream.next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Corrupt);
}
