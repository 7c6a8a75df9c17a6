//! What a run does next, and what each thing that happens to it means. It does no I/O and reads no clock, so the same
//! inputs always lead to the same history; it serializes, so a run can stop in one process and go on in another.

mod calls;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use self::calls::{Calls, plan};
use super::{Limits, StopReason};
use crate::{
    Message, MessageId, MessageStatus, Origin, Part, Role, RunEnd, RunId, SessionId, ToolResultPart, Usage,
    model::{FinishReason, ModelAnswer},
    store::ToolExecution,
    tool::{RetryClass, ToolCatalog},
};

/// The version of the serialized form. A machine of a version that this code does not know is refused, never misread.
const VERSION: u16 = 1;

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step<'a> {
    /// Ask the model, and apply [`Input::Answered`].
    CallModel {
        /// The turn, from 1.
        turn: u32,
        /// The id that the assistant message will have.
        message_id: &'a MessageId,
    },
    /// Run those that are pending, and apply [`Input::ToolStarted`] and [`Input::ToolFinished`] for each.
    CallTools(&'a [ToolExecution]),
    /// Nothing.
    Done(RunEnd),
}

/// Something that happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Input {
    /// The model answered.
    Answered {
        /// Its answer.
        answer: ModelAnswer,
        /// Which model.
        origin: Origin,
        /// What it cost in US dollars, if that is known.
        cost_usd: Option<f64>,
    },
    /// The text of the answer is not of the shape that was asked for. It takes the place of a final [`Input::Answered`].
    OutputRejected {
        /// The answer.
        answer: ModelAnswer,
        /// Which model.
        origin: Origin,
        /// What it cost in US dollars, if that is known.
        cost_usd: Option<f64>,
        /// What to tell the model.
        complaint: String,
    },
    /// A tool is about to start.
    ToolStarted {
        /// Which call of the turn.
        index: u32,
    },
    /// A tool has ended.
    ToolFinished {
        /// Which call of the turn.
        index: u32,
        /// What the model reads.
        result: ToolResultPart,
        /// What the operator reads about a failure.
        error: Option<String>,
    },
    /// A message of the user joins the run at the next turn.
    Steered(Message),
    /// Somebody, or a limit, stops it.
    Stop {
        /// Why.
        reason: StopReason,
        /// What there is of the answer that is being written.
        partial: Vec<Part>,
        /// What the model call had cost so far.
        usage: Usage,
    },
    /// The model failed for good.
    Failed {
        /// What there is of the answer.
        partial: Vec<Part>,
    },
    /// The process that drove it is gone.
    Interrupted {
        /// What there is of the answer.
        partial: Vec<Part>,
    },
}

/// An input that does not fit the state of the machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the run cannot take this now: {0}")]
pub struct MachineError(&'static str);

/// What an input led to, to be made durable in one transaction with the machine.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Applied {
    /// Messages that the history grows by.
    pub append: Vec<Message>,
    /// Tool executions that are new or changed.
    pub executions: Vec<ToolExecution>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum State {
    Model { message_id: MessageId },
    Tools(Calls),
    Ended(RunEnd),
}

/// The state of one run.
///
/// ```
/// use scorpio_core::{Limits, RunId, SessionId, run::{RunMachine, Step}};
/// let machine = RunMachine::new(RunId::new(), SessionId::new(), Limits::new());
/// assert!(matches!(machine.next(), Step::CallModel { turn: 1, .. }));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunMachine {
    #[serde(deserialize_with = "known_version")]
    version: u16,
    run: RunId,
    session: SessionId,
    message_id: MessageId,
    limits: Limits,
    turn: u32,
    tool_calls: u32,
    usage: Usage,
    cost_usd: f64,
    steered: Vec<Message>,
    state: State,
}

fn known_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    match u16::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        other => Err(serde::de::Error::custom(format!(
            "the run was written in format {other}; this version of Scorpio reads format {VERSION}"
        ))),
    }
}

impl RunMachine {
    /// A run that is about to ask the model for the first time.
    pub fn new(run: RunId, session: SessionId, limits: Limits) -> Self {
        let message_id = MessageId::new();
        Self {
            version: VERSION,
            run,
            session,
            message_id: message_id.clone(),
            limits,
            turn: 1,
            tool_calls: 0,
            usage: Usage::default(),
            cost_usd: 0.0,
            steered: Vec::new(),
            state: State::Model { message_id },
        }
    }

    /// The run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The session.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// The id of the first assistant message of the run.
    pub fn message_id(&self) -> &MessageId {
        &self.message_id
    }

    /// How much it may use.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The turn, from 1.
    pub fn turn(&self) -> u32 {
        self.turn
    }

    /// What it has cost so far.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// What it has cost so far in US dollars, as far as prices are known.
    pub fn cost_usd(&self) -> f64 {
        self.cost_usd
    }

    /// The tool executions of the turn, or none.
    pub fn executions(&self) -> &[ToolExecution] {
        match &self.state {
            State::Tools(calls) => calls.executions(),
            _ => &[],
        }
    }

    /// What to do next.
    pub fn next(&self) -> Step<'_> {
        match &self.state {
            State::Model { message_id } => Step::CallModel { turn: self.turn, message_id },
            State::Tools(calls) => Step::CallTools(calls.executions()),
            State::Ended(end) => Step::Done(*end),
        }
    }

    /// Takes in what happened at `at`, and answers what that leads to. `tools` are those of the run; they are asked for the retry
    /// class of each call.
    ///
    /// # Errors
    ///
    /// When the input does not fit the state. The machine is then as it was.
    pub fn apply(
        &mut self,
        input: Input,
        tools: &ToolCatalog,
        at: Timestamp,
    ) -> Result<Applied, MachineError> {
        match input {
            Input::Answered { answer, origin, cost_usd } => {
                let message_id = self.expect_model()?;
                self.charge(&answer.usage, cost_usd);
                Ok(self.answered(message_id, answer, origin, tools, at))
            }
            Input::OutputRejected { answer, origin, cost_usd, complaint } => {
                let message_id = self.expect_model()?;
                self.charge(&answer.usage, cost_usd);
                let answered = self.assistant(message_id, answer, origin, at);
                let complaint = self.dated(Message::user(complaint), at);
                Ok(self.next_turn(vec![answered, complaint], Vec::new(), at))
            }
            Input::ToolStarted { index } => {
                let started =
                    self.expect_tools()?.start(index, at).ok_or(MachineError("no such call is pending"))?;
                Ok(Applied { append: Vec::new(), executions: vec![started] })
            }
            Input::ToolFinished { index, result, error } => self.tool_finished(index, result, error, at),
            Input::Steered(message) => {
                if let State::Ended(_) = self.state {
                    return Err(MachineError("it is over"));
                }
                self.steered.push(message);
                Ok(Applied::default())
            }
            Input::Stop { reason, partial, usage } => {
                self.usage += &usage;
                self.end(RunEnd::Stopped { reason }, MessageStatus::Stopped, partial, at)
            }
            Input::Failed { partial } => self.end(RunEnd::Failed, MessageStatus::Failed, partial, at),
            Input::Interrupted { partial } => {
                self.end(RunEnd::Interrupted, MessageStatus::Interrupted, partial, at)
            }
        }
    }

    fn expect_model(&self) -> Result<MessageId, MachineError> {
        match &self.state {
            State::Model { message_id } => Ok(message_id.clone()),
            _ => Err(MachineError("no model was asked")),
        }
    }

    fn expect_tools(&mut self) -> Result<&mut Calls, MachineError> {
        match &mut self.state {
            State::Tools(calls) => Ok(calls),
            _ => Err(MachineError("no tools are called")),
        }
    }

    fn charge(&mut self, usage: &Usage, cost_usd: Option<f64>) {
        self.usage += usage;
        self.cost_usd += cost_usd.unwrap_or(0.0);
    }

    fn answered(
        &mut self,
        message_id: MessageId,
        answer: ModelAnswer,
        origin: Origin,
        tools: &ToolCatalog,
        at: Timestamp,
    ) -> Applied {
        let reason = answer.reason;
        let message = self.assistant(message_id, answer, origin, at);
        let retry = |name: &str| tools.get(name).map_or(RetryClass::AtMostOnce, |tool| tool.spec().retry);
        let mut calls = plan(self, &message, retry);
        if calls.is_empty() {
            return if self.steered.is_empty() && reason != FinishReason::Paused {
                self.state = State::Ended(RunEnd::Done { reason });
                Applied { append: vec![message], executions: Vec::new() }
            } else {
                self.next_turn(vec![message], Vec::new(), at)
            };
        }
        self.tool_calls = self.tool_calls.saturating_add(calls.len());
        let end = match reason {
            // The last call may be cut off, and one that was filtered must not run.
            FinishReason::Length | FinishReason::ContentFilter => Some(RunEnd::Done { reason }),
            _ if self.tool_calls > self.limits.tool_calls => {
                Some(RunEnd::Stopped { reason: StopReason::ToolCalls })
            }
            _ => self.spent().map(|reason| RunEnd::Stopped { reason }),
        };
        match end {
            Some(end) => {
                let (mut results, executions) = calls.close(at);
                if let RunEnd::Stopped { .. } = end {
                    results.status = MessageStatus::Stopped;
                }
                let mut append = vec![message, self.dated(results, at)];
                append.extend(self.take_steered(at));
                self.state = State::Ended(end);
                Applied { append, executions }
            }
            None => {
                let executions = calls.executions().to_vec();
                self.state = State::Tools(calls);
                Applied { append: vec![message], executions }
            }
        }
    }

    fn tool_finished(
        &mut self,
        index: u32,
        result: ToolResultPart,
        error: Option<String>,
        at: Timestamp,
    ) -> Result<Applied, MachineError> {
        let calls = self.expect_tools()?;
        let finished = calls.finish(index, result, error, at).ok_or(MachineError("no such call is open"))?;
        if !calls.all_finished() {
            return Ok(Applied { append: Vec::new(), executions: vec![finished] });
        }
        let (results, _) = calls.close(at);
        let results = self.dated(results, at);
        Ok(self.next_turn(vec![results], vec![finished], at))
    }

    /// Goes on to the next model call, unless a limit says otherwise.
    fn next_turn(
        &mut self,
        mut append: Vec<Message>,
        executions: Vec<ToolExecution>,
        at: Timestamp,
    ) -> Applied {
        append.extend(self.take_steered(at));
        let limit = if self.turn >= self.limits.turns { Some(StopReason::Turns) } else { self.spent() };
        self.state = match limit {
            Some(reason) => {
                // Nothing answers these results any more.
                let results = append.iter_mut().filter(|message| message.role == Role::Tool);
                results.for_each(|message| message.status = MessageStatus::Stopped);
                State::Ended(RunEnd::Stopped { reason })
            }
            None => {
                self.turn = self.turn.saturating_add(1);
                State::Model { message_id: MessageId::new() }
            }
        };
        Applied { append, executions }
    }

    fn spent(&self) -> Option<StopReason> {
        let tokens = self.limits.tokens.is_some_and(|limit| self.usage.total() >= limit);
        let money = self.limits.cost_usd.is_some_and(|limit| self.cost_usd >= limit);
        match (tokens, money) {
            (true, _) => Some(StopReason::Tokens),
            (_, true) => Some(StopReason::Cost),
            _ => None,
        }
    }

    /// Ends the run here and leaves a history that the next message can build on.
    fn end(
        &mut self,
        end: RunEnd,
        status: MessageStatus,
        partial: Vec<Part>,
        at: Timestamp,
    ) -> Result<Applied, MachineError> {
        let (mut append, mut executions) = (Vec::new(), Vec::new());
        match &mut self.state {
            State::Ended(_) => return Err(MachineError("it is over")),
            State::Tools(calls) => {
                let (results, changed) = calls.close(at);
                append.push(results.with_status(status));
                executions = changed;
            }
            State::Model { .. } if partial.is_empty() => {}
            State::Model { message_id } => {
                let message = Message::new(Role::Assistant, partial).with_id(message_id.clone());
                append.push(message.with_status(status));
            }
        }
        let mut append: Vec<Message> = append.into_iter().map(|message| self.dated(message, at)).collect();
        append.extend(self.take_steered(at));
        self.state = State::Ended(end);
        Ok(Applied { append, executions })
    }

    fn assistant(&self, id: MessageId, answer: ModelAnswer, origin: Origin, at: Timestamp) -> Message {
        let mut message = Message::at(at, id, Role::Assistant, answer.parts).with_origin(origin);
        message.usage = Some(answer.usage);
        message.with_run(self.run)
    }

    fn take_steered(&mut self, at: Timestamp) -> Vec<Message> {
        let steered = std::mem::take(&mut self.steered);
        steered.into_iter().map(|message| self.dated(message, at)).collect()
    }

    fn dated(&self, mut message: Message, at: Timestamp) -> Message {
        message.created_at = at;
        message.with_run(self.run)
    }
}

#[cfg(test)]
mod tests;
