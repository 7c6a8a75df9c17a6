//! The life of a child: it asks, or takes up what another one left, until the run is over.

use std::{io::Write, time::Duration};

use scorpio_core::{
    Agent, Decision, Message, MessageId, OwnerId, Runtime, SessionId,
    store::{ApprovalReason, RunStatus, ToolExecution},
};
use scorpio_testkit::Wire;

use crate::{
    backend::Backend,
    ledger::Ledger,
    scenario::{QUESTION, Stage, WIRES, agents},
};

/// What a child is told.
#[derive(Debug, Clone)]
pub struct Orders {
    pub store: String,
    pub provider: String,
    pub wire: usize,
    pub ledger: std::path::PathBuf,
    pub session: String,
    /// How long a lease lasts, in milliseconds.
    pub lease: u64,
    /// How long a tool takes, in milliseconds.
    pub takes: u64,
    /// Whether every other process that may hold a run is known to be dead.
    pub alone: bool,
    /// Whether it decides about calls that wait, or leaves that to others.
    pub decides: bool,
}

impl Orders {
    pub fn to_arguments(&self) -> Vec<String> {
        vec![
            self.store.clone(),
            self.provider.clone(),
            self.wire.to_string(),
            self.ledger.display().to_string(),
            self.session.clone(),
            self.lease.to_string(),
            self.takes.to_string(),
            self.alone.to_string(),
            self.decides.to_string(),
        ]
    }

    pub fn from_arguments(arguments: &[String]) -> Option<Self> {
        let [store, provider, wire, ledger, session, lease, takes, alone, decides] = arguments else {
            return None;
        };
        Some(Self {
            store: store.clone(),
            provider: provider.clone(),
            wire: wire.parse().ok()?,
            ledger: ledger.into(),
            session: session.clone(),
            lease: lease.parse().ok()?,
            takes: takes.parse().ok()?,
            alone: alone.parse().ok()?,
            decides: decides.parse().ok()?,
        })
    }

    fn wire(&self) -> Wire {
        WIRES[self.wire % WIRES.len()]
    }
}

fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{word}").unwrap();
    out.flush().unwrap();
}

/// The id of the question, which a client that got no answer sends again.
pub fn question_id() -> MessageId {
    MessageId::parse("question").unwrap()
}

/// Sees to it that the question is answered.
pub async fn live(orders: Orders) {
    let backend = Backend::open(&orders.store).await;
    let ledger = Ledger::at(&orders.ledger);
    let session = SessionId::parse(&orders.session).unwrap();
    let lease = Duration::from_millis(orders.lease);
    let takes = Duration::from_millis(orders.takes);
    let patience = Duration::from_secs(600);
    let stage = Stage { backend: &backend, ledger: &ledger, lease, patience, takes, trap: None };
    let [planner, expert] = agents(orders.wire(), &orders.provider, &stage);
    let mut runtime = Runtime::new(backend.store.clone())
        .event_log(backend.log.clone())
        .agent(planner.clone())
        .agent(expert)
        .interval(Duration::from_millis(20));
    if orders.alone {
        runtime = runtime.sole_user();
    }
    let owner = OwnerId::local();
    let asked = backend.store.run_of_message(&owner, &session, &question_id()).await.unwrap();
    if asked.is_none() {
        let question = Message::user(QUESTION).with_id(question_id());
        match planner.run(question).session(&session).begin().await {
            Ok(stream) => {
                say("accepted");
                if let Err(error) = stream.outcome().await {
                    say(&format!("lost {error:?}"));
                }
            }
            Err(error) => say(&format!("refused {error:?}")),
        }
    }
    loop {
        let Some(live) = backend.store.live_run(&owner, &session).await.unwrap() else { break };
        if live.status == RunStatus::Waiting && orders.decides {
            let calls: Vec<_> =
                live.machine.executions().iter().filter(|call| call.awaits_decision()).collect();
            if let Some(call) = calls.first() {
                decide(&planner, live.id, call).await;
                continue;
            }
        }
        if let Err(error) = runtime.recover().await {
            say(&format!("failed {error:?}"));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    say("over");
    backend.close().await;
}

async fn decide(planner: &Agent, run: scorpio_core::RunId, call: &ToolExecution) {
    let approval = call.approval.as_ref().unwrap();
    let decision = match approval.reason {
        ApprovalReason::OutcomeUnknown => Decision::deny("nobody knows"),
        _ => Decision::approve(),
    };
    // Whoever decided before and died has been heard, or the decision is on its way.
    match planner.resume(run).decide(&approval.id, decision).await {
        Ok(_) => {}
        Err(error) => {
            say(&format!("undecided {error:?}"));
            if let Err(error) = planner.resume(run).await {
                say(&format!("not resumed {error:?}"));
            }
        }
    }
}
