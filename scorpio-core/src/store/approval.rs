//! What somebody is asked before a tool runs, and the answer.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Json;

/// Why somebody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ApprovalReason {
    /// The tool is not to run without somebody's word.
    Policy,
    /// The tool was started and nobody knows whether it took effect: may it run again?
    OutcomeUnknown,
}

/// What somebody decides about a tool call.
///
/// ```
/// use scorpio_core::store::Decision;
/// let decision = Decision::deny("The amount is wrong.");
/// assert!(!decision.is_approval());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Decision {
    /// It may run.
    Approve {
        /// With these arguments in place of the model's. The model is told.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arguments: Option<Json>,
        /// This tool may run in this session from now on without anybody being asked.
        #[serde(default)]
        always: bool,
    },
    /// It must not run. The model is told the reason.
    Deny {
        /// Why.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

impl Decision {
    /// It may run as it is.
    pub const fn approve() -> Self {
        Self::Approve { arguments: None, always: false }
    }

    /// It may run, and so may this tool in this session from now on.
    pub const fn approve_always() -> Self {
        Self::Approve { arguments: None, always: true }
    }

    /// It may run with these arguments, a JSON object.
    pub fn approve_with(arguments: impl Into<Json>) -> Self {
        Self::Approve { arguments: Some(arguments.into()), always: false }
    }

    /// The same, and whether this tool may run in this session from now on without anybody being asked. A denial stays one.
    #[must_use]
    pub fn with_always(mut self, allowed: bool) -> Self {
        if let Self::Approve { always, .. } = &mut self {
            *always = allowed;
        }
        self
    }

    /// It must not run.
    pub fn deny(reason: impl Into<String>) -> Self {
        Self::Deny { reason: Some(reason.into()) }
    }

    /// Whether it may run.
    pub const fn is_approval(&self) -> bool {
        matches!(self, Self::Approve { .. })
    }
}

/// What somebody is asked about a tool call. The question is bound to the arguments: an answer to other arguments is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Approval {
    /// Its id: the same for all who look at it, and another one each time that somebody is asked.
    pub id: String,
    /// Why somebody is asked.
    pub reason: ApprovalReason,
    /// SHA-256 of the arguments that somebody is asked about, in hexadecimal.
    pub arguments_hash: String,
    /// When somebody was asked.
    pub requested_at: Timestamp,
    /// When the answer is no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    /// Who answered, in the program's own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<String>,
    /// When it was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
}

impl Approval {
    /// A question that is open.
    pub fn new(
        id: impl Into<String>,
        reason: ApprovalReason,
        arguments_hash: impl Into<String>,
        requested_at: Timestamp,
    ) -> Self {
        Self {
            id: id.into(),
            reason,
            arguments_hash: arguments_hash.into(),
            requested_at,
            expires_at: None,
            decision: None,
            decided_by: None,
            decided_at: None,
        }
    }
}
