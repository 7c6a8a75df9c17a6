//! Things to store.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use scorpio_core::{
    Limits, Message, MessageId, Origin, OwnerId, Part, Provenance, RunEnd, RunId, SessionId, ToolCallId,
    ToolCallPart, ToolOutcome, ToolResultPart,
    model::{Assembler, Entry, FinishReason, ModelEvent, PartKind},
    run::{Input, Rules, RunMachine},
    store::{
        Begin, Begun, Commit, Lease, NewSession, RunRecord, Store, StoreError, StoreErrorKind, ToolExecution,
    },
    tool::ToolCatalog,
};

pub(super) const HOLDER: &str = "process-1";
pub(super) const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn owner() -> OwnerId {
    OwnerId::parse("alice").unwrap()
}

pub(super) fn stranger() -> OwnerId {
    OwnerId::parse("mallory").unwrap()
}

pub(super) fn session_id(text: &str) -> SessionId {
    SessionId::parse(text).unwrap()
}

pub(super) fn message_id(text: &str) -> MessageId {
    MessageId::parse(text).unwrap()
}

/// Now, as precisely as stores keep it.
pub(super) fn now() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap()
}

/// Waits until the clock shows another microsecond than before.
pub(super) async fn tick() -> Timestamp {
    let start = now();
    while now() <= start {
        tokio::task::yield_now().await;
    }
    now()
}

#[track_caller]
pub(super) fn kind_of<T: std::fmt::Debug>(result: Result<T, StoreError>) -> StoreErrorKind {
    result.expect_err("this must fail").kind()
}

pub(super) fn user(id: &str) -> Message {
    Message::user(format!("text of {id}")).with_id(message_id(id))
}

pub(super) fn entries(ids: &[&str]) -> Vec<Arc<Entry>> {
    ids.iter().map(|id| Arc::new(Entry::new(user(id)))).collect()
}

pub(super) async fn new_session(store: &dyn Store, id: &str) -> SessionId {
    let id = session_id(id);
    store.create_session(NewSession::new(id.clone(), owner())).await.unwrap();
    id
}

/// A run that is to be begun in a session of [`owner`], with a lease of a minute.
pub(super) fn begin(session: &SessionId, input: Option<Message>) -> Begin {
    let machine = RunMachine::new(RunId::new(), session.clone(), Limits::new());
    let mut begin = Begin::new(session.clone(), owner(), HOLDER, machine);
    begin.ttl = MINUTE;
    begin.input = input;
    begin
}

/// A live run.
pub(super) struct Live {
    pub(super) session: SessionId,
    pub(super) machine: RunMachine,
    pub(super) lease: Lease,
    pub(super) version: u64,
}

impl Live {
    pub(super) async fn begin(store: &dyn Store, begin: Begin) -> Result<Self, StoreError> {
        let (session, machine) = (begin.session.clone(), begin.machine.clone());
        let Begun { lease, version, .. } = store.begin_run(begin).await?;
        Ok(Self { session, machine, lease, version })
    }

    pub(super) fn run(&self) -> RunId {
        self.lease.run
    }

    pub(super) fn commit<'a>(&'a self, append: &'a [Arc<Entry>]) -> Commit<'a> {
        let mut commit = Commit::new(&self.lease, self.version, &self.machine);
        commit.ttl = MINUTE;
        commit.append = append;
        commit
    }

    pub(super) async fn append(&mut self, store: &dyn Store, ids: &[&str]) -> Result<(), StoreError> {
        let entries = entries(ids);
        self.version = store.commit(self.commit(&entries)).await?;
        Ok(())
    }

    pub(super) async fn end(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let mut commit = self.commit(&[]);
        commit.end = Some(done());
        self.version = store.commit(commit).await?;
        Ok(())
    }

    pub(super) async fn record(&self, store: &dyn Store) -> RunRecord {
        store.run(&owner(), self.run()).await.unwrap().expect("the run is there")
    }
}

pub(super) fn done() -> RunEnd {
    RunEnd::Done { reason: FinishReason::Stop }
}

/// A new session with a live run that answers the message `{session}-input`.
pub(super) async fn live(store: &dyn Store, session: &str) -> Live {
    let id = new_session(store, session).await;
    Live::begin(store, begin(&id, Some(user(&format!("{session}-input"))))).await.unwrap()
}

pub(super) async fn ids(store: &dyn Store, session: &SessionId) -> Vec<String> {
    let messages = store.messages(&owner(), session, 0, usize::MAX).await.unwrap();
    messages.into_iter().map(|stored| stored.message.id.to_string()).collect()
}

/// A machine whose model has asked for `calls` tools, and what it plans to do about them.
pub(super) fn with_calls(machine: &mut RunMachine, calls: u32) -> Vec<ToolExecution> {
    let mut answer = Assembler::new();
    for index in 0..calls {
        let (call_id, name) = (ToolCallId::from(format!("call_{index}")), format!("tool_{index}"));
        let start = PartKind::ToolCall { call_id: call_id.clone(), name: name.as_str().into() };
        answer.push(&ModelEvent::PartStart { index, kind: start }).unwrap();
        let part = Part::ToolCall(ToolCallPart::new(call_id, name, r#"{"n" : 1.0}"#));
        answer.push(&ModelEvent::PartEnd { index, part: Box::new(part) }).unwrap();
    }
    answer.push(&ModelEvent::Finish { reason: FinishReason::ToolCalls }).unwrap();
    let origin = Origin::new("test", "test", "test");
    let input = Input::Answered { answer: answer.finish().unwrap(), origin, cost_usd: None };
    machine.apply(input, &Rules::new(&ToolCatalog::default()), now()).unwrap().executions
}

pub(super) fn result_of(execution: &ToolExecution, status: ToolOutcome) -> ToolResultPart {
    let output = scorpio_core::Json::parse(r#"{"b": 1,  "a": [1.0, "é"]}"#).unwrap();
    ToolResultPart::new(execution.call_id.clone(), execution.tool.clone(), output, status, Provenance::System)
}
