//! What a request tells of the conversation so far, in the same form on every wire, for whoever chooses the answer.

use serde_json::Value;

/// Something that was said.
///
/// ```
/// use scorpio_testkit::Step;
///
/// let step = Step::User("Hello".into());
/// assert!(matches!(step, Step::User(text) if text == "Hello"));
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// By the user, or by the system in the middle of the conversation.
    User(String),
    /// By the assistant, in one turn.
    #[non_exhaustive]
    Assistant {
        /// The text.
        text: String,
        /// The calls of tools.
        calls: Vec<ToolCall>,
    },
    /// By the tools.
    Results(Vec<ToolResult>),
}

/// A call of a tool.
///
/// ```
/// # fn see(call: &scorpio_testkit::ToolCall) {
/// assert_eq!((call.name.as_str(), &call.arguments["a"]), ("add", &serde_json::json!(2)));
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolCall {
    /// Its id, or nothing where it has none.
    pub id: String,
    /// The name of the tool.
    pub name: String,
    /// The arguments; as a string when they are not JSON.
    pub arguments: Value,
}

/// What a tool gave.
///
/// ```
/// # fn see(result: &scorpio_testkit::ToolResult) {
/// assert_eq!(result.text, "42");
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ToolResult {
    /// The id of the call, or nothing where it has none.
    pub id: String,
    /// The text; of Gemini the JSON of the response.
    pub text: String,
}

/// A conversation. What one side says in several pieces is one step.
///
/// ```
/// # fn see(conversation: &scorpio_testkit::Conversation) {
/// if conversation.assistant_turns() == 0 {
///     assert_eq!(conversation.last_user(), "Hello");
/// }
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Conversation(Vec<Step>);

impl Step {
    pub(crate) fn assistant(text: impl Into<String>, calls: Vec<ToolCall>) -> Self {
        Self::Assistant { text: text.into(), calls }
    }
}

impl ToolCall {
    pub(crate) fn new(id: &str, name: &str, arguments: &Value) -> Self {
        let arguments = match arguments {
            Value::String(text) => serde_json::from_str(text).unwrap_or_else(|_| arguments.clone()),
            _ => arguments.clone(),
        };
        Self { id: id.to_owned(), name: name.to_owned(), arguments }
    }
}

impl Conversation {
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        let mut joined: Vec<Step> = Vec::with_capacity(steps.len());
        for step in steps {
            match (joined.last_mut(), step) {
                (Some(Step::User(text)), Step::User(more)) => {
                    text.push('\n');
                    text.push_str(&more);
                }
                (
                    Some(Step::Assistant { text, calls }),
                    Step::Assistant { text: more, calls: more_calls },
                ) => {
                    text.push_str(&more);
                    calls.extend(more_calls);
                }
                (Some(Step::Results(results)), Step::Results(more)) => results.extend(more),
                (_, step) => joined.push(step),
            }
        }
        Self(joined)
    }

    /// What was said, in order.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// How many turns the assistant had.
    pub fn assistant_turns(&self) -> usize {
        count(&self.0)
    }

    /// How many turns the assistant had since the user last spoke.
    pub fn turns_since_user(&self) -> usize {
        count(self.since_user())
    }

    /// What the user said last, or nothing.
    pub fn last_user(&self) -> &str {
        match self.since_user().first() {
            Some(Step::User(text)) => text,
            _ => "",
        }
    }

    /// What the tools gave since the user last spoke, in order.
    pub fn results(&self) -> impl Iterator<Item = &ToolResult> {
        self.since_user().iter().flat_map(|step| match step {
            Step::Results(results) => results.as_slice(),
            _ => &[],
        })
    }

    fn since_user(&self) -> &[Step] {
        let last = self.0.iter().rposition(|step| matches!(step, Step::User(_)));
        last.and_then(|last| self.0.get(last..)).unwrap_or(&self.0)
    }
}

fn count(steps: &[Step]) -> usize {
    steps.iter().filter(|step| matches!(step, Step::Assistant { .. })).count()
}
