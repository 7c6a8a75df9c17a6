//! A store that fails while a run goes on: what waits for it, what says so at once, and what is left for the next process.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use scorpio_core::{
    Agent, AgentBuilder, Decision, ErrorKind, EventKind, MessageId, Outcome, OwnerId, RunId, Runtime,
    SessionId,
    model::{Model, Scripted, ScriptedTurn},
    schemars,
    store::{
        Begin, Begun, BranchPoint, Claimable, Commit, JournalEntry, Lease, Listing, MemoryStore, NewSession,
        Page, RunRecord, RunStatus, Session, SessionPatch, SessionSnapshot, Signal, Store, StoreError,
        StoreErrorKind, StoredMessage, StoredSignal, ToolExecution,
    },
    tool,
    tool::{Tool, ToolContext, ToolError, ToolSpec},
};

/// A store with one connection that fails the next so many calls of a name.
#[derive(Debug, Default)]
struct Flaky {
    inner: MemoryStore,
    connection: tokio::sync::Mutex<()>,
    failing: Mutex<Option<(&'static str, StoreErrorKind)>>,
    left: AtomicUsize,
    failed: AtomicUsize,
}

const ALWAYS: usize = usize::MAX;

impl Flaky {
    fn fail(&self, call: &'static str, kind: StoreErrorKind, times: usize) {
        *self.failing.lock().unwrap() = Some((call, kind));
        self.left.store(times, Ordering::SeqCst);
    }

    fn recover(&self) {
        *self.failing.lock().unwrap() = None;
    }

    fn failed(&self) -> usize {
        self.failed.load(Ordering::SeqCst)
    }

    async fn check(&self, call: &str) -> Result<(), StoreError> {
        let _connection = self.connection.lock().await;
        tokio::task::yield_now().await;
        let Some((failing, kind)) = *self.failing.lock().unwrap() else { return Ok(()) };
        if failing != call && failing != "everything" || self.left.load(Ordering::SeqCst) == 0 {
            return Ok(());
        }
        self.left.fetch_sub(1, Ordering::SeqCst);
        self.failed.fetch_add(1, Ordering::SeqCst);
        Err(StoreError::new(kind, "the store is out of order"))
    }
}

macro_rules! flaky {
    ($($name:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Store for Flaky {
            $(async fn $name(&self, $($argument: $type),*) -> Result<$answer, StoreError> {
                self.check(stringify!($name)).await?;
                self.inner.$name($($argument),*).await
            })*

            fn keeps_journal(&self) -> bool {
                self.inner.keeps_journal()
            }
        }
    };
}

flaky! {
    create_session(new: NewSession) -> Session;
    session(owner: &OwnerId, id: &SessionId) -> Option<Session>;
    list_sessions(owner: &OwnerId, page: Page) -> Listing;
    update_session(owner: &OwnerId, id: &SessionId, patch: SessionPatch) -> Option<Session>;
    delete_session(owner: &OwnerId, id: &SessionId) -> Option<Session>;
    messages(owner: &OwnerId, id: &SessionId, after: u64, limit: usize) -> Vec<StoredMessage>;
    branch_points(owner: &OwnerId, id: &SessionId) -> Vec<BranchPoint>;
    switch_branch(owner: &OwnerId, id: &SessionId, seq: u64) -> Option<Session>;
    export_session(owner: &OwnerId, id: &SessionId) -> Option<SessionSnapshot>;
    import_session(snapshot: SessionSnapshot) -> Session;
    begin_run(begin: Begin) -> Begun;
    commit(commit: Commit<'_>) -> u64;
    renew(lease: &Lease, ttl: Duration) -> ();
    take_over(run: RunId, holder: &str, dead: Option<&str>, ttl: Duration) -> RunRecord;
    run(owner: &OwnerId, id: RunId) -> Option<RunRecord>;
    live_run(owner: &OwnerId, session: &SessionId) -> Option<RunRecord>;
    claimable_runs(which: Claimable) -> Vec<RunRecord>;
    run_of_message(owner: &OwnerId, session: &SessionId, message: &MessageId) -> Option<RunRecord>;
    executions(owner: &OwnerId, session: &SessionId, limit: usize) -> Vec<ToolExecution>;
    send_signal(owner: &OwnerId, run: RunId, signal: &Signal) -> u64;
    signals(run: RunId, after: u64) -> Vec<StoredSignal>;
    signalled(run: RunId, after: u64) -> ();
    journal(owner: &OwnerId, run: RunId, after: u64, limit: usize) -> Vec<JournalEntry>;
    ping() -> ();
}

/// Send an e-mail.
#[tool(approval)]
fn send(to: String) -> String {
    format!("sent to {to}")
}

fn agent(store: &Arc<Flaky>, script: Scripted) -> AgentBuilder {
    Agent::builder("clerk").with_model(Model::new(script, "any")).store(store.clone()).tool(send)
}

fn sending(call: &str) -> ScriptedTurn {
    ScriptedTurn::new().tool_call(call, "send", r#"{"to": "ada"}"#)
}

#[tokio::test(start_paused = true)]
async fn a_run_waits_for_a_store_that_fails_or_is_full_and_says_so() {
    for kind in [StoreErrorKind::Unavailable, StoreErrorKind::Full] {
        let store = Arc::new(Flaky::default());
        store.fail("commit", kind, 4);
        let mut stream = agent(&store, Scripted::new().text("Hello.")).build().unwrap().run("Hi.").stream();
        let mut waits = Vec::new();
        while let Some(event) = stream.next().await {
            if let EventKind::WaitingForStore(waiting) = &event.kind {
                waits.push(waiting.after_ms);
            }
        }
        assert!(stream.outcome().await.unwrap().is_done());
        assert_eq!(waits, [50, 100, 200, 400], "{kind:?}");
    }
}

/// Says when each part of its work is done.
#[derive(Debug, Clone)]
struct Worker {
    store: Arc<Flaky>,
    began: tokio::time::Instant,
    done: Arc<Mutex<Vec<Duration>>>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[schemars(crate = "scorpio_core::schemars")]
struct Work {
    parts: u32,
}

impl Tool for Worker {
    type Input = Work;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new("work", "Work, with the store of the run at hand.")
    }

    async fn call(&self, _: &ToolContext, work: Work) -> Result<String, ToolError> {
        for _ in 0..work.parts {
            self.store.ping().await.map_err(|error| ToolError::new(error.to_string()))?;
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.done.lock().unwrap().push(self.began.elapsed());
        }
        Ok("done".to_owned())
    }
}

#[tokio::test(start_paused = true)]
async fn tools_go_on_while_the_run_waits_for_its_store() {
    let store = Arc::new(Flaky::default());
    let done = Arc::default();
    let worker = Worker { store: store.clone(), began: tokio::time::Instant::now(), done: Arc::clone(&done) };
    // The run waits for 750 ms after the first of them has ended.
    let work = |parts| format!(r#"{{"parts": {parts}}}"#);
    let turn = ScriptedTurn::new().tool_call("a", "work", &work(1)).tool_call("b", "work", &work(20));
    let agent = agent(&store, Scripted::new().turn(turn).text("Done.")).tool(worker).build().unwrap();
    let mut stream = agent.run("Work.").stream();
    while let Some(event) = stream.next().await {
        if matches!(event.kind, EventKind::ToolStarted(_)) {
            store.fail("commit", StoreErrorKind::Unavailable, 4);
        }
    }
    assert!(stream.outcome().await.unwrap().is_done());
    assert_eq!(store.failed(), 4);
    let done = done.lock().unwrap();
    let each = std::iter::once(1).chain(1..=20);
    assert_eq!(*done, each.map(|part| Duration::from_millis(10 * part)).collect::<Vec<_>>());
}

/// What listens to what a run is told must not keep the connection while the run is busy with something else.
#[tokio::test(start_paused = true)]
async fn one_connection_is_enough() {
    let store = Arc::new(Flaky::default());
    let worker = Worker { store: store.clone(), began: tokio::time::Instant::now(), done: Arc::default() };
    // Its answer comes while the run has just begun to listen.
    let turn = ScriptedTurn::new().tool_call("a", "work", r#"{"parts": 0}"#);
    let agent = agent(&store, Scripted::new().turn(turn).text("Done.")).tool(worker).build().unwrap();
    let hour = Duration::from_secs(3_600);
    assert!(tokio::time::timeout(hour, agent.run("Work.")).await.unwrap().unwrap().is_done());
}

#[tokio::test(start_paused = true)]
async fn what_waiting_does_not_mend_is_not_waited_for() {
    let store = Arc::new(Flaky::default());
    store.fail("commit", StoreErrorKind::Corrupt, ALWAYS);
    let failed = agent(&store, Scripted::new().text("Hello.")).build().unwrap().run("Hi.").await;
    assert!(failed.is_err());
    assert_eq!(store.failed(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_begin_says_so_at_once() {
    for call in ["session", "create_session", "messages", "begin_run"] {
        let store = Arc::new(Flaky::default());
        store.fail(call, StoreErrorKind::Unavailable, ALWAYS);
        let began = tokio::time::Instant::now();
        let failed = agent(&store, Scripted::new().text("Hello.")).build().unwrap().run("Hi.").await;
        assert_eq!(failed.unwrap_err().kind(), ErrorKind::Internal, "{call}");
        assert_eq!((store.failed(), began.elapsed()), (1, Duration::ZERO), "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_patience_ends_stays_as_it_is_and_is_taken_up() {
    let (store, session) = (Arc::new(Flaky::default()), SessionId::new());
    store.fail("commit", StoreErrorKind::Unavailable, ALWAYS);
    let patience = Duration::from_secs(5);
    // A moment, by the clock of the store.
    let agent = agent(&store, Scripted::new().text("Hello.").text("Hello again."));
    let agent = agent.store_patience(patience).lease(Duration::from_millis(300)).build().unwrap();
    let began = tokio::time::Instant::now();
    let failed = agent.run("Hi.").session(&session).await.unwrap_err();
    assert_eq!(failed.kind(), ErrorKind::Internal);
    assert!(began.elapsed() <= patience && began.elapsed() >= patience / 2, "{:?}", began.elapsed());
    store.recover();
    // Nobody settles it behind our back.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let left = store.live_run(&OwnerId::local(), &session).await.unwrap().unwrap();
    assert_eq!(left.status, RunStatus::Running);
    std::thread::sleep(Duration::from_millis(350));
    let runtime = Runtime::new(store.clone()).agent(agent);
    assert_eq!(runtime.recover().await.unwrap(), 1);
    while store.live_run(&OwnerId::local(), &session).await.unwrap().is_some() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let messages = store.messages(&OwnerId::local(), &session, 0, 10).await.unwrap();
    assert_eq!(messages.last().unwrap().message.text(), "Hello again.");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_while_the_store_is_down_is_left_for_the_next_one() {
    let (store, session) = (Arc::new(Flaky::default()), SessionId::new());
    let agent = agent(&store, Scripted::new().text("Never.").text("Hello.")).build().unwrap();
    store.fail("commit", StoreErrorKind::Unavailable, ALWAYS);
    let mut stream = agent.run("Hi.").session(&session).stream();
    while let Some(event) = stream.next().await {
        if matches!(event.kind, EventKind::WaitingForStore(_)) {
            break;
        }
    }
    store.fail("everything", StoreErrorKind::Unavailable, ALWAYS);
    drop(stream);
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    store.recover();
    assert!(store.live_run(&OwnerId::local(), &session).await.unwrap().is_some());
    let outcome = agent.run("Hi again.").session(&session).await.unwrap();
    assert_eq!(outcome.text(), "Hello.");
}

#[tokio::test(start_paused = true)]
async fn a_decision_for_the_whole_session_is_not_lost_in_an_outage() {
    let (store, session) = (Arc::new(Flaky::default()), SessionId::new());
    let script = Scripted::new().turn(sending("c1")).turn(sending("c2")).text("Sent.");
    let agent = agent(&store, script).build().unwrap();
    let paused = agent.run("Send.").session(&session).await.unwrap();
    let (run, asked) = (paused.report().run, paused.pending()[0].call_id.clone());
    store.fail("update_session", StoreErrorKind::Unavailable, 3);
    let outcome = agent.resume(run).decide(&asked, Decision::approve_always()).await.unwrap();
    assert_eq!(store.failed(), 3);
    let kept = store.session(&OwnerId::local(), &session).await.unwrap().unwrap();
    assert_eq!(kept.approved_tools.len(), 1, "it is remembered");
    assert!(!matches!(outcome, Outcome::Stopped { .. }));
}

#[tokio::test(start_paused = true)]
async fn what_is_read_to_go_on_is_read_again() {
    for call in ["messages", "session", "signals"] {
        let store = Arc::new(Flaky::default());
        let agent = agent(&store, Scripted::new().turn(sending("c1")).text("Sent.")).build().unwrap();
        let paused = agent.run("Send.").await.unwrap();
        let (run, asked) = (paused.report().run, paused.pending()[0].call_id.clone());
        store.fail(call, StoreErrorKind::Unavailable, 3);
        let outcome = agent.resume(run).decide(&asked, Decision::approve()).await.unwrap();
        assert!(outcome.is_done(), "{call}: {outcome:?}");
        assert_eq!(store.failed(), 3, "{call}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_renewed_does_not_end_a_run() {
    for kind in [StoreErrorKind::Unavailable, StoreErrorKind::Full] {
        let store = Arc::new(Flaky::default());
        store.fail("renew", kind, 5);
        let script = Scripted::new().turn(ScriptedTurn::new().delay(Duration::from_secs(60)).text("Hello."));
        let outcome = agent(&store, script).build().unwrap().run("Hi.").await.unwrap();
        assert_eq!((outcome.text().as_str(), store.failed()), ("Hello.", 5));
    }
}
