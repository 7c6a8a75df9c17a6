//! Acts on what the machine decides: asks the model, runs tools, and makes every step durable before the next begins.

mod model_turn;
mod resets;
mod tool_turn;
mod unique_ids;
mod watch;

use std::{fmt, mem, sync::Arc};

use jiff::Timestamp;

use self::{
    tool_turn::Calling,
    watch::{Interrupt, Watch},
};
use super::{
    Applied, Input, Outcome, RunMachine, RunReport, Step,
    emitter::Emitter,
    live::Alive,
    settle::{Presumed, settle},
    start::{LEASE, Start},
    stream::RunHandle,
};
use crate::{
    ErrorKind, EventKind, OwnerId, Result, RunEnd, RunError, RunFinished, RunStarted, ScorpioError,
    SessionId, Steered, Surface, ToolFinished,
    agent::Definition,
    model::{Assembler, Entry, OutputSchema, Transcript},
    store::{Begun, Commit, Lease, ToolExecution},
    tool::{Extensions, ToolCatalog},
};

/// Says what is wrong with a text.
type Check = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// The shape that the final answer must have.
pub(crate) struct OutputCheck {
    pub(crate) schema: Arc<OutputSchema>,
    pub(crate) check: Check,
    /// How often the model may mend its answer.
    pub(crate) repairs: u32,
}

impl fmt::Debug for OutputCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutputCheck").field("schema", &self.schema.name).finish_non_exhaustive()
    }
}

/// A run that has begun. Dropping it cancels the run; what it leaves is settled in the background.
pub(crate) struct Driver {
    agent: Arc<Definition>,
    session: SessionId,
    owner: OwnerId,
    extensions: Extensions,
    output: Option<OutputCheck>,
    handle: RunHandle,
    machine: RunMachine,
    lease: Lease,
    version: u64,
    transcript: Transcript,
    appended: Vec<Arc<Entry>>,
    tools: Arc<ToolCatalog>,
    emitter: Emitter,
    watch: Watch,
    /// What there is of the answer that is being written.
    answer: Assembler,
    /// Calls that are durably started and wait to be launched.
    starting: Vec<ToolExecution>,
    /// Made for the first call.
    calling: Option<Calling>,
    /// Gone once the run is durably over.
    alive: Option<Alive>,
}

impl Driver {
    pub(super) fn new(
        start: Start,
        machine: RunMachine,
        begun: Begun,
        transcript: Transcript,
        tools: Arc<ToolCatalog>,
        emitter: Emitter,
        alive: Alive,
    ) -> Self {
        let Start { agent, session, owner, extensions, output, handle, .. } = start;
        let Begun { lease, version } = begun;
        let store = Arc::clone(&agent.store);
        let watch = Watch::new(handle.cancellation(), machine.limits().wall, store, lease.clone());
        Self {
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
            appended: Vec::new(),
            tools,
            emitter,
            watch,
            answer: Assembler::new(),
            starting: Vec::new(),
            calling: None,
            alive: Some(alive),
        }
    }

    /// Drives the run to its end.
    pub(crate) async fn drive(mut self) -> Result<Outcome> {
        let message_id = self.machine.message_id().clone();
        self.emitter.emit(|| EventKind::RunStarted(RunStarted { message_id }));
        let driven = self.steps().await;
        let driven = match driven {
            Ok(end) => Ok(end),
            Err(error) => {
                self.report(&error);
                Err(error)
            }
        };
        let outcome = *driven.as_ref().unwrap_or(&RunEnd::Failed);
        let usage = self.machine.usage().clone();
        self.emitter.emit(|| EventKind::RunFinished(RunFinished { outcome, usage }));
        self.emitter.flush().await;
        self.outcome(driven?)
    }

    async fn steps(&mut self) -> Result<RunEnd> {
        loop {
            match self.machine.next() {
                Step::CallModel { .. } => self.model_turn().await?,
                Step::CallTools(_) => self.tool_turn().await?,
                Step::Done(end) => return Ok(end),
            }
        }
    }

    /// Tells the machine what happened, together with the messages that came in meanwhile.
    fn apply(&mut self, input: Input) -> Result<Applied> {
        let inbox = self.handle.inbox().clone();
        let mut waiting = inbox.lock();
        let at = Timestamp::now();
        for message in mem::take(&mut waiting.messages) {
            let message_id = message.id.clone();
            self.machine.apply(Input::Steered(message), &self.tools, at).map_err(confused)?;
            self.emitter.emit(|| EventKind::Steered(Steered { message_id }));
        }
        let applied = self.machine.apply(input, &self.tools, at).map_err(confused)?;
        waiting.closed = matches!(self.machine.next(), Step::Done(_));
        Ok(applied)
    }

    /// Makes a step durable, and tells of the tools that it finished.
    async fn commit(&mut self, applied: Applied) -> Result<()> {
        let entries: Vec<Arc<Entry>> =
            applied.append.into_iter().map(|message| Arc::new(Entry::new(message))).collect();
        let end = match self.machine.next() {
            Step::Done(end) => Some(end),
            _ => None,
        };
        let mut commit = Commit::new(&self.lease, self.version, &self.machine);
        commit.ttl = LEASE;
        commit.append = &entries;
        commit.executions = &applied.executions;
        commit.end = end;
        self.version = self.agent.store.commit(commit).await?;
        self.watch.confirmed();
        if end.is_some() {
            self.alive = None;
        }
        for entry in entries {
            self.transcript.push_entry(Arc::clone(&entry));
            self.appended.push(entry);
        }
        for execution in applied.executions {
            let duration_ms = duration_ms(&execution);
            if let Some(result) = execution.result {
                self.emitter.emit(|| EventKind::ToolFinished(ToolFinished { result, duration_ms }));
            }
        }
        Ok(())
    }

    /// Ends the run because of what interrupted it.
    async fn interrupted(&mut self, interrupt: Interrupt) -> Result<()> {
        match interrupt {
            Interrupt::Stop(reason) => {
                let answer = mem::take(&mut self.answer);
                let usage = answer.usage().clone();
                let applied = self.apply(Input::Stop { reason, partial: answer.partial(), usage })?;
                self.commit(applied).await
            }
            // Whatever is left to write belongs to the new owner of the run.
            Interrupt::Lost(error) => Err(error.into()),
        }
    }

    fn report(&mut self, error: &ScorpioError) {
        tracing::error!(run = %self.lease.run, error = ?error, "a run failed");
        let (code, message) = (error.code(), error.message().to_owned());
        self.emitter.emit(|| EventKind::Error(RunError { code, message }));
    }

    fn outcome(&mut self, end: RunEnd) -> Result<Outcome> {
        let report = RunReport {
            run: self.lease.run,
            session: self.session.clone(),
            turns: self.machine.turn(),
            usage: self.machine.usage().clone(),
            cost_usd: self.machine.cost_usd(),
            appended: mem::take(&mut self.appended),
        };
        match end {
            RunEnd::Done { reason } => Ok(Outcome::Done { report, reason }),
            RunEnd::Stopped { reason } => Ok(Outcome::Stopped { report, reason }),
            RunEnd::Failed | RunEnd::Interrupted => {
                Err(confused("a driver ended in a state it cannot reach"))
            }
        }
    }
}

/// A fault of the engine itself.
fn confused(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ScorpioError {
    ScorpioError::new(
        ErrorKind::Internal,
        Surface::Chat,
        "The run came into a state that it should not be in.",
    )
    .with_source(cause)
}

fn duration_ms(execution: &ToolExecution) -> u64 {
    let (Some(started), Some(finished)) = (execution.started_at, execution.finished_at) else { return 0 };
    u64::try_from(finished.duration_since(started).as_millis()).unwrap_or(0)
}

impl Drop for Driver {
    fn drop(&mut self) {
        // A run that is durably over needs nothing. Without a runtime, the session's next run settles this one.
        if self.alive.take().is_none() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (agent, owner, run) = (Arc::clone(&self.agent), self.owner.clone(), self.lease.run);
        let partial = mem::take(&mut self.answer).partial();
        runtime.spawn(async move {
            let settled = match agent.store.run(&owner, run).await {
                Ok(Some(record)) => {
                    settle(&agent.store, agent.event_log.as_ref(), &record, Presumed::Dead, partial).await.map(drop)
                }
                Ok(None) => Ok(()),
                Err(error) => Err(error.into()),
            };
            if let Err(error) = settled {
                tracing::warn!(%run, error = ?error, "a dropped run could not be settled; its session's next run will");
            }
        });
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("run", &self.lease.run).finish_non_exhaustive()
    }
}
