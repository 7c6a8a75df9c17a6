//! How a run begins: the history is loaded, runs that died are settled, and the input is durable before the model is asked.

use std::sync::Arc;

use jiff::Timestamp;

use super::{
    Limits, RunMachine,
    driver::{Driver, OutputCheck, payload},
    emitter::{Emitter, Queue},
    live::{self, Alive},
    patience::Patience,
    settle::{Presumed, settle},
    stream::RunHandle,
    view::view,
};
use crate::{
    ErrorKind, Message, OwnerId, Result, ScorpioError, SessionId, Surface,
    agent::Definition,
    failpoint::reach,
    model::{Entry, Transcript},
    store::{Begin, Begun, JournalEntry, Lease, NewSession, RunStatus, Session, StoreError, StoreErrorKind},
    tool::{Extensions, ToolCatalog, ToolsetContext},
};

/// How many messages are loaded at a time.
const PAGE: usize = 1_000;

/// How often beginning is tried again after somebody else changed the session.
const ATTEMPTS: usize = 4;

/// A run that is asked for.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) agent: Arc<Definition>,
    pub(crate) session: SessionId,
    pub(crate) owner: OwnerId,
    pub(crate) input: Option<Message>,
    pub(crate) branch_after: Option<u64>,
    pub(crate) limits: Limits,
    pub(crate) extensions: Extensions,
    pub(crate) output: Option<OutputCheck>,
    pub(crate) handle: RunHandle,
    pub(crate) queue: Option<Queue>,
}

/// Everything that is needed to drive a run.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) agent: Arc<Definition>,
    pub(super) session: SessionId,
    pub(super) owner: OwnerId,
    pub(super) extensions: Extensions,
    pub(super) output: Option<OutputCheck>,
    pub(super) handle: RunHandle,
    pub(super) machine: RunMachine,
    pub(super) lease: Lease,
    pub(super) version: u64,
    pub(super) transcript: Transcript,
    pub(super) tools: Arc<ToolCatalog>,
    pub(super) emitter: Emitter,
}

/// Begins the run. Once this returns, the input is durable.
pub(crate) async fn begin(start: Start) -> Result<Driver> {
    let run = start.handle.run_id();
    let tools = tools(&start.agent, &start.session, &start.owner, &start.extensions).await?;
    let alive = Alive::new(run);
    let (begun, machine, transcript) = enter(&start).await?;
    let Start { agent, session, owner, extensions, output, handle, queue, .. } = start;
    let emitter = Emitter::new(session.clone(), run, queue, agent.event_log.clone());
    let Begun { lease, version } = begun;
    let seat = Seat {
        agent,
        session,
        owner,
        extensions,
        output,
        handle,
        machine,
        lease,
        version,
        transcript,
        tools,
        emitter,
    };
    Ok(Driver::new(seat, alive))
}

/// The agent's own tools, and those that its toolsets have for this run. A toolset that fails costs its tools, not the run.
pub(super) async fn tools(
    agent: &Definition,
    session: &SessionId,
    owner: &OwnerId,
    extensions: &Extensions,
) -> Result<Arc<ToolCatalog>> {
    if agent.toolsets.is_empty() {
        return Ok(Arc::clone(&agent.tools));
    }
    let cx = ToolsetContext::new(session.clone(), owner.clone(), extensions.clone());
    let mut tools = agent.tools.tools().to_vec();
    for toolset in &agent.toolsets {
        match Arc::clone(toolset).tools(&cx).await {
            Ok(more) => tools.extend(more),
            Err(error) => tracing::warn!(?error, "a toolset failed; the run goes on without its tools"),
        }
    }
    ToolCatalog::new(tools).map(Arc::new)
}

async fn enter(start: &Start) -> Result<(Begun, RunMachine, Transcript)> {
    let mut attempt = 1;
    loop {
        let session = open_session(start).await?;
        let mut transcript =
            history(&start.agent, &start.owner, &start.session, start.branch_after, Patience::none()).await?;
        let machine = machine(start, session.approved_tools);
        let mut begin =
            Begin::new(start.session.clone(), start.owner.clone(), live::holder(), machine.clone());
        begin.ttl = start.agent.lease;
        begin.expected_version = Some(session.version);
        begin.branch_after = start.branch_after;
        begin.input = start.input.clone();
        let machine = journalled(start, &mut begin);
        reach("begin.before");
        match start.agent.store.begin_run(begin).await {
            Ok(begun) => {
                reach("begin.after");
                if let Some(input) = &start.input {
                    transcript.push(input.clone());
                }
                return Ok((begun, machine, transcript));
            }
            Err(error) if attempt < ATTEMPTS && make_way(start, &error).await? => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

fn machine(start: &Start, approved_tools: Vec<crate::ToolName>) -> RunMachine {
    let output = start.output.as_ref().map(|output| Arc::clone(&output.schema));
    RunMachine::new(start.handle.run_id(), start.session.clone(), start.limits.clone())
        .of_agent(start.agent.name.as_str())
        .with_approved_tools(approved_tools)
        .with_output(output)
}

/// Gives the run its first entry in the journal, if the store keeps one.
fn journalled(start: &Start, begin: &mut Begin) -> RunMachine {
    let mut entry = None;
    if start.agent.store.keeps_journal() {
        let input: Vec<_> =
            begin.input.clone().map(|input| Arc::new(Entry::new(input))).into_iter().collect();
        let payload = payload(1, &begin.machine.next(), &input, &[]);
        entry = Some(JournalEntry::new(1, 1, payload, Timestamp::now(), begin.machine.journal()));
    }
    begin.machine.count_step(entry.as_ref().map(|entry| entry.hash));
    begin.journal = entry;
    begin.machine.clone()
}

/// The session, which is made if it is not there.
async fn open_session(start: &Start) -> Result<Session> {
    let store = &start.agent.store;
    if let Some(session) = store.session(&start.owner, &start.session).await? {
        return Ok(session);
    }
    match store.create_session(NewSession::new(start.session.clone(), start.owner.clone())).await {
        Ok(session) => Ok(session),
        // It is somebody else's, unless another task of this owner was quicker.
        Err(error) if error.kind() == StoreErrorKind::AlreadyExists => {
            let session = store.session(&start.owner, &start.session).await?;
            session.ok_or_else(|| {
                let text = "There is no such conversation.";
                ScorpioError::new(ErrorKind::NotFound, Surface::Chat, text).with_source(error)
            })
        }
        Err(error) => Err(error.into()),
    }
}

/// The history of a session, up to the message after which a new branch begins. Each page is asked for within `patience`.
pub(super) async fn history(
    agent: &Definition,
    owner: &OwnerId,
    session: &SessionId,
    branch_after: Option<u64>,
    mut patience: Patience,
) -> Result<Transcript> {
    let mut entries = Vec::new();
    let mut after = 0;
    loop {
        let page = loop {
            match agent.store.messages(owner, session, after, PAGE).await {
                Ok(page) => break page,
                Err(error) => patience.wait(error).await?,
            }
        };
        let full = page.len() == PAGE;
        for stored in page {
            after = stored.seq;
            if branch_after.is_none_or(|last| stored.seq <= last) {
                entries.push(Arc::new(Entry::new(stored.message)));
            }
        }
        if !full {
            return Ok(view(entries));
        }
    }
}

/// Whether it is worth trying again: the session changed, or the run in the way was dead, or waited for somebody who now goes on without
/// having decided, and has been settled.
async fn make_way(start: &Start, error: &StoreError) -> Result<bool> {
    match error.kind() {
        StoreErrorKind::Conflict { .. } => Ok(true),
        StoreErrorKind::Busy => {
            let store = &start.agent.store;
            let Some(record) = store.live_run(&start.owner, &start.session).await? else { return Ok(true) };
            let is_ours = record.holder == live::holder();
            let presumed = if record.status == RunStatus::Running && is_ours && !live::is_live(record.id) {
                Presumed::Dead
            } else {
                Presumed::Alive
            };
            settle(store, start.agent.event_log.as_ref(), &record, presumed, Vec::new()).await
        }
        _ => Ok(false),
    }
}
