//! One call of the model.

use std::{mem, sync::Arc};

use futures::{FutureExt, StreamExt};

use super::{Driver, Interrupt, unique_ids::UniqueIds};
use crate::{
    EventKind, Part, PartDelta, PartFinished, PartStarted, Result, TurnFinished, TurnStarted,
    model::{Assembler, CallContext, ModelAnswer, ModelError, ModelEvent, ModelRequest, ToolChoice},
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
        self.answer = Assembler::new();
        match self.ask(turn).await {
            Ok(()) => {}
            Err(Broken::Interrupted(interrupt)) => return self.interrupted(interrupt).await,
            Err(Broken::Failed(error)) => return self.failed(error).await,
        }
        match self.answer.finish() {
            Ok(answer) => self.answered(turn, answer).await,
            Err(error) => self.failed(error).await,
        }
    }

    async fn ask(&mut self, turn: u32) -> Result<(), Broken> {
        let request = self.request();
        let cancel = self.handle.cancellation().clone();
        let cx = CallContext { run: Some(self.lease.run), cancel, deadline: None };
        let provider = Arc::clone(self.agent.model.provider());
        let mut ids = UniqueIds::default();
        self.emitter.flush().await;
        let mut stream = self.watch.until(provider.stream(request, &cx)).await??;
        loop {
            // What has arrived together is handed on together.
            let ready = if self.emitter.is_pending() { stream.next().now_or_never() } else { None };
            if ready.is_none() || self.emitter.is_full() {
                self.emitter.flush().await;
            }
            let next = async {
                match ready {
                    Some(next) => next,
                    None => stream.next().await,
                }
            };
            let next = self.watch.until(next).await?;
            let Some(event) = next else { return Ok(()) };
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
            ModelEvent::Usage(_) | ModelEvent::Finish { .. } => {}
        }
    }

    fn request(&self) -> ModelRequest {
        let agent = &self.agent;
        ModelRequest {
            model: Arc::clone(agent.model.name()),
            instructions: agent.instructions.clone(),
            transcript: self.transcript.clone(),
            tools: Arc::clone(&self.tools),
            tool_choice: ToolChoice::Auto,
            parallel_tool_calls: None,
            output: self.output.as_ref().map(|output| Arc::clone(&output.schema)),
            max_output_tokens: agent.parameters.max_output_tokens,
            temperature: agent.parameters.temperature,
            reasoning_effort: agent.parameters.reasoning_effort.clone(),
            extra: agent.parameters.extra.clone(),
        }
    }

    async fn answered(&mut self, turn: u32, answer: ModelAnswer) -> Result<()> {
        let origin = self.agent.origin.clone();
        let cost_usd = self.agent.prices.cost(&self.agent.model_key, &answer.usage);
        let (usage, reason) = (answer.usage.clone(), answer.reason);
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
