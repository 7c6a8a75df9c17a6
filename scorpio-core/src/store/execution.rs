//! The record of doing what a model asked for.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Approval;
use crate::{RunId, ToolCallId, ToolName, ToolResultPart, tool::RetryClass};

/// How far a tool execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ExecutionStatus {
    /// Planned, not started.
    Pending,
    /// Planned, and not to be started before somebody has approved it.
    AwaitingApproval,
    /// Started; its effect may have happened.
    Running,
    /// The tool answered.
    Completed,
    /// The tool failed, or its arguments were refused.
    Failed,
    /// Somebody, or a policy, said no.
    Denied,
    /// The run ended before the tool was started.
    Cancelled,
    /// It was started, and whoever ran it ended before it answered: its effect may have happened. Without a result it waits for somebody
    /// to say whether it may run again.
    OutcomeUnknown,
}

impl ExecutionStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::AwaitingApproval,
        Self::Running,
        Self::Completed,
        Self::Failed,
        Self::Denied,
        Self::Cancelled,
        Self::OutcomeUnknown,
    ];

    /// The spelling used in stores.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::OutcomeUnknown => "outcome_unknown",
        }
    }
}

/// The record of doing what a model asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ToolExecution {
    /// The run.
    pub run: RunId,
    /// The turn, from 1.
    pub turn: u32,
    /// Which call of the turn, from 0.
    pub index: u32,
    /// The model's id of the call.
    pub call_id: ToolCallId,
    /// The tool's name.
    pub tool: ToolName,
    /// The arguments, as the model wrote them or whoever approved the call has changed them.
    pub arguments: Arc<str>,
    /// The same at every attempt of this call, and of no other.
    pub idempotency_key: Arc<str>,
    /// What a restart may do with it.
    pub retry: RetryClass,
    /// How far it is.
    pub status: ExecutionStatus,
    /// How often it was started.
    pub attempts: u32,
    /// What somebody was asked about it, and what the answer was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// The answer.
    pub result: Option<ToolResultPart>,
    /// What the operator should know about a failure. Models and users do not see it.
    pub error: Option<String>,
    /// When it was last started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

impl ToolExecution {
    /// Whether it waits for somebody's decision.
    pub fn awaits_decision(&self) -> bool {
        let asked =
            matches!(self.status, ExecutionStatus::AwaitingApproval | ExecutionStatus::OutcomeUnknown);
        asked && self.result.is_none()
    }
}
