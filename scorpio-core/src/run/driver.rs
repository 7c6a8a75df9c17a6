//! Acts on what the machine decides: asks the model, runs tools, and makes every step durable before the next begins.

mod commit;
mod compact;
mod model_turn;
mod recover;
mod resets;
mod tool_turn;
mod unique_ids;
mod watch;

pub(crate) use self::recover::{Resume, Resumed, resume};

use std::{fmt, mem, sync::Arc};

use jiff::Timestamp;

pub(super) use self::commit::payload;
use self::{
    tool_turn::Calling,
    watch::{Interrupt, Watch},
};
use super::{
    Applied, Input, Outcome, RunMachine, RunReport, Step,
    emitter::Emitter,
    live,
    live::Alive,
    machine::Rules,
    patience::Patience,
    settle::{Presumed, settle},
    start::Seat,
    stream::RunHandle,
};
use crate::{
    ApprovalResolved, ErrorKind, EventKind, OwnerId, Result, RunEnd, RunError, RunFinished, RunPaused,
    RunStarted, ScorpioError, SessionId, Steered, Surface,
    agent::Definition,
    failpoint::reach,
    model::{Assembler, Entry, OutputSchema, Transcript},
    store::{Lease, SessionPatch, Signal, StoreError, StoreErrorKind, StoredSignal, ToolExecution},
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
    /// What somebody has decided and is not stored yet.
    decided: Vec<ApprovalResolved>,
    /// The turn before which the history was compacted, or could not be.
    compacted_in: Option<u32>,
    /// Gone once the run is durably over.
    alive: Option<Alive>,
}

impl Driver {
    pub(super) fn new(seat: Seat, alive: Alive) -> Self {
        let Seat {
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
        } = seat;
        let store = Arc::clone(&agent.store);
        let (cancel, wall, seen) = (handle.cancellation(), machine.limits().wall, machine.signals_seen());
        let watch = Watch::new(cancel, wall, store, lease.clone(), agent.lease, seen);
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
            decided: Vec::new(),
            compacted_in: None,
            alive: Some(alive),
        }
    }

    /// Drives a run that has just begun to its end.
    pub(crate) async fn drive(mut self) -> Result<Outcome> {
        let message_id = self.machine.message_id().clone();
        self.emitter.emit(|| EventKind::RunStarted(RunStarted { message_id }));
        let driven = self.steps().await;
        self.ended(driven).await
    }

    async fn ended(mut self, driven: Result<Option<RunEnd>>) -> Result<Outcome> {
        if let Err(error) = &driven {
            self.report(error);
        }
        // A run that is another's by now, or that the store could not be told about, is not over.
        // The machine may be ahead of the store, in a step that could not be made durable.
        let is_over = self.alive.is_none() && matches!(self.machine.next(), Step::Done(_));
        let goes_on = driven.is_err() && !is_over;
        if goes_on {
            // The log is written by whoever has the run now, or takes it up.
            self.emitter.leave_log();
        }
        if goes_on && driven.as_ref().is_err_and(is_outage) {
            // It stays as it is in the store, for whoever takes it up: to be settled is for runs that are given up.
            self.alive = None;
        }
        let usage = self.machine.usage().clone();
        match driven.as_ref().map(Option::as_ref) {
            Ok(None) => self.emitter.emit(|| EventKind::RunPaused(RunPaused { usage })),
            Ok(Some(end)) => {
                self.emitter.emit(|| EventKind::RunFinished(RunFinished { outcome: *end, usage }))
            }
            Err(_) if goes_on => {}
            Err(_) => {
                self.emitter.emit(|| EventKind::RunFinished(RunFinished { outcome: RunEnd::Failed, usage }))
            }
        }
        self.emitter.flush_last().await;
        self.outcome(driven?)
    }

    /// Hands the events on. Those of a run that may be another's by now are kept until it is sure: two processes must not write one log.
    async fn flush(&mut self) -> Result<(), Interrupt> {
        self.watch.assure().await?;
        self.emitter.flush().await;
        Ok(())
    }

    /// Answers how the run ended, or nothing if it waits for somebody.
    async fn steps(&mut self) -> Result<Option<RunEnd>> {
        loop {
            match self.machine.next() {
                Step::CallModel { .. } => self.model_turn().await?,
                Step::CallTools(_) => self.tool_turn().await?,
                Step::AwaitDecisions(_) => {
                    if !self.goes_on_at_once().await? {
                        return Ok(None);
                    }
                }
                Step::Done(end) => return Ok(Some(end)),
            }
        }
    }

    /// The run was left waiting. Somebody may have told it something in the moment before, and found it running.
    async fn goes_on_at_once(&mut self) -> Result<bool> {
        let told = self.agent.store.signals(self.lease.run, self.machine.signals_seen()).await;
        let told = match told {
            Ok(told) => told,
            // Whoever looks for runs to go on with finds it.
            Err(error) => {
                tracing::warn!(run = %self.lease.run, error = ?error, "what a paused run is told could not be read");
                return Ok(false);
            }
        };
        reach("pause.checked");
        if told.is_empty() {
            return Ok(false);
        }
        let taken = self.agent.store.take_over(self.lease.run, live::holder(), None, self.agent.lease).await;
        let record = match taken {
            Ok(record) => record,
            // Somebody else was quicker.
            Err(error) if matches!(error.kind(), StoreErrorKind::Busy | StoreErrorKind::NotFound) => {
                return Ok(false);
            }
            // It waits, and whoever looks for runs to go on with finds it.
            Err(error) if error.is_outage() => {
                tracing::warn!(run = %self.lease.run, error = ?error, "a paused run could not be taken up at once");
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        if record.machine != self.machine {
            return Ok(false);
        }
        self.lease = record.lease();
        self.watch.take_lease(self.lease.clone());
        self.alive.get_or_insert_with(|| Alive::new(record.id));
        self.told(told).await?;
        Ok(true)
    }

    /// Tells the machine what happened, together with what came in meanwhile.
    fn apply(&mut self, input: Input) -> Result<Applied> {
        let mut applied = self.absorb()?;
        let inbox = self.handle.inbox().clone();
        let mut waiting = inbox.lock();
        for message in mem::take(&mut waiting.messages) {
            self.steered(message)?;
        }
        applied.merge(self.take(input)?);
        waiting.closed = matches!(self.machine.next(), Step::Done(_) | Step::AwaitDecisions(_));
        Ok(applied)
    }

    fn take(&mut self, input: Input) -> Result<Applied> {
        let rules = Rules::new(&self.tools).with_policy(&*self.agent.policy, self.agent.approval_patience);
        self.machine.apply(input, &rules, Timestamp::now()).map_err(confused)
    }

    fn steered(&mut self, message: crate::Message) -> Result<()> {
        let message_id = message.id.clone();
        self.take(Input::Steered(message.with_run(self.lease.run)))?;
        self.emitter.emit(|| EventKind::Steered(Steered { message_id }));
        Ok(())
    }

    /// Takes in what the run was told from outside. It counts once the next step is durable.
    fn absorb(&mut self) -> Result<Applied> {
        let mut applied = Applied::default();
        for StoredSignal { seq, signal, .. } in self.watch.take_signals() {
            if seq <= self.machine.signals_seen() {
                continue;
            }
            match signal {
                // Whoever waits is interrupted by it.
                Signal::Stop => {}
                Signal::Steer { message } => self.steered(message)?,
                Signal::Decide { approval, decision, by } => {
                    let input = Input::Decided {
                        approval: approval.clone(),
                        decision: decision.clone(),
                        by: by.clone(),
                    };
                    let decided = self.take(input)?;
                    self.decided.extend(decided.executions.iter().map(|execution| {
                        let call_id = execution.call_id.clone();
                        let asked = execution.approval.as_ref().map_or(&approval, |approval| &approval.id);
                        let (approval, decision, by) = (asked.clone(), decision.clone(), by.clone());
                        ApprovalResolved { call_id, approval, decision, by }
                    }));
                    applied.merge(decided);
                }
            }
            self.take(Input::SignalsSeen(seq))?;
        }
        Ok(applied)
    }

    /// Makes durable what the run was told, and remembers what holds for the whole session.
    async fn told(&mut self, signals: Vec<StoredSignal>) -> Result<()> {
        self.told_with(Applied::default(), signals).await
    }

    async fn told_with(&mut self, mut applied: Applied, signals: Vec<StoredSignal>) -> Result<()> {
        for StoredSignal { signal, .. } in &signals {
            if let Signal::Decide {
                approval, decision: crate::Decision::Approve { always: true, .. }, ..
            } = signal
                && let Some(tool) = self.asked_about(approval)
            {
                self.approve_for_good(tool).await?;
            }
        }
        if signals.iter().any(|signal| matches!(signal.signal, Signal::Stop)) {
            self.handle.cancel();
        }
        self.watch.give_back(signals);
        applied.merge(self.absorb()?);
        self.start_pending(&mut applied, self.agent.parallel_tools)?;
        self.commit(applied).await
    }

    /// Remembers for the whole session that a tool needs no approval.
    async fn approve_for_good(&mut self, tool: crate::ToolName) -> Result<(), StoreError> {
        let mut patience = Patience::new(self.agent.store_patience);
        loop {
            let patch = SessionPatch::approve_tool(tool.clone());
            let updated = self.agent.store.update_session(&self.owner, &self.session, patch).await;
            match updated {
                Ok(_) => return Ok(()),
                Err(error) => self.wait_for_store(&mut patience, error).await?,
            }
        }
    }

    /// The tool about which somebody is asked under this id.
    fn asked_about(&self, approval: &str) -> Option<crate::ToolName> {
        let mut calls = self.machine.executions().iter();
        let call = calls.find(|call| call.approval.as_ref().is_some_and(|asked| asked.id == approval))?;
        Some(call.tool.clone())
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

    fn outcome(&mut self, end: Option<RunEnd>) -> Result<Outcome> {
        let report = RunReport {
            run: self.lease.run,
            session: self.session.clone(),
            turns: self.machine.turn(),
            usage: self.machine.usage().clone(),
            cost_usd: self.machine.cost_usd(),
            uncertain_calls: self.machine.uncertain_calls(),
            appended: mem::take(&mut self.appended),
        };
        match end {
            None => {
                let waiting = self.machine.executions().iter().filter(|call| call.awaits_decision());
                Ok(Outcome::Paused { report, pending: waiting.cloned().collect() })
            }
            Some(RunEnd::Done { reason }) => Ok(Outcome::Done { report, reason }),
            Some(RunEnd::Stopped { reason }) => Ok(Outcome::Stopped { report, reason }),
            Some(RunEnd::Failed | RunEnd::Interrupted) => {
                Err(confused("a driver ended in a state it cannot reach"))
            }
        }
    }
}

/// Whether the store has failed for longer than the run waits for it.
fn is_outage(error: &ScorpioError) -> bool {
    let source = std::error::Error::source(error);
    source.and_then(|source| source.downcast_ref::<StoreError>()).is_some_and(StoreError::is_outage)
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

impl Drop for Driver {
    fn drop(&mut self) {
        // A run that is durably over needs nothing. Without a runtime, the session's next run settles this one.
        if self.alive.take().is_none() {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (agent, owner, lease) = (Arc::clone(&self.agent), self.owner.clone(), self.lease.clone());
        let run = lease.run;
        let partial = mem::take(&mut self.answer).partial();
        runtime.spawn(async move {
            let settled = match agent.store.run(&owner, run).await {
                // It may be another's by now, who is alive.
                Ok(Some(record)) if record.lease() == lease => {
                    settle(&agent.store, agent.event_log.as_ref(), &record, Presumed::Dead, partial).await.map(drop)
                }
                Ok(_) => Ok(()),
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
