//! OpenAI Chat Completions.

mod answer;
mod rules;

use serde_json::Value;

use crate::{
    conversation::{Step, ToolCall, ToolResult},
    json::{at, field, items, said, text},
};

pub(crate) use self::{
    answer::{events, whole},
    rules::judge,
};

/// The conversation that a body holds.
pub(crate) fn conversation(body: &Value) -> Vec<Step> {
    let messages = items(field(body, "messages")).iter();
    // Instructions at the beginning are no part of it.
    let messages = messages.skip_while(|message| matches!(text(message, "role"), "system" | "developer"));
    messages
        .map(|message| match text(message, "role") {
            "assistant" => {
                let calls = items(field(message, "tool_calls")).iter().map(|call| {
                    let function = at(call, &["function"]);
                    ToolCall::new(text(call, "id"), text(function, "name"), field(function, "arguments"))
                });
                Step::assistant(said(field(message, "content")), calls.collect())
            }
            "tool" => Step::Results(vec![ToolResult {
                id: text(message, "tool_call_id").to_owned(),
                text: said(field(message, "content")),
            }]),
            _ => Step::User(said(field(message, "content"))),
        })
        .collect()
}
