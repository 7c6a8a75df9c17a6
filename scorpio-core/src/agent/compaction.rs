//! When a history is too long for a model, and what becomes of it.

use std::sync::Arc;

use crate::model::Model;

/// How many tokens a history may have before it is compacted, unless set.
const THRESHOLD: u64 = 150_000;

/// How many tokens of the newest history stay as they are, unless set.
const KEEP: u64 = 20_000;

/// What the model is asked for, unless set.
const INSTRUCTIONS: &str = "Summarize the conversation below for the assistant that will continue it and will not see it. Keep every \
    fact, decision, name, number, file and identifier that may be needed later, what the user wants, what has been done with which \
    result, and what is still open. Write plain text, no greeting and no comment on the task.";

/// Lets a long conversation go on: a summary, written by a model, takes the place of its older part in what models are sent. The history
/// itself stays whole; the summary is one more message of it, which says what it [replaces](crate::Message::replaces).
///
/// A history is compacted before a turn when it has more tokens than the threshold, and once in a turn when the provider says that it is
/// too long. Whatever a model thought before that point is not sent any more: it is bound to what is gone.
///
/// ```
/// use scorpio_core::{Agent, Compaction, model::{Demo, Model}};
/// let compaction = Compaction::new().threshold(100_000).keep(10_000);
/// let agent = Agent::builder("patient").with_model(Model::new(Demo::new(), "demo")).compact(compaction).build();
/// assert!(agent.is_ok());
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Compaction {
    /// The most tokens that a history may have before a turn. 150,000 unless set.
    pub threshold: u64,
    /// About how many tokens of the newest history stay as they are. 20,000 unless set.
    pub keep: u64,
    /// Who writes the summary. Unset, it is the agent's own model.
    pub model: Option<Model>,
    /// What that model is asked for.
    pub instructions: Arc<str>,
}

impl Compaction {
    /// Beyond 150,000 tokens, all but the newest 20,000 or so.
    pub fn new() -> Self {
        Self { threshold: THRESHOLD, keep: KEEP, model: None, instructions: INSTRUCTIONS.into() }
    }

    /// Sets how many tokens a history may have.
    #[must_use]
    pub fn threshold(mut self, tokens: u64) -> Self {
        self.threshold = tokens;
        self
    }

    /// Sets about how many tokens of the newest history stay as they are. It should be well below the threshold.
    #[must_use]
    pub fn keep(mut self, tokens: u64) -> Self {
        self.keep = tokens;
        self
    }

    /// Sets who writes the summary.
    #[must_use]
    pub fn model(mut self, model: Model) -> Self {
        self.model = Some(model);
        self
    }

    /// Sets what that model is asked for.
    #[must_use]
    pub fn instructions(mut self, instructions: impl Into<Arc<str>>) -> Self {
        self.instructions = instructions.into();
        self
    }
}

impl Default for Compaction {
    fn default() -> Self {
        Self::new()
    }
}
