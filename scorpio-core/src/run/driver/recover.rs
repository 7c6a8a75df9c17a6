//! Goes on with a run that this process did not begin, or has left waiting.

use std::sync::Arc;

use super::{Driver, confused};
use crate::{
    EventKind, OwnerId, Result, RunId, RunResumed, ScorpioError, SessionId,
    agent::Definition,
    failpoint::reach,
    run::{
        Applied, Input, Outcome, Step,
        driver::OutputCheck,
        emitter::{Emitter, Queue},
        execute::reconcile,
        live::{self, Alive},
        patience::Patience,
        settle::read_log,
        start::{Seat, history, tools},
        stream::RunHandle,
    },
    store::{ExecutionStatus, RunRecord, RunStatus},
    tool::{Extensions, UnknownOutcome},
};

/// A run that keeps ending its process is not taken up for ever.
const RECOVERIES: u32 = 10;

/// A run that is to go on.
#[derive(Debug)]
pub(crate) struct Resume {
    pub(crate) agent: Arc<Definition>,
    pub(crate) owner: OwnerId,
    pub(crate) handle: RunHandle,
    pub(crate) extensions: Extensions,
    pub(crate) output: Option<OutputCheck>,
    /// The holder whose lease counts for nothing, because it is dead.
    pub(crate) dead: Option<String>,
    pub(crate) queue: Option<Queue>,
}

/// A run that this process now drives.
#[derive(Debug)]
pub(crate) struct Resumed {
    driver: Driver,
    /// Its process was gone; otherwise it waited for somebody.
    recovered: bool,
    recoveries: u32,
}

/// Takes the run over.
pub(crate) async fn resume(resume: Resume) -> Result<Resumed> {
    let Resume { agent, owner, handle, extensions, output, dead, queue } = resume;
    let run = handle.run_id();
    let found = agent.store.run(&owner, run).await?.ok_or_else(|| no_such_run(run))?;
    let name = found.machine.agent();
    // A run that is older than such names belongs to whoever it is given to.
    if !name.is_empty() && name != agent.name {
        let text = format!("The run belongs to the agent `{name}`, not to `{}`.", agent.name);
        return Err(ScorpioError::new(crate::ErrorKind::BadRequest, crate::Surface::Chat, text));
    }
    let recovered = found.status == RunStatus::Running;
    let session = found.session.clone();
    let tools = tools(&agent, &session, &owner, &extensions).await?;
    let alive = Alive::new(run);
    reach("take_over.before");
    let record = agent.store.take_over(run, live::holder(), dead.as_deref(), agent.lease).await?;
    reach("take_over.after");
    let lease = record.lease();
    let RunRecord { machine, recoveries, .. } = record;
    // The run is this process's by now, so nobody else would go on with it.
    let transcript = history(&agent, &owner, &session, None, Patience::of_reading()).await?;
    let version = version(&agent, &owner, &session).await?.ok_or_else(|| no_such_run(run))?;
    let logged = read_log(agent.event_log.as_ref(), run, machine.turn()).await;
    let emitter = Emitter::new(session.clone(), run, queue, agent.event_log.clone()).after(logged.last_seq);
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
    Ok(Resumed { driver: Driver::new(seat, alive), recovered, recoveries })
}

/// The version that a session is of, if it is there.
async fn version(agent: &Definition, owner: &OwnerId, session: &SessionId) -> Result<Option<u64>> {
    let mut patience = Patience::of_reading();
    loop {
        match agent.store.session(owner, session).await {
            Ok(session) => return Ok(session.map(|session| session.version)),
            Err(error) => patience.wait(error).await?,
        }
    }
}

fn no_such_run(run: RunId) -> ScorpioError {
    let text = "There is no such run, or it is over.";
    ScorpioError::new(crate::ErrorKind::NotFound, crate::Surface::Chat, text)
        .with_source(format!("run {run}"))
}

impl Resumed {
    /// Drives the run to its end, or to where it waits again.
    pub(crate) async fn drive(self) -> Result<Outcome> {
        let Self { mut driver, recovered, recoveries } = self;
        let turn = driver.machine.turn();
        driver.emitter.emit(|| EventKind::RunResumed(RunResumed { turn, recovered }));
        let driven = match driver.take_up(recovered, recoveries).await {
            Ok(()) => driver.steps().await,
            Err(error) => Err(error),
        };
        driver.ended(driven).await
    }
}

impl Driver {
    /// Deals with what was left behind, and with what the run was told meanwhile.
    async fn take_up(&mut self, recovered: bool, recoveries: u32) -> Result<()> {
        let mut patience = Patience::of_reading();
        let signals = loop {
            match self.agent.store.signals(self.lease.run, self.machine.signals_seen()).await {
                Ok(signals) => break signals,
                Err(error) => self.wait_for_store(&mut patience, error).await?,
            }
        };
        let mut applied = Applied::default();
        if recovered {
            if recoveries > RECOVERIES {
                let applied = self.take(Input::Failed { partial: Vec::new() })?;
                self.commit(applied).await?;
                return Err(confused(format!(
                    "the run was taken over {recoveries} times and its process ended each time"
                )));
            }
            reach("recover.before");
            let reconciled = self.reconcile().await;
            applied.merge(self.take(Input::Recovered { reconciled })?);
        }
        applied.merge(self.take(Input::Expired)?);
        // One step for all of it, so that a crash here finds the run as it was.
        self.told_with(applied, signals).await?;
        if matches!(self.machine.next(), Step::AwaitDecisions(_)) {
            tracing::debug!(run = %self.lease.run, "a run that was taken up waits again");
        }
        Ok(())
    }

    /// Asks the tools that can tell what became of calls whose process is gone.
    async fn reconcile(&mut self) -> Vec<(u32, crate::tool::Reconciled<crate::ToolResultPart>)> {
        let mut found = Vec::new();
        let started = self.machine.executions().iter().filter(|call| call.status == ExecutionStatus::Running);
        let started: Vec<_> = started.filter(|call| !call.retry.may_run_again()).cloned().collect();
        for execution in started {
            let Some(tool) = self.tools.get(&execution.tool).cloned() else { continue };
            if tool.spec().unknown_outcome != UnknownOutcome::Probe {
                continue;
            }
            let cx = self.calling().cx;
            let index = execution.index;
            let asked = reconcile(execution, tool, cx, self.agent.tool_timeout);
            if let Ok(reconciled) = self.watch.until(asked).await {
                found.push((index, reconciled));
            }
        }
        found
    }
}
