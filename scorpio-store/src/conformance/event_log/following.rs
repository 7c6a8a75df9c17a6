//! Following a run. Every run here has an event before it is followed, and ends.

use std::sync::Arc;

use scorpio_core::store::EventLog;

use super::{Run, collect, next, seqs};

pub(super) async fn a_follower_gets_what_is_there_and_ends(log: Arc<dyn EventLog>) {
    let run = Run::new();
    let events = run.log_all(&*log, 300).await;
    assert_eq!(collect(log.follow(run.id, 0).await.unwrap()).await, events);
}

pub(super) async fn a_follower_gets_events_as_they_come(log: Arc<dyn EventLog>) {
    let run = Run::new();
    log.append(run.id, &[run.delta(1)]).await.unwrap();
    let mut stream = log.follow(run.id, 0).await.unwrap();
    assert_eq!(next(&mut stream).await.unwrap().seq, 1);
    for seq in 2..=100 {
        log.append(run.id, &[run.delta(seq)]).await.unwrap();
        assert_eq!(next(&mut stream).await.unwrap().seq, seq);
    }
    assert!(futures::poll!(Box::pin(next(&mut stream))).is_pending(), "there is nothing more yet");
    log.append(run.id, &[run.finish(101)]).await.unwrap();
    assert!(next(&mut stream).await.unwrap().is_last());
    assert_eq!(next(&mut stream).await, None);
}

pub(super) async fn a_follower_goes_on_from_the_middle(log: Arc<dyn EventLog>) {
    let run = Run::new();
    log.append(run.id, &run.deltas(1..=10)).await.unwrap();
    let stream = log.follow(run.id, 7).await.unwrap();
    log.append(run.id, &[run.delta(11), run.finish(12)]).await.unwrap();
    assert_eq!(seqs(&collect(stream).await), [8, 9, 10, 11, 12]);
}

pub(super) async fn a_follower_from_the_end_ends_at_once(log: Arc<dyn EventLog>) {
    let run = Run::new();
    run.log_all(&*log, 5).await;
    for after in [5, 6, u64::MAX] {
        assert_eq!(collect(log.follow(run.id, after).await.unwrap()).await, []);
    }
}

pub(super) async fn two_followers_get_the_same(log: Arc<dyn EventLog>) {
    let run = Run::new();
    log.append(run.id, &[run.delta(1)]).await.unwrap();
    let followers = [0, 0].map(|after| {
        let log = log.clone();
        tokio::spawn(async move { collect(log.follow(run.id, after).await.unwrap()).await })
    });
    for seq in 2..500 {
        log.append(run.id, &[run.delta(seq)]).await.unwrap();
        tokio::task::yield_now().await;
    }
    log.append(run.id, &[run.finish(500)]).await.unwrap();
    let [one, two] = followers;
    let (one, two) = (one.await.unwrap(), two.await.unwrap());
    assert_eq!(seqs(&one), Vec::from_iter(1..=500));
    assert_eq!(one, two);
}

pub(super) async fn a_slow_follower_misses_nothing(log: Arc<dyn EventLog>) {
    let run = Run::new();
    log.append(run.id, &[run.delta(1)]).await.unwrap();
    let mut slow = log.follow(run.id, 0).await.unwrap();
    assert_eq!(next(&mut slow).await.unwrap().seq, 1);
    for first in (2..=20_000).step_by(100) {
        log.append(run.id, &run.deltas(first..first + 100)).await.unwrap();
    }
    log.append(run.id, &[run.finish(20_002)]).await.unwrap();
    assert_eq!(seqs(&collect(slow).await), Vec::from_iter(2..=20_002));
}

pub(super) async fn a_dropped_follower_disturbs_nobody(log: Arc<dyn EventLog>) {
    let run = Run::new();
    log.append(run.id, &run.deltas(1..=3)).await.unwrap();
    let mut dropped = log.follow(run.id, 0).await.unwrap();
    let stays = log.follow(run.id, 0).await.unwrap();
    next(&mut dropped).await.unwrap();
    drop(dropped);
    log.append(run.id, &[run.finish(4)]).await.unwrap();
    assert_eq!(seqs(&collect(stays).await), [1, 2, 3, 4]);
}

pub(super) async fn followers_of_different_runs_are_kept_apart(log: Arc<dyn EventLog>) {
    let (one, two) = (Run::new(), Run::new());
    log.append(one.id, &[one.delta(1)]).await.unwrap();
    log.append(two.id, &[two.delta(1)]).await.unwrap();
    let (first, second) = (log.follow(one.id, 0).await.unwrap(), log.follow(two.id, 0).await.unwrap());
    log.append(two.id, &[two.finish(2)]).await.unwrap();
    assert!(collect(second).await.iter().all(|event| event.run == two.id));
    log.append(one.id, &[one.delta(2), one.finish(3)]).await.unwrap();
    let first = collect(first).await;
    assert_eq!(seqs(&first), [1, 2, 3]);
    assert!(first.iter().all(|event| event.run == one.id));
}

pub(super) async fn a_follower_can_join_at_every_event(log: Arc<dyn EventLog>) {
    let run = Run::new();
    let mut followers = Vec::new();
    for seq in 1..60 {
        log.append(run.id, &[run.delta(seq)]).await.unwrap();
        followers.push((seq / 2, log.follow(run.id, seq / 2).await.unwrap()));
    }
    log.append(run.id, &[run.finish(60)]).await.unwrap();
    for after in 0..60 {
        followers.push((after, log.follow(run.id, after).await.unwrap()));
    }
    for (after, stream) in followers {
        assert_eq!(seqs(&collect(stream).await), Vec::from_iter(after + 1..=60), "after {after}");
    }
}

pub(super) async fn a_follower_beside_a_fast_writer_misses_nothing(log: Arc<dyn EventLog>) {
    let run = Arc::new(Run::new());
    log.append(run.id, &[run.delta(1)]).await.unwrap();
    let writer = tokio::spawn({
        let (log, run) = (log.clone(), run.clone());
        async move {
            for seq in 2..10_000 {
                log.append(run.id, &[run.delta(seq)]).await.unwrap();
            }
            log.append(run.id, &[run.finish(10_000)]).await.unwrap();
        }
    });
    // One that comes back again and again, as a client with a bad connection does.
    let mut after = 0;
    while after < 10_000 {
        let mut stream = log.follow(run.id, after).await.unwrap();
        for _ in 0..777 {
            let Some(event) = next(&mut stream).await else { break };
            assert_eq!(event.seq, after + 1);
            after = event.seq;
        }
    }
    writer.await.unwrap();
}
