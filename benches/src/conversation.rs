//! The conversations that are played: some turns that each call the tool `add`, then a text. The model's name says which, so the
//! server needs no state.

use std::fmt;

use anyhow::{Context, Result};
use clap::Args;

/// What the model is told before each conversation.
pub(crate) const INSTRUCTIONS: &str = "You are a helpful assistant.";

/// What the user asks.
pub(crate) const QUESTION: &str = "Add 1 and 2, please, as often as it takes.";

/// What the model calls the tool with, cut as it streams them.
pub(crate) const ARGUMENTS: [&str; 2] = [r#"{"a":1"#, r#","b":2}"#];

/// What the tool answers.
pub(crate) const SUM: &str = "3";

/// A conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Args)]
pub(crate) struct Conversation {
    /// How many turns call the tool.
    #[arg(long, default_value_t = 1)]
    pub(crate) tool_turns: usize,
    /// How many deltas the final text has.
    #[arg(long, default_value_t = 4)]
    pub(crate) deltas: usize,
}

impl Conversation {
    /// The conversation that a model plays.
    pub(crate) fn of_model(model: &str) -> Result<Self> {
        let numbers = model.strip_prefix("tools-").and_then(|rest| rest.split_once("-text-"));
        let (tool_turns, deltas) = numbers.with_context(|| format!("there is no model `{model}`"))?;
        Ok(Self { tool_turns: tool_turns.parse()?, deltas: deltas.parse()? })
    }

    /// How many times the model is asked.
    pub(crate) fn requests(self) -> usize {
        self.tool_turns + 1
    }

    /// The deltas of the final text. Each is another, so that a lost one is missed.
    pub(crate) fn text_deltas(self) -> impl Iterator<Item = String> {
        (0..self.deltas).map(|index| format!("word{index:03} "))
    }

    /// The final text.
    pub(crate) fn text(self) -> String {
        self.text_deltas().collect()
    }
}

/// The name of the model that plays it.
impl fmt::Display for Conversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tools-{}-text-{}", self.tool_turns, self.deltas)
    }
}
