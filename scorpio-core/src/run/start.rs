//! How a run begins: the history is loaded, runs that died are settled, and the input is durable before the model is asked.

use std::{sync::Arc, time::Duration};

use super::{
    Limits, RunMachine,
    driver::{Driver, OutputCheck},
    emitter::{Emitter, Queue},
    live::{self, Alive},
    settle::{Presumed, settle},
    stream::RunHandle,
};
use crate::{
    ErrorKind, Message, OwnerId, Result, ScorpioError, SessionId, Surface,
    agent::Definition,
    model::{Entry, Transcript},
    store::{Begin, Begun, NewSession, StoreError, StoreErrorKind},
    tool::{Extensions, ToolCatalog, ToolsetContext},
};

/// How long a lease lasts without being renewed.
pub(super) const LEASE: Duration = Duration::from_secs(30);

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
    pub(crate) cut_after: Option<u64>,
    pub(crate) limits: Limits,
    pub(crate) extensions: Extensions,
    pub(crate) output: Option<OutputCheck>,
    pub(crate) handle: RunHandle,
    pub(crate) queue: Option<Queue>,
}

/// Begins the run. Once this returns, the input is durable.
pub(crate) async fn begin(start: Start) -> Result<Driver> {
    let run = start.handle.run_id();
    let tools = tools(&start).await?;
    let machine = RunMachine::new(run, start.session.clone(), start.limits.clone());
    let alive = Alive::new(run);
    let (begun, transcript) = enter(&start, &machine).await?;
    let log = start.agent.event_log.clone();
    let emitter = Emitter::new(start.session.clone(), run, start.queue.clone(), log);
    Ok(Driver::new(start, machine, begun, transcript, tools, emitter, alive))
}

/// The agent's own tools, and those that its toolsets have for this run. A toolset that fails costs its tools, not the run.
async fn tools(start: &Start) -> Result<Arc<ToolCatalog>> {
    if start.agent.toolsets.is_empty() {
        return Ok(Arc::clone(&start.agent.tools));
    }
    let cx = ToolsetContext::new(start.session.clone(), start.owner.clone(), start.extensions.clone());
    let mut tools = start.agent.tools.tools().to_vec();
    for toolset in &start.agent.toolsets {
        match Arc::clone(toolset).tools(&cx).await {
            Ok(more) => tools.extend(more),
            Err(error) => tracing::warn!(?error, "a toolset failed; the run goes on without its tools"),
        }
    }
    ToolCatalog::new(tools).map(Arc::new)
}

async fn enter(start: &Start, machine: &RunMachine) -> Result<(Begun, Transcript)> {
    let mut attempt = 1;
    loop {
        let version = session_version(start).await?;
        let mut transcript = history(start).await?;
        let mut begin =
            Begin::new(start.session.clone(), start.owner.clone(), live::holder(), machine.clone());
        begin.ttl = LEASE;
        begin.expected_version = Some(version);
        begin.cut_after = start.cut_after;
        begin.input = start.input.clone();
        match start.agent.store.begin_run(begin).await {
            Ok(begun) => {
                if let Some(input) = &start.input {
                    transcript.push(input.clone());
                }
                return Ok((begun, transcript));
            }
            Err(error) if attempt < ATTEMPTS && make_way(start, &error).await? => attempt += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

/// The version of the session, which is made if it is not there.
async fn session_version(start: &Start) -> Result<u64> {
    let store = &start.agent.store;
    if let Some(session) = store.session(&start.owner, &start.session).await? {
        return Ok(session.version);
    }
    match store.create_session(NewSession::new(start.session.clone(), start.owner.clone())).await {
        Ok(session) => Ok(session.version),
        // It is somebody else's, unless another task of this owner was quicker.
        Err(error) if error.kind() == StoreErrorKind::AlreadyExists => {
            let session = store.session(&start.owner, &start.session).await?;
            session.map(|session| session.version).ok_or_else(|| {
                let text = "There is no such conversation.";
                ScorpioError::new(ErrorKind::NotFound, Surface::Chat, text).with_source(error)
            })
        }
        Err(error) => Err(error.into()),
    }
}

async fn history(start: &Start) -> Result<Transcript> {
    let mut transcript = Transcript::new();
    let mut after = 0;
    loop {
        let page = start.agent.store.messages(&start.owner, &start.session, after, PAGE).await?;
        let full = page.len() == PAGE;
        for stored in page {
            after = stored.seq;
            if start.cut_after.is_none_or(|cut| stored.seq <= cut) {
                transcript.push_entry(Arc::new(Entry::new(stored.message)));
            }
        }
        if !full {
            return Ok(transcript);
        }
    }
}

/// Whether it is worth trying again: the session changed, or the run in the way was dead and has been settled.
async fn make_way(start: &Start, error: &StoreError) -> Result<bool> {
    match error.kind() {
        StoreErrorKind::Conflict { .. } => Ok(true),
        StoreErrorKind::Busy => {
            let store = &start.agent.store;
            let Some(record) = store.live_run(&start.owner, &start.session).await? else { return Ok(true) };
            let presumed = if record.holder == live::holder() && !live::is_live(record.id) {
                Presumed::Dead
            } else {
                Presumed::Alive
            };
            settle(store, start.agent.event_log.as_ref(), &record, presumed, Vec::new()).await
        }
        _ => Ok(false),
    }
}
