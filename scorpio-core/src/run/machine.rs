//! What a run does next, and what each thing that happens to it means. It does no I/O and reads no clock, so the same
//! inputs always lead to the same history; it serializes, so a run can stop in one process and go on in another.

mod calls;
mod input;

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use self::calls::{Calls, plan, recovery};
pub use self::input::{Applied, Input, MachineError, Rules, Step};
use super::{Limits, StopReason};
use crate::{
    Message, MessageId, MessageStatus, Origin, Part, Role, RunEnd, RunId, SessionId, ToolName,
    ToolResultPart, Usage,
    model::{FinishReason, ModelAnswer, OutputSchema},
    store::{Decision, JournalHash, ToolExecution},
    tool::Reconciled,
};

/// The version of the serialized form. A machine of a version that this code does not know is refused, never misread.
const VERSION: u16 = 2;

/// The oldest version that can still be read: what it lacks has defaults.
const OLDEST_VERSION: u16 = 1;

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
    /// The name of the agent whose run it is: whoever takes the run over needs one of the same name.
    #[serde(default)]
    agent: Arc<str>,
    /// How many steps were made durable.
    #[serde(default)]
    step: u64,
    #[serde(default)]
    journal: JournalHash,
    #[serde(default)]
    signals_seen: u64,
    /// Model calls that may have been made, and paid for, by a process that ended before it could record the answer.
    #[serde(default)]
    uncertain_calls: u32,
    #[serde(default)]
    approved_tools: Vec<ToolName>,
    /// The shape that the final answer must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output: Option<Arc<OutputSchema>>,
}

fn known_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    match u16::deserialize(deserializer)? {
        OLDEST_VERSION..=VERSION => Ok(VERSION),
        other => Err(serde::de::Error::custom(format!(
            "the run was written in format {other}; this version of Scorpio reads formats {OLDEST_VERSION} to {VERSION}"
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
            agent: Arc::default(),
            step: 0,
            journal: JournalHash::default(),
            signals_seen: 0,
            uncertain_calls: 0,
            approved_tools: Vec::new(),
            output: None,
        }
    }

    /// Sets the name of the agent whose run it is.
    #[must_use]
    pub fn of_agent(mut self, name: impl Into<Arc<str>>) -> Self {
        self.agent = name.into();
        self
    }

    /// Sets the tools that may run without anybody being asked.
    #[must_use]
    pub fn with_approved_tools(mut self, tools: Vec<ToolName>) -> Self {
        self.approved_tools = tools;
        self
    }

    /// Sets the shape that the final answer must have.
    #[must_use]
    pub fn with_output(mut self, output: Option<Arc<OutputSchema>>) -> Self {
        self.output = output;
        self
    }

    /// The run.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// The session.
    pub fn session(&self) -> &SessionId {
        &self.session
    }

    /// The name of the agent whose run it is.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// How many steps were made durable.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// The hash of the last entry of its journal.
    pub fn journal(&self) -> JournalHash {
        self.journal
    }

    /// Counts a step that is about to be made durable, whose entry in the journal has this hash.
    pub(crate) fn count_step(&mut self, journal: Option<JournalHash>) {
        self.step += 1;
        self.journal = journal.unwrap_or(self.journal);
    }

    /// What [`RunMachine::count_step`] changes.
    pub(crate) fn clone_step(&self) -> (u64, JournalHash) {
        (self.step, self.journal)
    }

    /// Takes back a step that could not be made durable.
    pub(crate) fn restore_step(&mut self, (step, journal): (u64, JournalHash)) {
        (self.step, self.journal) = (step, journal);
    }

    /// How many of the signals that were sent to it were taken in.
    pub fn signals_seen(&self) -> u64 {
        self.signals_seen
    }

    /// How many model calls may have been made, and paid for, without their answers being known: each time that a process ended while it
    /// waited for one. Their cost is in no figure.
    pub fn uncertain_calls(&self) -> u32 {
        self.uncertain_calls
    }

    /// The tools that may run in this run without anybody being asked.
    pub fn approved_tools(&self) -> &[ToolName] {
        &self.approved_tools
    }

    /// The shape that the final answer must have.
    pub fn output(&self) -> Option<&Arc<OutputSchema>> {
        self.output.as_ref()
    }

    /// When a run that waits for somebody goes on by itself.
    pub fn wake_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Tools(calls) => calls.next_expiry(),
            _ => None,
        }
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
            State::Tools(calls) if calls.only_decisions_are_left() => {
                Step::AwaitDecisions(calls.executions())
            }
            State::Tools(calls) => Step::CallTools(calls.executions()),
            State::Ended(end) => Step::Done(*end),
        }
    }

    /// Takes in what happened at `at`, and answers what that leads to.
    ///
    /// # Errors
    ///
    /// When the input does not fit the state. The machine is then as it was.
    pub fn apply(&mut self, input: Input, rules: &Rules<'_>, at: Timestamp) -> Result<Applied, MachineError> {
        match input {
            Input::Answered { answer, origin, cost_usd } => {
                let message_id = self.expect_model()?;
                self.charge(&answer.usage, cost_usd);
                Ok(self.answered(message_id, answer, origin, rules, at))
            }
            Input::OutputRejected { answer, origin, cost_usd, complaint } => {
                let message_id = self.expect_model()?;
                self.charge(&answer.usage, cost_usd);
                let answered = self.assistant(message_id, answer, origin, at);
                let complaint = self.dated(Message::user(complaint), at);
                Ok(self.next_turn(vec![answered, complaint], Vec::new(), at))
            }
            Input::Compacted { summary, usage, cost_usd } => {
                self.expect_model()?;
                self.charge(&usage, cost_usd);
                Ok(Applied { append: vec![self.dated(summary, at)], executions: Vec::new() })
            }
            Input::ToolStarted { index } => {
                let started =
                    self.expect_tools()?.start(index, at).ok_or(MachineError("no such call is pending"))?;
                Ok(Applied { append: Vec::new(), executions: vec![started] })
            }
            Input::ToolFinished { index, result, error } => self.tool_finished(index, result, error, at),
            Input::Decided { approval, decision, by } => {
                Ok(self.decided(&approval, &decision, by.as_deref(), at))
            }
            Input::Expired => {
                let State::Tools(calls) = &mut self.state else { return Ok(Applied::default()) };
                let late = calls.expire(at);
                Ok(self.tools_changed(late, at))
            }
            Input::Recovered { reconciled } => self.recovered(reconciled, rules, at),
            Input::SignalsSeen(seq) => {
                self.signals_seen = self.signals_seen.max(seq);
                Ok(Applied::default())
            }
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
        rules: &Rules<'_>,
        at: Timestamp,
    ) -> Applied {
        let reason = answer.reason;
        let message = self.assistant(message_id, answer, origin, at);
        let mut calls = plan(self, &message, rules, at);
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
                // Nothing is left to do if all of them were refused.
                let mut applied = Applied { append: vec![message], executions: Vec::new() };
                applied.merge(self.tools_changed(executions, at));
                applied
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
        Ok(self.tools_changed(vec![finished], at))
    }

    fn decided(&mut self, id: &str, decision: &Decision, by: Option<&str>, at: Timestamp) -> Applied {
        let State::Tools(calls) = &mut self.state else { return Applied::default() };
        let changed = calls.decide(id, decision, by, at);
        if let (Decision::Approve { always: true, .. }, Some(execution)) = (decision, changed.first())
            && !self.approved_tools.contains(&execution.tool)
        {
            self.approved_tools.push(execution.tool.clone());
        }
        self.tools_changed(changed, at)
    }

    fn recovered(
        &mut self,
        reconciled: Vec<(u32, Reconciled<ToolResultPart>)>,
        rules: &Rules<'_>,
        at: Timestamp,
    ) -> Result<Applied, MachineError> {
        match &mut self.state {
            State::Ended(_) => Err(MachineError("it is over")),
            State::Model { .. } => {
                self.uncertain_calls = self.uncertain_calls.saturating_add(1);
                Ok(Applied::default())
            }
            State::Tools(calls) => {
                let mut changed = Vec::new();
                for execution in calls.started() {
                    let found = reconciled.iter().find(|(index, _)| *index == execution.index);
                    recovery::recover(execution, found.map(|(_, found)| found.clone()), rules, at);
                    changed.push(execution.clone());
                }
                Ok(self.tools_changed(changed, at))
            }
        }
    }

    /// Goes on to the next turn if the last call of this one has an answer by now.
    fn tools_changed(&mut self, changed: Vec<ToolExecution>, at: Timestamp) -> Applied {
        let State::Tools(calls) = &mut self.state else {
            return Applied { append: Vec::new(), executions: changed };
        };
        if !calls.all_finished() {
            return Applied { append: Vec::new(), executions: changed };
        }
        let (results, _) = calls.close(at);
        let results = self.dated(results, at);
        self.next_turn(vec![results], changed, at)
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
                self.turn += 1;
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
