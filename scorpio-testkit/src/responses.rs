//! OpenAI Responses.

mod answer;
mod ids;
mod rules;

use serde_json::{Value, json};

use crate::{
    answer::Event,
    conversation::{Step, ToolCall, ToolResult},
    json::{at, field, items, said, text},
    openai,
    rule::Refusal,
};

pub(crate) use self::{
    answer::{events, whole},
    rules::judge,
};

/// The conversation that a body holds.
pub(crate) fn conversation(body: &Value) -> Vec<Step> {
    let input = field(body, "input");
    if let Some(text) = input.as_str() {
        return vec![Step::User(text.to_owned())];
    }
    items(input)
        .iter()
        .filter_map(|item| match (text(item, "type"), text(item, "role")) {
            ("function_call", _) => {
                let call = ToolCall::new(text(item, "call_id"), text(item, "name"), field(item, "arguments"));
                Some(Step::assistant("", vec![call]))
            }
            ("function_call_output", _) => Some(Step::Results(vec![ToolResult {
                id: text(item, "call_id").to_owned(),
                text: said(field(item, "output")),
            }])),
            (_, "assistant") => Some(Step::assistant(said(field(item, "content")), vec![])),
            ("reasoning", _) => Some(Step::assistant("", vec![])),
            (_, "user" | "developer" | "system") => Some(Step::User(said(field(item, "content")))),
            _ => None,
        })
        .collect()
}

/// An error in a stream that has begun. It is flat, unlike that of a status.
pub(crate) fn error_event(refusal: &Refusal) -> Event {
    let error = openai::error(refusal);
    let code = match at(&error, &["error", "code"]) {
        Value::Null => at(&error, &["error", "type"]).clone(),
        code => code.clone(),
    };
    let param = refusal.param.as_deref();
    Event::named("error", json!({"type": "error", "code": code, "message": refusal.message, "param": param}))
}
