//! Calls and results of the past, in words.

use std::sync::Arc;

use scorpio_core::{Json, Message, Part, Provenance, Role, ToolCallPart, ToolResultPart, model::Transcript};
use serde::Serialize;

use super::{CALL, RESULT};

#[derive(Serialize)]
struct WrittenCall<'a> {
    name: &'a str,
    arguments: Json,
}

#[derive(Serialize)]
struct WrittenResult<'a> {
    name: &'a str,
    content: &'a Json,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<bool>,
}

/// The history without calls and results. None if there are none in it, so that what was encoded stays so.
pub(super) fn in_words(transcript: &Transcript) -> Option<Transcript> {
    if !transcript.messages().any(has_tools) {
        return None;
    }
    let mut told = Transcript::new();
    // Results, which wait for what the user says next: many models take no two messages of the user in a row.
    let mut results: Option<Message> = None;
    for entry in transcript.entries() {
        let message = entry.message();
        match (message.role, &mut results) {
            (Role::Tool | Role::User, Some(results)) => results.parts.extend(parts(message)),
            (Role::Tool, None) => results = Some(with_parts(message)),
            (_, waiting) => {
                if let Some(results) = waiting.take() {
                    told.push(results);
                }
                match has_tools(message) {
                    true => told.push(with_parts(message)),
                    false => told.push_entry(Arc::clone(entry)),
                }
            }
        }
    }
    if let Some(results) = results {
        told.push(results);
    }
    Some(told)
}

fn has_tools(message: &Message) -> bool {
    message.parts.iter().any(|part| matches!(part, Part::ToolCall(_) | Part::ToolResult(_)))
}

fn with_parts(message: &Message) -> Message {
    let mut told = message.clone();
    told.parts = parts(message);
    if told.role == Role::Tool {
        told.role = Role::User;
    }
    told
}

/// The parts of a message, with what follows one another in one text: what stands between two parts differs from wire to wire.
fn parts(message: &Message) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for part in &message.parts {
        let (text, provenance) = match part {
            Part::ToolCall(call) => (call_text(call), Provenance::Model),
            Part::ToolResult(result) => (result_text(result), result.provenance.clone()),
            other => {
                parts.push(other.clone());
                continue;
            }
        };
        match parts.last_mut() {
            Some(Part::Text(before)) if !before.text.is_empty() => {
                before.native = None;
                before.text.push('\n');
                before.text.push_str(&text);
            }
            _ => parts.push(Part::text(text, provenance)),
        }
    }
    parts
}

fn call_text(call: &ToolCallPart) -> String {
    let written = WrittenCall { name: &call.name, arguments: call.arguments_json() };
    between(CALL, &written)
}

fn result_text(result: &ToolResultPart) -> String {
    let error = result.is_error().then_some(true);
    between(RESULT, &WrittenResult { name: &result.name, content: &result.output, error })
}

/// What is written, between tags. It stands in JSON, where what looks like one of the tags can be written in another way: nobody but the
/// program says where a result ends.
fn between([open, close]: [&str; 2], written: &impl Serialize) -> String {
    // Names and JSON that is valid already cannot fail to be written.
    let json = serde_json::to_string(written).unwrap_or_default();
    let json = json.replace("<tool_", "\\u003ctool_").replace("</tool_", "\\u003c/tool_");
    format!("{open}\n{json}\n{close}")
}
