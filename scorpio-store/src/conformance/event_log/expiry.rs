//! Forgetting.

use std::sync::Arc;

use scorpio_core::store::EventLog;

use super::{Run, collect, seqs};
use crate::conformance::sample::tick;

pub(super) async fn old_events_are_forgotten_and_counted(log: Arc<dyn EventLog>) {
    let (one, two) = (Run::new(), Run::new());
    one.log_all(&*log, 7).await;
    two.log_all(&*log, 300).await;
    assert_eq!(log.expire(tick().await).await.unwrap(), 307);
    assert_eq!(log.read(one.id, 0, 10).await.unwrap(), []);
    assert_eq!(log.read(two.id, 0, 10).await.unwrap(), []);
    assert_eq!(log.expire(tick().await).await.unwrap(), 0);
}

pub(super) async fn what_is_not_old_stays(log: Arc<dyn EventLog>) {
    let (old, new) = (Run::new(), Run::new());
    old.log_all(&*log, 7).await;
    let time = tick().await;
    let kept = new.log_all(&*log, 5).await;
    assert_eq!(log.expire(time).await.unwrap(), 7);
    assert_eq!(log.read(old.id, 0, 10).await.unwrap(), []);
    assert_eq!(log.read(new.id, 0, 10).await.unwrap(), kept);
    assert_eq!(collect(log.follow(new.id, 0).await.unwrap()).await, kept);
}

pub(super) async fn expiring_an_empty_log_counts_nothing(log: Arc<dyn EventLog>) {
    assert_eq!(log.expire(tick().await).await.unwrap(), 0);
}

pub(super) async fn an_expired_run_can_go_on(log: Arc<dyn EventLog>) {
    let run = Run::new();
    log.append(run.id, &run.deltas(1..=10)).await.unwrap();
    let stream = log.follow(run.id, 10).await.unwrap();
    assert_eq!(log.expire(tick().await).await.unwrap(), 10);
    log.append(run.id, &[run.delta(11), run.finish(12)]).await.unwrap();
    assert_eq!(seqs(&collect(stream).await), [11, 12]);
    assert_eq!(seqs(&collect(log.follow(run.id, 0).await.unwrap()).await), [11, 12]);
}
