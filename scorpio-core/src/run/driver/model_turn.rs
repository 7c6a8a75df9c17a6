//! One call of the model.

use std::{mem, sync::Arc};

use futures::{FutureExt, StreamExt};

use tokio::time::sleep;

use super::{Driver, Interrupt, compact::Tried, resets::Resets, unique_ids::UniqueIds};
use crate::{
    EventKind, FellBack, Origin, Part, PartDelta, PartFinished, PartStarted, Result, Retrying, StreamReset,
    TurnFinished, TurnStarted,
    failpoint::reach,
    model::{Assembler, CallContext, ModelAnswer, ModelError, ModelErrorKind, ModelEvent, ModelRequest},
    run::{Input, Step},
};

enum Broken {
    Interrupted(Interrupt),
    Failed(ModelError),
}

impl From<Interrupt> for Broken {
    fn from(interrupt: Interrupt) -> Self {
        Self::Interrupted(interrupt)
    }
}

impl From<ModelError> for Broken {
    fn from(error: ModelError) -> Self {
        Self::Failed(error)
    }
}

impl Driver {
    pub(super) async fn model_turn(&mut self) -> Result<()> {
        let turn = self.machine.turn();
        if let Step::CallModel { message_id, .. } = self.machine.next() {
            let message_id = message_id.clone();
            self.emitter.emit(|| EventKind::TurnStarted(TurnStarted { turn, message_id }));
        }
        if let Some(interrupt) = self.compact_if_long().await? {
            return self.interrupted(interrupt).await;
        }
        let mut resets = Resets::new(self.agent.stream_resets);
        self.answer = Assembler::new();
        loop {
            let broken_off = mem::take(&mut self.answer);
            self.answer.add_earlier(broken_off.usage());
            let asked = self.ask(turn).await.and_then(|()| Ok(self.answer.finish()?));
            let error = match asked {
                Ok(answer) => return self.answered(turn, answer).await,
                Err(Broken::Interrupted(interrupt)) => return self.interrupted(interrupt).await,
                Err(Broken::Failed(error)) => error,
            };
            if error.kind() == ModelErrorKind::ContextOverflow {
                match self.compact_because_refused().await? {
                    Tried::Shorter => continue,
                    Tried::Same => {}
                    Tried::Interrupted(interrupt) => return self.interrupted(interrupt).await,
                }
            }
            // What failed before it said anything was for the provider to try again.
            if !self.answer.has_parts() {
                self.answer = broken_off;
                return self.failed(error).await;
            }
            let Some(wait) = resets.next(&error) else { return self.failed(error).await };
            tracing::warn!(run = %self.lease.run, turn, error = ?error, "an answer broke off; it is asked for again");
            self.emitter.emit(|| EventKind::StreamReset(StreamReset { turn, error: error.kind() }));
            let waited = match self.flush().await {
                Ok(()) => self.watch.until(sleep(wait)).await,
                Err(interrupt) => Err(interrupt),
            };
            if let Err(interrupt) = waited {
                return self.interrupted(interrupt).await;
            }
        }
    }

    async fn ask(&mut self, turn: u32) -> Result<(), Broken> {
        self.watch.assure().await?;
        let request = self.request();
        let cancel = self.handle.cancellation().clone();
        let cx = CallContext { run: Some(self.lease.run), cancel, deadline: self.watch.deadline() };
        let provider = Arc::clone(self.agent.model.provider());
        let mut ids = UniqueIds::default();
        self.flush().await?;
        reach("model.before");
        let mut stream = self.watch.until(provider.stream(request, &cx)).await??;
        loop {
            // What has arrived together is handed on together.
            let ready = if self.emitter.is_pending() { stream.next().now_or_never() } else { None };
            if ready.is_none() || self.emitter.is_full() {
                self.flush().await?;
            }
            let next = async {
                match ready {
                    Some(next) => next,
                    None => stream.next().await,
                }
            };
            let next = self.watch.until(next).await?;
            let Some(event) = next else {
                reach("model.after");
                return Ok(());
            };
            reach("model.event");
            let mut event = event?;
            ids.apply(&mut event);
            self.answer.push(&event)?;
            self.tell(turn, event);
        }
    }

    fn tell(&mut self, turn: u32, event: ModelEvent) {
        match event {
            ModelEvent::PartStart { index, kind } => {
                self.emitter.emit(|| EventKind::PartStarted(PartStarted { turn, index, part: kind }));
            }
            ModelEvent::Delta { index, text } => {
                self.emitter.emit(|| EventKind::PartDelta(PartDelta { turn, index, text }));
            }
            ModelEvent::PartEnd { index, part } => {
                self.emitter.emit(|| EventKind::PartFinished(PartFinished { turn, index, part: *part }));
            }
            ModelEvent::Retrying(retrying) => self.emitter.emit(|| {
                let after_ms = u64::try_from(retrying.after.as_millis()).unwrap_or(u64::MAX);
                let (attempt, error) = (retrying.attempt, retrying.error);
                EventKind::Retrying(Retrying { turn, attempt, after_ms, error })
            }),
            ModelEvent::FellBack(fell_back) => self.emitter.emit(|| {
                let (Origin { provider, model, .. }, error) = (fell_back.to, fell_back.error);
                EventKind::FellBack(FellBack { turn, provider, model, error })
            }),
            ModelEvent::Response(_) | ModelEvent::Usage(_) | ModelEvent::Finish { .. } => {}
        }
    }

    fn request(&self) -> ModelRequest {
        let agent = &self.agent;
        let mut request = ModelRequest::new(Arc::clone(agent.model.name()), self.transcript.clone())
            .with_tools(Arc::clone(&self.tools))
            .with_parameters(&agent.parameters);
        request.instructions = agent.instructions.clone();
        request.output = self.output.as_ref().map(|output| Arc::clone(&output.schema));
        request
    }

    async fn answered(&mut self, turn: u32, answer: ModelAnswer) -> Result<()> {
        let (origin, cost_usd) = match &answer.origin {
            Some(origin) => {
                let key = format!("{}:{}", origin.provider, origin.model);
                (origin.clone(), self.agent.prices.cost(&key, &answer.usage))
            }
            None => {
                let cost_usd = self.agent.prices.cost(&self.agent.model_key, &answer.usage);
                (self.agent.origin.clone(), cost_usd)
            }
        };
        let (usage, reason) = (answer.usage.clone(), answer.reason);
        if !answer.parts.iter().any(|part| matches!(part, Part::ToolCall(_))) {
            self.catch_up().await;
        }
        let input = match self.complaint(&answer) {
            Some(complaint) => Input::OutputRejected { answer, origin, cost_usd, complaint },
            None => Input::Answered { answer, origin, cost_usd },
        };
        let mut applied = self.apply(input)?;
        self.start_pending(&mut applied, self.agent.parallel_tools)?;
        self.commit(applied).await?;
        self.emitter.emit(|| EventKind::TurnFinished(TurnFinished { turn, usage, reason }));
        Ok(())
    }

    /// Looks once more whether the run was told something, before an answer that would end it: a message that was accepted is not to be lost.
    async fn catch_up(&mut self) {
        match self.agent.store.signals(self.lease.run, self.watch.fetched()).await {
            Ok(told) if told.is_empty() => {}
            Ok(told) => self.watch.give_back(told),
            Err(error) => {
                tracing::warn!(run = %self.lease.run, error = ?error, "what a run was told could not be read before its end");
            }
        }
    }

    /// What is wrong with a final answer that must have a shape, if the model may still mend it.
    fn complaint(&mut self, answer: &ModelAnswer) -> Option<String> {
        let output = self.output.as_mut().filter(|output| output.repairs > 0)?;
        let calls_tools = answer.parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
        if calls_tools {
            return None;
        }
        let wrong = (output.check)(&answer.text()).err()?;
        output.repairs -= 1;
        Some(format!(
            "Your answer does not have the required shape: {wrong}. Answer again with the corrected JSON alone."
        ))
    }

    async fn failed(&mut self, error: ModelError) -> Result<()> {
        let partial = mem::take(&mut self.answer).partial();
        let applied = self.apply(Input::Failed { partial })?;
        self.commit(applied).await?;
        Err(error.into())
    }
}
