//! Anthropic Messages, also as Vertex AI speaks it.

mod answer;
mod binding;
mod blocks;
mod rules;

use serde_json::{Value, json};

use crate::{
    conversation::{Step, ToolCall, ToolResult},
    json::{field, items, said, set, text},
    request::Request,
    rule::{Admission, Refusal},
    seal::Seal,
};

pub(crate) use self::answer::{events, whole};

/// Holds a request to the rules.
pub(crate) fn judge(request: &Request, seal: &Seal) -> Result<Admission, Refusal> {
    rules::headers(request)?;
    rules::fields(request)?;
    let messages = blocks::messages(request.body());
    rules::conversation(&messages)?;
    binding::bind(request, &messages, seal)
}

/// The conversation that a body holds.
pub(crate) fn conversation(body: &Value) -> Vec<Step> {
    let mut steps = Vec::new();
    for message in blocks::messages(body) {
        let content = items(field(&message, "content"));
        let of = |kind: &'static str| content.iter().filter(move |block| text(block, "type") == kind);
        if text(&message, "role") == "assistant" {
            let calls = of("tool_use");
            let calls = calls
                .map(|block| ToolCall::new(text(block, "id"), text(block, "name"), field(block, "input")))
                .collect();
            steps.push(Step::assistant(
                of("text").map(|block| text(block, "text")).collect::<String>(),
                calls,
            ));
            continue;
        }
        let results: Vec<ToolResult> = of("tool_result")
            .map(|block| ToolResult {
                id: text(block, "tool_use_id").to_owned(),
                text: said(field(block, "content")),
            })
            .collect();
        let speaks = content.len() > results.len();
        if !results.is_empty() {
            steps.push(Step::Results(results));
        }
        if speaks {
            steps
                .push(Step::User(of("text").map(|block| text(block, "text")).collect::<Vec<_>>().join("\n")));
        }
    }
    steps
}

/// The body of an error.
pub(crate) fn error(refusal: &Refusal, request_id: &str) -> Value {
    let kind = refusal.kind.unwrap_or(match refusal.status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        504 => "timeout_error",
        529 => "overloaded_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    });
    let mut error = json!({"type": kind, "message": refusal.message});
    if let Some(details) = &refusal.details {
        set(&mut error, "details", details.clone());
    }
    json!({"type": "error", "error": error, "request_id": request_id})
}
