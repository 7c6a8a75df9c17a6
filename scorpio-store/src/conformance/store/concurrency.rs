//! Many at once.

use std::{future::Future, sync::Arc};

use futures::future::join_all;
use scorpio_core::store::{NewSession, Store, StoreError, StoreErrorKind};

use super::super::sample::{
    Live, MINUTE, begin, entries, ids, live, new_session, owner, session_id, tick, user,
};

/// Starts `count` tasks at once and waits for all of them.
async fn at_once<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    count: usize,
    task: impl Fn(usize) -> F,
) -> Vec<T> {
    let tasks: Vec<_> = (0..count).map(|index| tokio::spawn(task(index))).collect();
    join_all(tasks).await.into_iter().map(|joined| joined.unwrap()).collect()
}

fn successes<T>(results: Vec<Result<T, StoreError>>, others: impl Fn(StoreErrorKind) -> bool) -> Vec<T> {
    let mut successes = Vec::new();
    for result in results {
        match result {
            Ok(success) => successes.push(success),
            Err(error) => assert!(others(error.kind()), "{error:?}"),
        }
    }
    successes
}

pub(super) async fn of_thirty_begins_one_succeeds(store: Arc<dyn Store>) {
    let session = new_session(&*store, "s").await;
    let begun = at_once(30, |index| {
        let (store, session) = (store.clone(), session.clone());
        async move { store.begin_run(begin(&session, Some(user(&format!("m{index}"))))).await }
    });
    let begun = successes(begun.await, |kind| kind == StoreErrorKind::Busy);
    assert_eq!(begun.len(), 1);
    let live = store.live_run(&owner(), &session).await.unwrap().unwrap();
    assert_eq!(live.id, begun[0].lease.run);
    assert_eq!(ids(&*store, &session).await.len(), 1);
}

pub(super) async fn of_twenty_creations_one_succeeds(store: Arc<dyn Store>) {
    let made = at_once(20, |index| {
        let store = store.clone();
        let new = NewSession::new(session_id("s"), owner()).with_title(index.to_string());
        async move { store.create_session(new).await }
    });
    let made = successes(made.await, |kind| kind == StoreErrorKind::AlreadyExists);
    assert_eq!(made.len(), 1);
    assert_eq!(store.session(&owner(), &session_id("s")).await.unwrap().as_ref(), made.first());
}

pub(super) async fn of_twenty_takeovers_one_succeeds(store: Arc<dyn Store>) {
    let live = live(&*store, "s").await;
    store.renew(&live.lease, std::time::Duration::ZERO).await.unwrap();
    tick().await;
    let run = live.run();
    let taken = at_once(20, |index| {
        let store = store.clone();
        async move { store.take_over(run, &format!("heir-{index}"), None, MINUTE).await }
    });
    let taken = successes(taken.await, |kind| kind == StoreErrorKind::Busy);
    assert_eq!(taken.len(), 1);
    assert_eq!(live.record(&*store).await, taken[0]);
}

pub(super) async fn of_twenty_commits_at_one_version_one_succeeds(store: Arc<dyn Store>) {
    let live = Arc::new(live(&*store, "s").await);
    let versions = at_once(20, |index| {
        let (store, live) = (store.clone(), live.clone());
        async move {
            let append = entries(&[&format!("m{index}")]);
            store.commit(live.commit(&append)).await
        }
    });
    let versions = successes(versions.await, |kind| kind == StoreErrorKind::Conflict { actual: 2 });
    assert_eq!(versions, [2]);
    assert_eq!(ids(&*store, &live.session).await.len(), 2);
}

pub(super) async fn commits_to_many_sessions_all_land(store: Arc<dyn Store>) {
    let sessions = at_once(32, |index| {
        let store = store.clone();
        async move {
            let mut live = live(&*store, &format!("s{index}")).await;
            for turn in 0..10 {
                live.append(&*store, &[&format!("a{turn}"), &format!("b{turn}")]).await.unwrap();
            }
            live.end(&*store).await.unwrap();
            live.session
        }
    });
    for session in sessions.await {
        let ids = ids(&*store, &session).await;
        let expected = (0..10).flat_map(|turn| [format!("a{turn}"), format!("b{turn}")]);
        assert_eq!(ids[1..], expected.collect::<Vec<_>>());
        assert_eq!(store.session(&owner(), &session).await.unwrap().unwrap().version, 21);
    }
}

pub(super) async fn a_refused_commit_does_not_harm_its_neighbours(store: Arc<dyn Store>) {
    let lives = at_once(30, |index| {
        let store = store.clone();
        async move { live(&*store, &format!("s{index}")).await }
    });
    let lives: Arc<Vec<Live>> = Arc::new(lives.await);
    // Every third one repeats the id of its input, which is refused after the session was changed.
    let committed = at_once(30, |index| {
        let (store, lives) = (store.clone(), lives.clone());
        async move {
            let id = if index % 3 == 0 { format!("s{index}-input") } else { "answer".to_owned() };
            let append = entries(&["first", &id]);
            store.commit(lives[index].commit(&append)).await.is_ok()
        }
    });
    for (index, committed) in committed.await.into_iter().enumerate() {
        assert_eq!(committed, index % 3 != 0, "commit {index}");
        let ids = ids(&*store, &lives[index].session).await;
        assert_eq!(ids.len(), if committed { 3 } else { 1 }, "session {index}: {ids:?}");
    }
}

pub(super) async fn a_dropped_call_happens_whole_or_not_at_all(store: Arc<dyn Store>) {
    for index in 0..40 {
        let live = live(&*store, &format!("s{index}")).await;
        let append = entries(&["a", "b"]);
        let mut commit = Box::pin(store.commit(live.commit(&append)));
        for _ in 0..index % 8 {
            if futures::poll!(commit.as_mut()).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(commit);
        let (version, ids) = loop {
            let version = async || store.session(&owner(), &live.session).await.unwrap().unwrap().version;
            let (before, ids) = (version().await, ids(&*store, &live.session).await);
            // It may still be on its way, so what is read must be of one moment.
            if version().await == before {
                break (before, ids);
            }
        };
        assert!(matches!((version, ids.len()), (1, 1) | (3, 3)), "version {version} with {ids:?}");
    }
}
