//! What any process may tell a run that another one drives: to stop, to take in a message, what somebody has decided.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Decision;
use crate::Message;

/// Something that a run is told from outside. It is durable before whoever sends it is answered, and the run takes it in together with the
/// step that it leads to, so that it counts once.
///
/// ```
/// use scorpio_core::store::Signal;
/// assert_eq!(Signal::Stop.subject(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Signal {
    /// Stop. What was done is kept.
    Stop,
    /// A message of the user that joins the run at its next turn.
    Steer {
        /// The message.
        message: Message,
    },
    /// Somebody has decided about a tool call.
    Decide {
        /// The id of the approval.
        approval: String,
        /// The decision.
        decision: Decision,
        /// Who decided, in the program's own words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

impl Signal {
    /// What it settles once and for all: a second signal of a run with the same subject is refused.
    pub fn subject(&self) -> Option<&str> {
        match self {
            Self::Decide { approval, .. } => Some(approval),
            Self::Stop | Self::Steer { .. } => None,
        }
    }
}

/// A signal as it is stored.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StoredSignal {
    /// Its place among those of the run, from 1.
    pub seq: u64,
    /// When it was sent.
    pub at: Timestamp,
    /// What the run is told.
    pub signal: Signal,
}

impl StoredSignal {
    /// A signal at a place.
    pub fn new(seq: u64, at: Timestamp, signal: Signal) -> Self {
        Self { seq, at, signal }
    }
}
