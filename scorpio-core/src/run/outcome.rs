//! How a run went.

use std::sync::Arc;

use super::StopReason;
use crate::{
    Message, Role, RunId, SessionId, Usage,
    model::{Entry, FinishReason},
    store::ToolExecution,
};

/// How a run that did not fail went. What was done is in the session either way.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Outcome {
    /// The model had nothing more to do.
    Done {
        /// What was done.
        report: RunReport,
        /// Why the model stopped.
        reason: FinishReason,
    },
    /// It waits for somebody's decision. Nothing is held open meanwhile: any process may go on with it, after any time, by
    /// [`Agent::resume`](crate::Agent::resume).
    Paused {
        /// What was done until then.
        report: RunReport,
        /// The calls that wait, with what somebody is asked about each.
        pending: Vec<ToolExecution>,
    },
    /// A limit or a cancel stopped it.
    Stopped {
        /// What was done until then.
        report: RunReport,
        /// Which.
        reason: StopReason,
    },
}

impl Outcome {
    /// What was done.
    pub fn report(&self) -> &RunReport {
        match self {
            Self::Done { report, .. } | Self::Paused { report, .. } | Self::Stopped { report, .. } => report,
        }
    }

    /// The text of the last assistant message; empty when there is none.
    pub fn text(&self) -> String {
        self.report().text()
    }

    /// What it cost.
    pub fn usage(&self) -> &Usage {
        &self.report().usage
    }

    /// The calls that wait for somebody's decision; none unless the run is paused.
    pub fn pending(&self) -> &[ToolExecution] {
        match self {
            Self::Paused { pending, .. } => pending,
            _ => &[],
        }
    }

    /// Whether it waits for somebody's decision.
    pub fn is_paused(&self) -> bool {
        matches!(self, Self::Paused { .. })
    }

    /// Whether the model had nothing more to do.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Done { .. })
    }
}

/// What a run did.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// Its session.
    pub session: SessionId,
    /// How many times the model was asked.
    pub turns: u32,
    /// What it cost.
    pub usage: Usage,
    /// What it cost in US dollars, as far as prices are known.
    pub cost_usd: f64,
    /// Model calls that may have been paid for without their answers being known, because a process ended while it waited.
    pub uncertain_calls: u32,
    pub(crate) appended: Vec<Arc<Entry>>,
}

impl RunReport {
    /// The messages that the run added to the session, oldest first; its input is not among them.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.appended.iter().map(|entry| entry.message())
    }

    /// The text of the last assistant message; empty when there is none.
    pub fn text(&self) -> String {
        let last = self.messages().rev().find(|message| message.role == Role::Assistant);
        last.map(Message::text).unwrap_or_default()
    }
}
