//! Several processes on one store: what they write together, what they tell each other's runs, and who may watch.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::{
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures::StreamExt;
use scorpio_core::{
    Decision, OwnerId, Runtime, SessionId,
    store::{ExecutionStatus, RunRecord, RunStatus},
};
use scorpio_crash::{
    backend::Backend,
    child::Orders,
    judge::{self, Processes},
    ledger::Ledger,
    scenario::script,
    series::{Rig, wait},
    turns::{self, Turns},
};
use scorpio_test_services::{unique_name, variable};
use scorpio_testkit::{Running, StrictProvider};

const CRASHKID: &str = env!("CARGO_BIN_EXE_crashkid");
const PATIENCE: Duration = Duration::from_secs(120);

/// How many turns each writes: as many appends of a question, and as many of an answer.
const COUNT: usize = 500;

/// So soon what one process says is heard by the other.
const SOON: Duration = Duration::from_secs(2);

fn rigs() -> Vec<Rig> {
    let postgres = variable("SCORPIO_TEST_POSTGRES_URL").map(|url| Rig::postgres(CRASHKID, url));
    [Some(Rig::sqlite(CRASHKID)), postgres].into_iter().flatten().collect()
}

/// A child that is ended with the test.
struct Kid(Child);

impl Drop for Kid {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_lose_and_interleave_no_turn() {
    let provider = StrictProvider::new(script()).serve().await.unwrap();
    for rig in rigs() {
        let (store, session) = (rig.orders(&provider, 0).store, unique_name());
        // The tables are made by one of them.
        Backend::open(&store).await.close().await;
        let writer = |name: &str| Turns {
            store: store.clone(),
            session: session.clone(),
            name: name.to_owned(),
            count: COUNT,
        };
        let writers = [writer("left"), writer("right")];
        let write = |writer: &Turns| {
            let mut command = Command::new(CRASHKID);
            Kid(command.args(writer.to_arguments()).stdin(Stdio::null()).spawn().unwrap())
        };
        // Both go before either is waited for.
        let children = writers.each_ref().map(write);
        for mut child in children {
            assert!(wait(&mut child.0, PATIENCE).await, "a writer hangs");
            assert!(child.0.wait().unwrap().success());
        }
        let backend = Backend::open(&store).await;
        let session = SessionId::parse(&session).unwrap();
        let history = backend.store.messages(&OwnerId::local(), &session, 0, 10_000).await.unwrap();
        assert_eq!(history.len(), 4 * COUNT);
        assert_eq!(turns::violations(&history, &writers), Vec::<String>::new());
        backend.close().await;
    }
}

/// A run in a child, and the same store in this process.
struct Elsewhere {
    child: Kid,
    backend: Backend,
    orders: Orders,
    session: SessionId,
    runtime: Runtime,
}

impl Elsewhere {
    async fn start(rig: &Rig, provider: &Running, takes: u64) -> Self {
        let mut orders = rig.orders(provider, 0);
        (orders.takes, orders.decides) = (takes, false);
        let child = Kid(rig.spawn(&orders, None, None));
        let backend = Backend::open(&orders.store).await;
        let session = SessionId::parse(&orders.session).unwrap();
        let runtime = Runtime::new(backend.store.clone());
        Self { child, backend, orders, session, runtime }
    }

    /// Waits until the run is as wanted. Answers how long that took.
    async fn until(&self, wanted: impl Fn(Option<&RunRecord>) -> bool) -> (Option<RunRecord>, Duration) {
        let began = Instant::now();
        loop {
            let live = self.backend.store.live_run(&OwnerId::local(), &self.session).await.unwrap();
            if wanted(live.as_ref()) {
                return (live, began.elapsed());
            }
            assert!(began.elapsed() < PATIENCE, "it does not come to that: {live:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until tools of the run are running.
    async fn until_busy(&self) -> RunRecord {
        let is_busy = |run: Option<&RunRecord>| {
            run.is_some_and(|run| {
                run.machine.executions().iter().any(|call| call.status == ExecutionStatus::Running)
            })
        };
        self.until(is_busy).await.0.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_stopped_by_another_process() {
    let provider = StrictProvider::new(script()).serve().await.unwrap();
    for rig in rigs() {
        let mut run = Elsewhere::start(&rig, &provider, 3_600_000).await;
        let record = run.until_busy().await;
        run.runtime.stop(&OwnerId::local(), record.id).await.unwrap();
        let (_, took) = run.until(|run| run.is_none()).await;
        assert!(took < SOON, "{took:?}");
        assert!(wait(&mut run.child.0, PATIENCE).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_steered_by_another_process() {
    let provider = StrictProvider::new(script()).serve().await.unwrap();
    for rig in rigs() {
        let run = Elsewhere::start(&rig, &provider, 3_600_000).await;
        let record = run.until_busy().await;
        run.runtime.steer(&OwnerId::local(), record.id, "And be quick.").await.unwrap();
        let (_, took) = run.until(|run| run.is_some_and(|run| run.machine.signals_seen() == 1)).await;
        assert!(took < SOON, "{took:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_decided_about_by_another_process() {
    let provider = StrictProvider::new(script()).serve().await.unwrap();
    for rig in rigs() {
        let mut run = Elsewhere::start(&rig, &provider, 4).await;
        let waits = |run: Option<&RunRecord>| run.is_some_and(|run| run.status == RunStatus::Waiting);
        let record = run.until(waits).await.0.unwrap();
        let asked = run.runtime.approvals(&OwnerId::local(), &run.session).await.unwrap();
        let call = asked.first().unwrap().call_id.clone();
        let runtime = &run.runtime;
        runtime.decide(&OwnerId::local(), record.id, call.as_str(), Decision::approve(), None).await.unwrap();
        let goes_on = |run: Option<&RunRecord>| run.is_none_or(|run| run.machine.signals_seen() == 1);
        let (_, took) = run.until(goes_on).await;
        assert!(took < SOON, "{took:?}");
        assert!(wait(&mut run.child.0, PATIENCE).await);
        let ledger = Ledger::at(&run.orders.ledger);
        let wrong = judge::violations(&run.backend, &ledger, &run.session, Processes::OneByOne).await;
        assert_eq!(wrong, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_a_run_sees_how_a_third_process_ends_it() {
    let provider = StrictProvider::new(script()).serve().await.unwrap();
    for rig in rigs() {
        let mut run = Elsewhere::start(&rig, &provider, 400).await;
        let record = run.until_busy().await;
        let mut events = run.backend.log.follow(record.id, 0).await.unwrap();
        run.child.0.kill().unwrap();
        run.child.0.wait().unwrap();
        let mut orders = run.orders.clone();
        (orders.takes, orders.decides) = (4, true);
        let mut third = Kid(rig.spawn(&orders, None, None));
        let last = tokio::time::timeout(PATIENCE, async {
            let mut last = None;
            while let Some(event) = events.next().await {
                last = Some(event.unwrap());
            }
            last
        });
        let last = last.await.expect("the events come to an end").unwrap();
        assert!(last.is_last(), "{last:?}");
        assert!(wait(&mut third.0, PATIENCE).await);
    }
}
