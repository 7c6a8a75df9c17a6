//! How a run went.

use std::sync::Arc;

use super::StopReason;
use crate::{
    Message, Role, RunId, SessionId, Usage,
    model::{Entry, FinishReason},
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
            Self::Done { report, .. } | Self::Stopped { report, .. } => report,
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
