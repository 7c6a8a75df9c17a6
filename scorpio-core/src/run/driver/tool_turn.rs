//! The tool calls of one turn: side by side up to a limit, each durably started before it runs.

use std::mem;

use futures::{StreamExt, stream::FuturesUnordered};
use tokio::sync::mpsc;

use super::Driver;
use crate::{
    DataSent, EventKind, Json, Provenance, Result, ToolOutcome, ToolProgress, ToolResultPart, ToolStarted,
    run::{
        Applied, Input,
        execute::{Executed, execute, known},
    },
    store::{ExecutionStatus, Statement, StoreError, StoreErrorKind, ToolExecution},
    tool::{BoxFuture, ToolContext, ToolEvent},
};

enum Happened {
    Said(ToolEvent),
    Ended(Executed),
}

/// What the tools of a run are given, and where they are heard.
#[derive(Debug)]
pub(super) struct Calling {
    pub(super) cx: ToolContext,
    sayings: mpsc::UnboundedReceiver<ToolEvent>,
}

type Running = FuturesUnordered<BoxFuture<'static, Executed>>;

impl Driver {
    /// Starts up to `slots` calls that are pending. They run once what this adds to `applied` is durable.
    pub(super) fn start_pending(&mut self, applied: &mut Applied, slots: usize) -> Result<()> {
        let pending = self.machine.executions().iter().filter(|call| call.status == ExecutionStatus::Pending);
        let indexes: Vec<u32> = pending.take(slots).map(|call| call.index).collect();
        for index in indexes {
            let started = self.take(Input::ToolStarted { index })?;
            self.starting.extend(started.executions.iter().cloned());
            applied.merge(started);
        }
        Ok(())
    }

    pub(super) async fn tool_turn(&mut self) -> Result<()> {
        if self.starting.is_empty() {
            // As after a recovery: what is pending is not durably started yet.
            let mut applied = Applied::default();
            self.start_pending(&mut applied, self.agent.parallel_tools)?;
            self.commit(applied).await?;
        }
        let mut calling = self.calling.take().unwrap_or_else(|| self.calling());
        let Calling { cx, sayings } = &mut calling;
        // Nobody listens to what the tools of earlier turns left behind.
        while sayings.try_recv().is_ok() {}
        let cx = cx.of_turn(self.handle.cancellation().child_token());
        let mut running = Running::new();
        self.launch(&running, &cx);
        while !running.is_empty() {
            if let Err(interrupt) = self.flush().await {
                drop(running);
                return self.interrupted(interrupt).await;
            }
            let next = async {
                tokio::select! {
                    biased;
                    Some(event) = sayings.recv() => Some(Happened::Said(event)),
                    ended = running.next() => ended.map(Happened::Ended),
                }
            };
            match self.watch.until_told(next).await {
                Ok(None) => {
                    let signals = self.watch.take_signals();
                    self.told(signals).await?;
                    self.launch(&running, &cx);
                }
                Ok(Some(Some(Happened::Said(event)))) => self.say(event),
                Ok(Some(Some(Happened::Ended(executed)))) => {
                    while let Ok(event) = sayings.try_recv() {
                        self.say(event);
                    }
                    self.finish_tool(executed).await?;
                    self.launch(&running, &cx);
                }
                Ok(Some(None)) => break,
                Err(interrupt) => {
                    drop(running);
                    return self.interrupted(interrupt).await;
                }
            }
        }
        self.calling = Some(calling);
        Ok(())
    }

    pub(super) fn calling(&self) -> Calling {
        let (said, sayings) = mpsc::unbounded_channel();
        let cancel = self.handle.cancellation().clone();
        let (session, owner) = (self.session.clone(), self.owner.clone());
        let cx = ToolContext::of_run(self.lease.run, session, owner, cancel, said, self.extensions.clone());
        Calling { cx, sayings }
    }

    /// Runs what is durably started.
    fn launch(&mut self, running: &Running, cx: &ToolContext) {
        for execution in mem::take(&mut self.starting) {
            self.announce(&execution);
            let tool = self.tools.get(&execution.tool).cloned();
            let known = if tool.is_some() { String::new() } else { known(&self.tools) };
            running.push(Box::pin(execute(execution, tool, known, cx.clone(), self.agent.tool_timeout)));
        }
    }

    fn announce(&mut self, execution: &ToolExecution) {
        self.emitter.emit(|| {
            EventKind::ToolStarted(ToolStarted {
                call_id: execution.call_id.clone(),
                name: execution.tool.clone(),
                arguments: crate::message::arguments_json(&execution.arguments),
            })
        });
    }

    async fn finish_tool(&mut self, executed: Executed) -> Result<()> {
        let Executed { index, result, error, statements } = executed;
        if statements.is_empty() {
            return self.finished(index, result, error, &[]).await.map_err(Into::into);
        }
        // The database may refuse: then nothing was done, and the tool has failed.
        let (machine, starting) = (self.machine.clone(), self.starting.clone());
        let refused = match self.finished(index, result.clone(), error, &statements).await {
            Ok(()) => return Ok(()),
            Err(error) if matches!(error.kind(), StoreErrorKind::Rejected | StoreErrorKind::Unsupported) => {
                error
            }
            Err(error) => return Err(error.into()),
        };
        (self.machine, self.starting) = (machine, starting);
        tracing::warn!(tool = %result.name, error = ?refused, "the database refused what a tool had to say");
        let text = match refused.kind() {
            StoreErrorKind::Unsupported => {
                "The tool needs a store with transactions, and this one has none. Nothing was done."
            }
            _ => "The database refused it. Nothing was done.",
        };
        let failed = ToolResultPart::new(
            result.call_id,
            result.name,
            Json::string(text),
            ToolOutcome::Failed,
            Provenance::System,
        );
        self.finished(index, failed, Some(format!("{refused:?}")), &[]).await.map_err(Into::into)
    }

    async fn finished(
        &mut self,
        index: u32,
        result: ToolResultPart,
        error: Option<String>,
        statements: &[Statement],
    ) -> Result<(), StoreError> {
        let confused =
            |error: crate::ScorpioError| StoreError::corrupt("a tool ended that was not running", error);
        let mut applied = self.apply(Input::ToolFinished { index, result, error }).map_err(confused)?;
        self.start_pending(&mut applied, 1).map_err(confused)?;
        self.commit_with(applied, statements).await
    }

    fn say(&mut self, event: ToolEvent) {
        self.emitter.emit(|| match event {
            ToolEvent::Progress { call_id, progress } => {
                EventKind::ToolProgress(ToolProgress { call_id, progress })
            }
            ToolEvent::Data { name, id, data } => EventKind::Data(DataSent { name, id, data }),
        });
    }
}
