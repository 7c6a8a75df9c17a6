//! A turn of the script, in a form that every wire can say.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{fault::Fault, style::Style};

/// What the model says in one turn, and how.
///
/// ```
/// use scorpio_testkit::{Fault, Turn};
/// use serde_json::json;
///
/// let calls = Turn::new().reasoning("Two at once.").call("add", json!({"a": 2, "b": 40})).call("now", json!({}));
/// let answer = Turn::text("42, at noon.").fault(Fault::rate_limited().retry_after_ms(20));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Turn {
    pub(crate) say: Vec<Part>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stop: Option<Stop>,
    pub(crate) usage: Usage,
    pub(crate) faults: Vec<Fault>,
    /// Whether nothing comes but the faults.
    pub(crate) never_answers: bool,
    pub(crate) style: Style,
}

/// A part of a turn.
///
/// ```
/// use scorpio_testkit::Part;
///
/// let part: Part = serde_json::from_str(r#"{"call": {"name": "add", "arguments": {"a": 1}}}"#)?;
/// assert!(matches!(part, Part::Call { .. }));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Part {
    /// Text to read.
    Text(String),
    /// Reasoning, as a summary to read. Chat Completions says it in `reasoning_content`, as many servers do.
    Reasoning(String),
    /// Reasoning that cannot be read: redacted thinking, a reasoning item without a summary, a signature alone. Chat Completions has none.
    HiddenReasoning,
    /// A call of a tool.
    Call {
        /// The name of the tool.
        name: String,
        /// The arguments. A string is sent as it is, JSON or not, where the wire can.
        #[serde(default = "no_arguments")]
        arguments: Value,
        /// Its id. Without one it is made from the conversation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
    },
    /// A search of the server's own: Anthropic's `server_tool_use`, OpenAI's `web_search_call`. The other wires leave it out.
    ServerSearch {
        /// What is searched for.
        query: String,
    },
}

fn no_arguments() -> Value {
    Value::Object(serde_json::Map::new())
}

/// Why the model stops.
///
/// ```
/// use scorpio_testkit::{Stop, Turn};
///
/// let cut = Turn::text("This was cut by the").stop(Stop::Length);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Stop {
    /// It has said all.
    End,
    /// It wants the results of tools.
    ToolCalls,
    /// The limit of tokens.
    Length,
    /// A filter, or the model refuses.
    ContentFilter,
    /// It pauses in a search of its own. On the other wires than Anthropic's it has said all.
    Pause,
}

/// What a turn costs, in tokens. Each vendor counts in its own way; these do not overlap, but for `reasoning`.
///
/// ```
/// use scorpio_testkit::{Turn, Usage};
///
/// let turn = Turn::text("Hi").usage(Usage { input: 100, output: 20, ..Usage::default() });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    /// Read for the first time.
    pub input: u64,
    /// Read from the cache.
    pub cache_read: u64,
    /// Written to the cache. Gemini does not tell it.
    pub cache_write: u64,
    /// Written by the model, reasoning among it.
    pub output: u64,
    /// Reasoned, of `output`. Anthropic does not tell it.
    pub reasoning: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { input: 5, cache_read: 7, cache_write: 3, output: 11, reasoning: 0 }
    }
}

impl Usage {
    /// All that was read.
    pub(crate) fn prompt(self) -> u64 {
        self.input.saturating_add(self.cache_read).saturating_add(self.cache_write)
    }
}

impl Turn {
    /// A turn in which nothing is said yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A turn that says a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new().and_text(text)
    }

    /// A turn that never comes: only this fault, whenever it is asked for.
    pub fn failing(fault: Fault) -> Self {
        Self { never_answers: true, ..Self::new().fault(fault) }
    }

    /// And a text.
    #[must_use]
    pub fn and_text(self, text: impl Into<String>) -> Self {
        self.part(Part::Text(text.into()))
    }

    /// And reasoning that can be read.
    #[must_use]
    pub fn reasoning(self, summary: impl Into<String>) -> Self {
        self.part(Part::Reasoning(summary.into()))
    }

    /// And reasoning that cannot be read.
    #[must_use]
    pub fn hidden_reasoning(self) -> Self {
        self.part(Part::HiddenReasoning)
    }

    /// And a call of a tool.
    #[must_use]
    pub fn call(self, name: impl Into<String>, arguments: Value) -> Self {
        self.part(Part::Call { name: name.into(), arguments, id: None })
    }

    /// And this part.
    #[must_use]
    pub fn part(mut self, part: Part) -> Self {
        self.say.push(part);
        self
    }

    /// Why it stops. Without this: for its calls if it has some, and because it has said all if not.
    #[must_use]
    pub fn stop(mut self, stop: Stop) -> Self {
        self.stop = Some(stop);
        self
    }

    /// What it costs.
    #[must_use]
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// A fault in place of it, the first time that it is asked for; a second one the second time, and so on.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// How it is written on the wire.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }

    pub(crate) fn stops(&self) -> Stop {
        let calls = self.say.iter().any(|part| matches!(part, Part::Call { .. }));
        self.stop.unwrap_or(if calls { Stop::ToolCalls } else { Stop::End })
    }
}

impl Part {
    /// The arguments of a call as they are written.
    pub(crate) fn arguments(arguments: &Value) -> String {
        match arguments {
            Value::String(text) => text.clone(),
            value => value.to_string(),
        }
    }
}
