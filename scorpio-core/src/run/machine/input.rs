//! What the machine asks for, what it is told, and what that leads to.

use crate::{
    Message, MessageId, Origin, Part, RunEnd, StopReason, ToolResultPart, Usage,
    model::ModelAnswer,
    store::{Decision, ToolExecution},
    tool::{ApprovalPolicy, Reconciled, ToolCatalog},
};

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
    /// Nothing can be done before somebody decides about those that wait; apply [`Input::Decided`] or [`Input::Expired`].
    AwaitDecisions(&'a [ToolExecution]),
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
    /// The history was longer than the model should read, and this message stands for its older part from now on.
    Compacted {
        /// The message, which says what it [replaces](Message::replaces).
        summary: Message,
        /// What writing it cost.
        usage: Usage,
        /// The same in US dollars, if that is known.
        cost_usd: Option<f64>,
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
    /// Somebody has decided about a call. A decision about nothing that is open changes nothing.
    Decided {
        /// The id of the approval.
        approval: String,
        /// The decision.
        decision: Decision,
        /// Who decided.
        by: Option<String>,
    },
    /// Time has passed: approvals whose time is up count as refused.
    Expired,
    /// Another process has taken the run over from one that is gone. Calls that were started and have no result are dealt with by what
    /// their tools declare.
    Recovered {
        /// What the tools have found out, by the indexes of their calls.
        reconciled: Vec<(u32, Reconciled<ToolResultPart>)>,
    },
    /// A message of the user joins the run at the next turn.
    Steered(Message),
    /// Signals up to this one were taken in.
    SignalsSeen(u64),
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
pub struct MachineError(pub(super) &'static str);

/// What an input led to, to be made durable in one transaction with the machine.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Applied {
    /// Messages that the history grows by.
    pub append: Vec<Message>,
    /// Tool executions that are new or changed.
    pub executions: Vec<ToolExecution>,
}

impl Applied {
    /// Adds what a later input led to. Of an execution that both changed, the later state counts.
    pub fn merge(&mut self, later: Self) {
        self.append.extend(later.append);
        for execution in later.executions {
            let place =
                |known: &ToolExecution| (known.turn, known.index) == (execution.turn, execution.index);
            self.executions.retain(|known| !place(known));
            self.executions.push(execution);
        }
    }
}

/// What holds for the tool calls of a run.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Rules<'a> {
    /// The tools. They are asked for the retry class of each call.
    pub tools: &'a ToolCatalog,
    /// Which calls somebody is asked about; none if there is no policy.
    pub policy: Option<&'a dyn ApprovalPolicy>,
    /// How long somebody has to answer.
    pub patience: Option<std::time::Duration>,
}

impl<'a> Rules<'a> {
    /// These tools, and nobody is asked.
    pub fn new(tools: &'a ToolCatalog) -> Self {
        Self { tools, policy: None, patience: None }
    }

    /// Asks somebody about some calls.
    #[must_use]
    pub fn with_policy(
        mut self,
        policy: &'a dyn ApprovalPolicy,
        patience: Option<std::time::Duration>,
    ) -> Self {
        (self.policy, self.patience) = (Some(policy), patience);
        self
    }
}
