//! The types of the wire, as far as the loop needs them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: &'a [Message],
    tools: &'a [Tool],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

impl<'a> Body<'a> {
    pub(super) fn new(model: &'a str, messages: &'a [Message], tools: &'a [Tool], stream: bool) -> Self {
        let stream_options = stream.then_some(StreamOptions { include_usage: true });
        Self { model, messages, tools, stream, stream_options }
    }
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
pub(super) enum Message {
    System {
        content: String,
    },
    User {
        content: String,
    },
    Assistant {
        #[serde(skip_serializing_if = "Option::is_none")]
        content: Option<String>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call>,
    },
    Tool {
        tool_call_id: String,
        content: String,
    },
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) id: String,
    #[serde(rename = "type")]
    kind: String,
    pub(super) function: Function,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Function {
    name: String,
    pub(super) arguments: String,
}

#[derive(Serialize)]
pub(super) struct Tool {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Declaration,
}

#[derive(Serialize)]
struct Declaration {
    name: &'static str,
    description: &'static str,
    parameters: Value,
}

impl Tool {
    pub(super) fn add() -> Self {
        let parameters = json!({
            "type": "object",
            "properties": {"a": {"type": "integer", "format": "int64"}, "b": {"type": "integer", "format": "int64"}},
            "required": ["a", "b"],
        });
        Self {
            kind: "function",
            function: Declaration { name: "add", description: "Add two integers.", parameters },
        }
    }
}

/// An answer that is sent at once.
#[derive(Deserialize)]
pub(super) struct Whole {
    pub(super) choices: Vec<WholeChoice>,
}

#[derive(Deserialize)]
pub(super) struct WholeChoice {
    pub(super) message: Reply,
}

/// The message of an answer.
#[derive(Default, Deserialize)]
pub(super) struct Reply {
    pub(super) content: Option<String>,
    #[serde(default)]
    pub(super) tool_calls: Vec<Call>,
}

/// An event of an answer that is streamed.
#[derive(Deserialize)]
pub(super) struct Chunk<'a> {
    #[serde(borrow)]
    pub(super) choices: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow)]
    pub(super) delta: Delta<'a>,
}

#[derive(Deserialize)]
pub(super) struct Delta<'a> {
    #[serde(borrow, default)]
    pub(super) content: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    tool_calls: Vec<CallDelta<'a>>,
}

#[derive(Deserialize)]
struct CallDelta<'a> {
    index: usize,
    #[serde(borrow, default)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    function: FunctionDelta<'a>,
}

#[derive(Deserialize)]
struct FunctionDelta<'a> {
    #[serde(borrow, default)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    arguments: Option<Cow<'a, str>>,
}

impl Reply {
    /// Takes the next event in.
    pub(super) fn push(&mut self, chunk: Chunk<'_>) {
        let Some(choice) = chunk.choices.into_iter().next() else { return };
        if let Some(text) = choice.delta.content.filter(|text| !text.is_empty()) {
            self.content.get_or_insert_default().push_str(&text);
        }
        for delta in choice.delta.tool_calls {
            if self.tool_calls.len() <= delta.index {
                self.tool_calls.resize_with(delta.index + 1, Call::default);
            }
            let Some(call) = self.tool_calls.get_mut(delta.index) else { continue };
            if let Some(id) = delta.id {
                call.id = id.into_owned();
                call.kind = "function".to_owned();
            }
            if let Some(name) = delta.function.name {
                call.function.name.push_str(&name);
            }
            if let Some(arguments) = delta.function.arguments {
                call.function.arguments.push_str(&arguments);
            }
        }
    }
}
