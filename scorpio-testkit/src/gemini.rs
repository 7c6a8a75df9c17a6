//! Gemini generateContent, also as Vertex AI speaks it.

mod answer;
mod names;
mod rules;
mod signature;

use serde_json::{Value, json};

use crate::{
    conversation::{Step, ToolCall, ToolResult},
    json::{field, items, set, text},
    rule::Refusal,
};

pub(crate) use self::{
    answer::{events, whole},
    rules::judge,
};

/// The conversation that a body holds.
pub(crate) fn conversation(body: &Value) -> Vec<Step> {
    let mut steps = Vec::new();
    for content in items(field(&names::camel(body), "contents")) {
        let parts = items(field(content, "parts"));
        let is_thought = |part: &Value| field(part, "thought") == &Value::Bool(true);
        let said: Vec<&str> = parts
            .iter()
            .filter(|part| !is_thought(part))
            .filter_map(|part| field(part, "text").as_str())
            .collect();
        if text(content, "role") == "model" {
            let calls = parts.iter().map(|part| field(part, "functionCall")).filter(|call| !call.is_null());
            let calls =
                calls.map(|call| ToolCall::new(text(call, "id"), text(call, "name"), field(call, "args")));
            steps.push(Step::assistant(said.concat(), calls.collect()));
            continue;
        }
        let results = parts.iter().map(|part| field(part, "functionResponse")).filter(|part| !part.is_null());
        let results: Vec<ToolResult> = results
            .map(|result| ToolResult {
                id: text(result, "id").to_owned(),
                text: field(result, "response").to_string(),
            })
            .collect();
        let speaks = parts.len() > results.len();
        if !results.is_empty() {
            steps.push(Step::Results(results));
        }
        if speaks {
            steps.push(Step::User(said.join("\n")));
        }
    }
    steps
}

/// The body of an error.
pub(crate) fn error(refusal: &Refusal) -> Value {
    let status = refusal.kind.unwrap_or(match refusal.status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        503 | 529 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "FAILED_PRECONDITION",
    });
    let mut error = json!({"code": refusal.status, "message": refusal.message, "status": status});
    if let Some(details) = &refusal.details {
        set(&mut error, "details", details.clone());
    }
    json!({"error": error})
}
