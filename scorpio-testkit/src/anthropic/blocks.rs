//! Messages as lists of blocks, however they were written.

use serde_json::{Value, json};

use crate::json::{field, items, set, text};

/// The messages of a body. A text in place of blocks is one block of it.
pub(super) fn messages(body: &Value) -> Vec<Value> {
    items(field(body, "messages"))
        .iter()
        .map(|message| {
            let mut message = message.clone();
            let blocks = listed(field(&message, "content"));
            set(&mut message, "content", blocks);
            message
        })
        .collect()
}

/// A text as a list of one block.
pub(super) fn listed(content: &Value) -> Value {
    match content {
        Value::String(text) => json!([{"type": "text", "text": text}]),
        _ => content.clone(),
    }
}

pub(super) fn is_thought(block: &Value) -> bool {
    matches!(text(block, "type"), "thinking" | "redacted_thinking")
}
