//! Runs whose process is gone, taken up by another one: what becomes of tools that were started, by what they declare.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use scorpio_core::{
    Agent, Decision, Json, Limits, Message, Outcome, OwnerId, RunId, Runtime, SessionId, ToolOutcome,
    dangling_tool_calls,
    model::{FinishReason, Model, ModelAnswer, Scripted},
    run::{Applied, Input, Rules, RunMachine},
    store::{
        Begin, Begun, Commit, ExecutionStatus, MemoryStore, NewSession, RunStatus, Signal, Store,
        ToolExecution,
    },
    tool::{
        Reconciled, RetryClass, Tool, ToolCatalog, ToolContext, ToolError, ToolSpec, UnknownOutcome, erase,
    },
};

#[derive(serde::Deserialize, scorpio_core::schemars::JsonSchema)]
struct Nothing {}

/// A tool that notes each call, and knows what it is told about those of others.
#[derive(Clone)]
struct Effect {
    retry: RetryClass,
    unknown: UnknownOutcome,
    found: Reconciled<String>,
    keys: Arc<Mutex<Vec<String>>>,
}

impl Effect {
    fn new(retry: RetryClass) -> Self {
        Self { retry, unknown: UnknownOutcome::Ask, found: Reconciled::Unknown, keys: Arc::default() }
    }
}

impl Tool for Effect {
    type Input = Nothing;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new("effect", "Has an effect.").with_retry(self.retry).with_unknown_outcome(self.unknown)
    }

    async fn call(&self, cx: &ToolContext, _: Nothing) -> Result<String, ToolError> {
        self.keys.lock().unwrap().push(cx.idempotency_key().to_owned());
        Ok("done".to_owned())
    }

    async fn reconcile(&self, _: &ToolContext, _: Nothing) -> Result<Reconciled<String>, ToolError> {
        Ok(self.found.clone())
    }
}

/// A run whose process ended in the middle of a call of `effect` that was started `starts` times.
struct Crashed {
    store: Arc<MemoryStore>,
    effect: Effect,
    script: Scripted,
    session: SessionId,
    run: RunId,
    key: String,
}

impl Crashed {
    async fn new(effect: Effect, starts: u32) -> Self {
        let (store, session, run) = (Arc::new(MemoryStore::new()), SessionId::new(), RunId::new());
        store.create_session(NewSession::new(session.clone(), OwnerId::local())).await.unwrap();
        let machine = RunMachine::new(run, session.clone(), Limits::new()).of_agent("clerk");
        let mut begin =
            Begin::new(session.clone(), OwnerId::local(), "a process that is gone", machine.clone());
        begin.input = Some(Message::user("Do it."));
        begin.ttl = std::time::Duration::ZERO;
        let Begun { lease, version, .. } = store.begin_run(begin).await.unwrap();
        let mut crashed =
            Self { store, effect, script: Scripted::new().text("Done."), session, run, key: String::new() };
        let mut machine = machine;
        let mut applied = crashed.apply(&mut machine, called());
        for start in 0..starts {
            if start > 0 {
                applied.merge(crashed.apply(&mut machine, Input::Recovered { reconciled: Vec::new() }));
            }
            applied.merge(crashed.apply(&mut machine, Input::ToolStarted { index: 0 }));
        }
        crashed.key = applied.executions[0].idempotency_key.to_string();
        let entries: Vec<_> = applied
            .append
            .into_iter()
            .map(|message| Arc::new(scorpio_core::model::Entry::new(message)))
            .collect();
        let mut commit = Commit::new(&lease, version, &machine);
        (commit.append, commit.executions, commit.ttl) =
            (&entries, &applied.executions, std::time::Duration::ZERO);
        crashed.store.commit(commit).await.unwrap();
        crashed
    }

    fn apply(&self, machine: &mut RunMachine, input: Input) -> Applied {
        let tools = ToolCatalog::new(vec![erase(self.effect.clone())]).unwrap();
        machine.apply(input, &Rules::new(&tools), Timestamp::now()).unwrap()
    }

    fn agent(&self) -> Agent {
        let agent = Agent::builder("clerk").with_model(Model::new(self.script.clone(), "any"));
        agent.store(self.store.clone()).tool(self.effect.clone()).build().unwrap()
    }

    async fn resume(&self) -> Outcome {
        self.agent().resume(self.run).await.unwrap()
    }

    fn calls(&self) -> usize {
        let keys = self.effect.keys.lock().unwrap();
        assert!(keys.iter().all(|key| *key == self.key), "each attempt has the same key");
        keys.len()
    }

    async fn execution(&self) -> ToolExecution {
        self.store.executions(&OwnerId::local(), &self.session, 10).await.unwrap().remove(0)
    }

    async fn assert_over(&self) {
        let stored = self.store.messages(&OwnerId::local(), &self.session, 0, 100).await.unwrap();
        let history: Vec<_> = stored.into_iter().map(|stored| stored.message).collect();
        assert_eq!(dangling_tool_calls(&history), []);
        assert_eq!(history.last().unwrap().text(), "Done.");
        assert!(self.store.live_run(&OwnerId::local(), &self.session).await.unwrap().is_none());
    }
}

fn called() -> Input {
    use scorpio_core::{
        Origin, Part, ToolCallPart,
        model::{Assembler, ModelEvent, PartKind},
    };
    let mut answer = Assembler::new();
    answer
        .push(&ModelEvent::PartStart {
            index: 0,
            kind: PartKind::ToolCall { call_id: "c1".into(), name: "effect".into() },
        })
        .unwrap();
    let part = Box::new(Part::ToolCall(ToolCallPart::new("c1", "effect", "{}")));
    answer.push(&ModelEvent::PartEnd { index: 0, part }).unwrap();
    answer.push(&ModelEvent::Finish { reason: FinishReason::ToolCalls }).unwrap();
    let answer: ModelAnswer = answer.finish().unwrap();
    Input::Answered { answer, origin: Origin::new("scripted", "scripted", "any"), cost_usd: None }
}

#[tokio::test]
async fn a_call_that_was_planned_and_not_started_runs() {
    for retry in [RetryClass::Pure, RetryClass::Idempotent, RetryClass::AtMostOnce] {
        let crashed = Crashed::new(Effect::new(retry), 0).await;
        assert!(crashed.resume().await.is_done());
        assert_eq!((crashed.calls(), crashed.execution().await.attempts), (1, 1));
        crashed.assert_over().await;
    }
}

#[tokio::test]
async fn a_call_that_may_run_again_does_with_the_same_key() {
    for retry in [RetryClass::Pure, RetryClass::Idempotent] {
        let crashed = Crashed::new(Effect::new(retry), 1).await;
        assert!(crashed.resume().await.is_done());
        assert_eq!(crashed.calls(), 1);
        let execution = crashed.execution().await;
        assert_eq!((execution.status, execution.attempts), (ExecutionStatus::Completed, 2));
        crashed.assert_over().await;
    }
}

#[tokio::test]
async fn a_call_that_keeps_ending_its_process_is_given_up() {
    let crashed = Crashed::new(Effect::new(RetryClass::Idempotent), 3).await;
    assert!(crashed.resume().await.is_done());
    assert_eq!(crashed.calls(), 0, "it is not started a fourth time");
    let execution = crashed.execution().await;
    assert_eq!(execution.result.unwrap().status, ToolOutcome::Interrupted { started: true });
    assert!(execution.error.unwrap().contains("poison"));
    crashed.assert_over().await;
}

#[tokio::test]
async fn a_call_that_must_not_run_twice_is_asked_about() {
    let crashed = Crashed::new(Effect::new(RetryClass::AtMostOnce), 1).await;
    let paused = crashed.resume().await;
    assert_eq!(paused.pending()[0].status, ExecutionStatus::OutcomeUnknown);
    assert_eq!(crashed.calls(), 0);
    let denied =
        crashed.agent().resume(crashed.run).decide("c1", Decision::deny("it was sent")).await.unwrap();
    assert!(denied.is_done());
    assert_eq!(crashed.calls(), 0);
    let result = crashed.execution().await.result.unwrap();
    assert_eq!(result.status, ToolOutcome::Interrupted { started: true });
    assert!(result.output.get().contains("it was sent"));
    crashed.assert_over().await;
}

#[tokio::test]
async fn somebody_may_say_that_it_runs_again() {
    let crashed = Crashed::new(Effect::new(RetryClass::AtMostOnce), 1).await;
    let paused = crashed.resume().await;
    assert!(paused.is_paused());
    let outcome = crashed.agent().resume(crashed.run).decide("c1", Decision::approve()).await.unwrap();
    assert!(outcome.is_done());
    assert_eq!((crashed.calls(), crashed.execution().await.attempts), (1, 2));
    crashed.assert_over().await;
}

#[tokio::test]
async fn a_tool_that_says_so_fails_instead() {
    let effect = Effect { unknown: UnknownOutcome::Fail, ..Effect::new(RetryClass::AtMostOnce) };
    let crashed = Crashed::new(effect, 1).await;
    assert!(crashed.resume().await.is_done());
    assert_eq!(crashed.calls(), 0);
    assert_eq!(crashed.execution().await.status, ExecutionStatus::OutcomeUnknown);
    crashed.assert_over().await;
}

#[tokio::test]
async fn a_tool_may_find_out() {
    let cases = [
        (Reconciled::Done("done before".to_owned()), 0, ExecutionStatus::Completed),
        (Reconciled::NotDone, 1, ExecutionStatus::Completed),
    ];
    for (found, calls, status) in cases {
        let effect = Effect { unknown: UnknownOutcome::Probe, found, ..Effect::new(RetryClass::AtMostOnce) };
        let crashed = Crashed::new(effect, 1).await;
        assert!(crashed.resume().await.is_done());
        assert_eq!((crashed.calls(), crashed.execution().await.status), (calls, status));
        crashed.assert_over().await;
    }
    let effect = Effect { unknown: UnknownOutcome::Probe, ..Effect::new(RetryClass::AtMostOnce) };
    let crashed = Crashed::new(effect, 1).await;
    assert!(crashed.resume().await.is_paused(), "where it cannot, somebody is asked");
}

#[tokio::test]
async fn a_transactional_tool_needs_a_database() {
    let crashed = Crashed::new(Effect::new(RetryClass::Transactional), 1).await;
    assert!(crashed.resume().await.is_done(), "it says nothing to the database, so it needs none");
    assert_eq!(crashed.calls(), 1);
}

#[tokio::test]
async fn a_run_that_ended_while_the_model_was_asked_counts_the_call_as_uncertain() {
    let (store, session, run) = (Arc::new(MemoryStore::new()), SessionId::new(), RunId::new());
    store.create_session(NewSession::new(session.clone(), OwnerId::local())).await.unwrap();
    let machine = RunMachine::new(run, session.clone(), Limits::new()).of_agent("clerk");
    let mut begin = Begin::new(session.clone(), OwnerId::local(), "a process that is gone", machine);
    (begin.input, begin.ttl) = (Some(Message::user("Hello.")), std::time::Duration::ZERO);
    store.begin_run(begin).await.unwrap();
    let model = Model::new(Scripted::new().text("Hi."), "any");
    let agent = Agent::builder("clerk").with_model(model).store(store).build().unwrap();
    let outcome = agent.resume(run).await.unwrap();
    assert_eq!((outcome.text().as_str(), outcome.report().uncertain_calls), ("Hi.", 1));
}

#[tokio::test]
async fn a_runtime_takes_up_what_was_left() {
    let crashed = Crashed::new(Effect::new(RetryClass::Idempotent), 1).await;
    let stranger = Agent::builder("stranger").with_model(Model::new(Scripted::new(), "any"));
    let stranger = stranger.store(crashed.store.clone()).build().unwrap();
    let without = Runtime::new(crashed.store.clone()).agent(stranger);
    assert_eq!(without.recover().await.unwrap(), 0, "it is not this one's to go on with");
    let runtime = Runtime::new(crashed.store.clone()).agent(crashed.agent());
    assert_eq!(runtime.recover().await.unwrap(), 1);
    while crashed.store.live_run(&OwnerId::local(), &crashed.session).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    crashed.assert_over().await;
    assert_eq!(runtime.recover().await.unwrap(), 0);
}

#[tokio::test]
async fn a_run_may_be_stopped_steered_and_decided_about_from_elsewhere() {
    let crashed = Crashed::new(Effect::new(RetryClass::AtMostOnce), 1).await;
    assert!(crashed.resume().await.is_paused());
    let (owner, elsewhere) = (OwnerId::local(), Runtime::new(crashed.store.clone()));
    let asked = elsewhere.approvals(&owner, &crashed.session).await.unwrap();
    assert_eq!(asked.len(), 1);
    elsewhere.steer(&owner, crashed.run, "And be quick.").await.unwrap();
    elsewhere.decide(&owner, crashed.run, "c1", Decision::approve(), Some("grace".to_owned())).await.unwrap();
    let record = elsewhere.run(&owner, crashed.run).await.unwrap();
    assert_eq!(record.status, RunStatus::Waiting, "nobody there knows its agent");
    let runtime = Runtime::new(crashed.store.clone()).agent(crashed.agent());
    assert_eq!(runtime.recover().await.unwrap(), 1);
    while crashed.store.live_run(&owner, &crashed.session).await.unwrap().is_some() {
        tokio::task::yield_now().await;
    }
    crashed.assert_over().await;
    let seen = &crashed.script.requests()[0];
    assert!(seen.transcript.messages().any(|message| message.text() == "And be quick."));
}

#[tokio::test]
async fn a_run_that_waits_stops_at_once() {
    let crashed = Crashed::new(Effect::new(RetryClass::AtMostOnce), 1).await;
    assert!(crashed.resume().await.is_paused());
    let runtime = Runtime::new(crashed.store.clone());
    runtime.stop(&OwnerId::local(), crashed.run).await.unwrap();
    let record = runtime.run(&OwnerId::local(), crashed.run).await.unwrap();
    assert_eq!(record.status, RunStatus::Finished);
    assert_eq!(crashed.calls(), 0);
    assert!(runtime.stop(&OwnerId::local(), crashed.run).await.is_err(), "it is over");
}

#[tokio::test]
async fn a_going_run_hears_what_it_is_told() {
    use std::time::Duration;
    let store = Arc::new(MemoryStore::new());
    let script = Scripted::new()
        .turn(scorpio_core::model::ScriptedTurn::new().delay(Duration::from_secs(3600)).text("Never."));
    let agent =
        Agent::builder("clerk").with_model(Model::new(script, "any")).store(store.clone()).build().unwrap();
    let request = agent.run("Hello.");
    let run = request.handle().run_id();
    let going = tokio::spawn(async move { request.await });
    let told = async {
        loop {
            match store.send_signal(&OwnerId::local(), run, &Signal::Stop).await {
                Ok(_) => return,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    told.await;
    let outcome = going.await.unwrap().unwrap();
    assert!(matches!(outcome, Outcome::Stopped { .. }), "{outcome:?}");
}

#[test]
fn a_machine_of_the_first_format_is_read() {
    let stored = include_str!("golden/machine-1.json");
    let machine: RunMachine = serde_json::from_str(stored).unwrap();
    assert_eq!((machine.turn(), machine.executions().len(), machine.signals_seen()), (2, 1, 0));
    let again = Json::new(&machine).unwrap();
    assert!(again.get().contains(r#""version":2"#));
}
