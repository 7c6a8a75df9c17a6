//! A text as the servers of the other wires stream it.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{conversation::Conversation, wire::Wire};

/// The events of an answer that is the final text of `conversation`.
pub(super) fn events(wire: Wire, model: &str, conversation: Conversation) -> Arc<[Bytes]> {
    let events = match wire {
        Wire::Anthropic => anthropic(model, conversation),
        Wire::Gemini => return gemini(model, conversation),
        Wire::Chat | Wire::Responses => responses(model, conversation),
    };
    let named = |event: Value| {
        let name = event.get("type").and_then(Value::as_str).unwrap_or_default();
        format!("event: {name}\ndata: {event}\n\n").into()
    };
    events.into_iter().map(named).collect()
}

fn responses(model: &str, conversation: Conversation) -> Vec<Value> {
    let text = conversation.text();
    let response = |status: &str, output: Value, usage: Value| {
        json!({
            "id": "resp_1", "object": "response", "created_at": 1_760_000_000, "status": status, "model": model,
            "output": output, "usage": usage, "error": null, "incomplete_details": null, "store": false,
        })
    };
    let content = json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
    let item = json!({
        "id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": [content],
    });
    let begun = json!({"id": "msg_1", "type": "message", "status": "in_progress", "role": "assistant", "content": []});
    let empty = json!({"type": "output_text", "text": "", "annotations": [], "logprobs": []});
    let usage = json!({
        "input_tokens": 100, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 20, "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 120,
    });
    let place = json!({"output_index": 0, "item_id": "msg_1", "content_index": 0});
    let at_place = |kind: &str, more: Value| {
        let mut event = place.clone();
        if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
            event.insert("type".to_owned(), kind.into());
            event.extend(more);
        }
        event
    };
    let mut events = vec![
        json!({"type": "response.created", "response": response("in_progress", json!([]), Value::Null)}),
        json!({"type": "response.in_progress", "response": response("in_progress", json!([]), Value::Null)}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": begun}),
        at_place("response.content_part.added", json!({"part": empty})),
    ];
    let delta = |delta: String| {
        let more = json!({"delta": delta, "logprobs": [], "obfuscation": "k3JxQ9vT"});
        at_place("response.output_text.delta", more)
    };
    events.extend(conversation.text_deltas().map(delta));
    events.extend([
        at_place("response.output_text.done", json!({"text": text, "logprobs": []})),
        at_place("response.content_part.done", json!({"part": content})),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": response("completed", json!([item]), usage)}),
    ]);
    for (number, event) in events.iter_mut().enumerate() {
        if let Some(event) = event.as_object_mut() {
            event.insert("sequence_number".to_owned(), number.into());
        }
    }
    events
}

fn anthropic(model: &str, conversation: Conversation) -> Vec<Value> {
    let usage = json!({
        "input_tokens": 100, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1,
        "service_tier": "standard",
    });
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": [], "stop_reason": null,
        "stop_sequence": null, "usage": usage,
    });
    let mut events = vec![
        json!({"type": "message_start", "message": message}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "ping"}),
    ];
    let delta = |text: String| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    events.extend(conversation.text_deltas().map(delta));
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({
            "type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
            "usage": {"output_tokens": 20},
        }),
        json!({"type": "message_stop"}),
    ]);
    events
}

/// Its events have no names.
fn gemini(model: &str, conversation: Conversation) -> Arc<[Bytes]> {
    let last = conversation.deltas.saturating_sub(1);
    let event = |(number, text): (usize, String)| {
        let mut candidate = json!({"content": {"parts": [{"text": text}], "role": "model"}, "index": 0});
        if number == last
            && let Some(candidate) = candidate.as_object_mut()
        {
            candidate.insert("finishReason".to_owned(), "STOP".into());
        }
        let event = json!({
            "candidates": [candidate], "modelVersion": model, "responseId": "r_1",
            "usageMetadata": {"promptTokenCount": 100, "candidatesTokenCount": number, "totalTokenCount": 100 + number},
        });
        format!("data: {event}\r\n\r\n").into()
    };
    conversation.text_deltas().enumerate().map(event).collect()
}
