//! One outage at one moment of one run, and what must hold while it lasts and after it.

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use futures::StreamExt;
use scorpio_core::{
    Agent, Decision, EventKind, Message, Outcome, OwnerId, Runtime, SessionId, store::StoreError,
};
use scorpio_testkit::StrictProvider;
use tokio::sync::Notify;

use super::{Course, Moment, Outage, Trap};
use crate::{
    backend::Backend,
    child::question_id,
    judge::{self, Processes},
    ledger::Ledger,
    scenario::{QUESTION, Stage, WIRES, agents, script},
};

/// Long enough for anything that does not hang.
const FOREVER: Duration = Duration::from_secs(60);

/// How long a store goes on failing after the run has said that it waits.
const LONGER: Duration = Duration::from_millis(300);

/// How long a run waits for a store that does not come back.
const SHORT_PATIENCE: Duration = Duration::from_secs(2);

/// Opens stores on one database.
#[async_trait]
pub trait Stores: Send + Sync {
    /// The store of the run, which gives up early.
    async fn open(&self) -> Backend;

    /// The same as another process opens it that finds nothing wrong.
    async fn reopen(&self) -> Backend;
}

/// One outage at one moment.
pub struct Case<'a> {
    pub stores: &'a dyn Stores,
    pub outage: Arc<dyn Outage>,
    pub moment: Moment,
    /// A folder of its own.
    pub folder: PathBuf,
}

impl Case<'_> {
    /// Answers what is wrong. Nothing should be.
    pub async fn run(self) -> Vec<String> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let course = self.outage.course();
        let session = SessionId::parse(&format!("outage-{}-{number}", std::process::id())).unwrap();
        let ledger = Ledger::at(self.folder.join(format!("{number}.ledger")));
        let provider = StrictProvider::new(script()).serve().await.unwrap();
        let trap = Arc::new(Trap::new(self.moment, Arc::clone(&self.outage)));
        let backend = self.stores.open().await;
        let patience = if course == Course::Fails { SHORT_PATIENCE } else { FOREVER };
        let stage = Stage {
            backend: &backend,
            ledger: &ledger,
            lease: Duration::from_secs(1),
            patience,
            takes: Duration::from_millis(4),
            trap: Some(Arc::clone(&trap)),
        };
        let wire = WIRES[number % WIRES.len()];
        let [planner, expert] = agents(wire, &provider.url(), &stage);

        let (waiting, over) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let run = async {
            let result = tokio::time::timeout(FOREVER, ask(&planner, &session, &waiting)).await;
            over.notify_one();
            result
        };
        let store = async {
            trap.sprung.notified().await;
            match course {
                Course::GoesOn => tokio::time::sleep(LONGER).await,
                Course::Waits => {
                    waiting.notified().await;
                    tokio::time::sleep(LONGER).await;
                }
                Course::Fails => over.notified().await,
            }
            // What has happened by now happened without the store.
            let effects = ledger.read();
            self.outage.end().await;
            self.unrecorded(&session, effects).await
        };
        let watched = async {
            tokio::select! {
                wrong = store => wrong,
                () = tokio::time::sleep(2 * FOREVER) => vec!["the run never says that it waits".to_owned()],
            }
        };
        let (ran, mut wrong) = tokio::join!(run, watched);
        match (course, ran) {
            (_, Err(_)) => wrong.push("the run hangs".to_owned()),
            (Course::Fails, Ok(Ok(_))) => wrong.push("the run went on without its store".to_owned()),
            (Course::Fails, Ok(Err(error))) => {
                let source = std::error::Error::source(&error);
                if source
                    .and_then(|source| source.downcast_ref())
                    .is_none_or(|error: &StoreError| !error.is_outage())
                {
                    wrong.push(format!("the run fails with {error:?}"));
                }
            }
            (_, Ok(Ok(outcome))) if outcome.is_done() => {}
            (_, Ok(ended)) => wrong.push(format!("the run does not come to its end: {ended:?}")),
        }
        if course == Course::Fails {
            wrong.extend(take_up(self.stores, &stage, [planner, expert], &session).await);
        }
        let after = self.stores.reopen().await;
        wrong.extend(judge::violations(&after, &ledger, &session, Processes::OneByOne).await);
        after.close().await;
        backend.close().await;
        let refusals = provider.provider().refusals();
        wrong.extend(refusals.iter().map(|refusal| format!("the model refuses: {refusal:?}")));
        wrong.into_iter().map(|wrong| format!("{:?}: {wrong}", self.moment)).collect()
    }

    /// Tools that have taken effect and of which the store does not know.
    async fn unrecorded(&self, session: &SessionId, effects: Vec<crate::ledger::Effect>) -> Vec<String> {
        let after = self.stores.reopen().await;
        let known = after.store.executions(&OwnerId::local(), session, 1_000).await.unwrap();
        after.close().await;
        let known: HashSet<&str> = known
            .iter()
            .filter(|execution| execution.attempts > 0)
            .map(|execution| &*execution.idempotency_key)
            .collect();
        effects
            .into_iter()
            .filter(|effect| !known.contains(effect.key.as_str()))
            .map(|effect| format!("{} started without a durable record", effect.tool))
            .collect()
    }
}

/// Asks, decides what is asked back, and tells when the run waits for its store.
async fn ask(planner: &Agent, session: &SessionId, waiting: &Notify) -> scorpio_core::Result<Outcome> {
    let question = Message::user(QUESTION).with_id(question_id());
    let mut stream = planner.run(question).session(session).begin().await?;
    loop {
        while let Some(event) = stream.next().await {
            if matches!(event.kind, EventKind::WaitingForStore(_)) {
                waiting.notify_one();
            }
        }
        let outcome = stream.outcome().await?;
        let Some(call) = outcome.pending().first() else { return Ok(outcome) };
        let (run, call) = (outcome.report().run, call.call_id.clone());
        stream = planner.resume(run).decide(&call, Decision::approve()).stream();
    }
}

/// Takes up what the run left in the store, as a process that has just started.
async fn take_up(
    stores: &dyn Stores,
    stage: &Stage<'_>,
    agents: [Agent; 2],
    session: &SessionId,
) -> Vec<String> {
    let [planner, expert] = agents;
    let backend = stores.reopen().await;
    let runtime = Runtime::new(Arc::clone(&stage.backend.store)).agent(planner.clone()).agent(expert);
    let began = Instant::now();
    while let Some(live) = backend.store.live_run(&OwnerId::local(), session).await.unwrap() {
        if began.elapsed() > FOREVER {
            return vec![format!("nobody goes on with the run: {:?}", live.status)];
        }
        let asked = live.machine.executions().iter().find(|call| call.awaits_decision());
        if let Some(approval) = asked.and_then(|call| call.approval.as_ref()) {
            use scorpio_core::store::ApprovalReason;
            let decision = match approval.reason {
                ApprovalReason::OutcomeUnknown => Decision::deny("nobody knows"),
                _ => Decision::approve(),
            };
            let _ = runtime.decide(&OwnerId::local(), live.id, &approval.id, decision, None).await;
        } else if let Err(error) = runtime.recover().await {
            return vec![format!("runs cannot be looked for: {error:?}")];
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    backend.close().await;
    Vec::new()
}
