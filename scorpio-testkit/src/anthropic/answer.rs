//! What Messages answers: a message, or the events in which its blocks come to be.

use serde_json::{Value, json};

use super::{binding, blocks::is_thought};
use crate::{
    answer::{Answering, Event},
    json::{field, set, text},
    turn::{Part, Stop, Turn, Usage},
};

/// The answer, whole.
pub(crate) fn whole(turn: &Turn, to: &Answering<'_>) -> Value {
    let mut message = message(turn, to);
    set(&mut message, "content", blocks(turn, to));
    set(&mut message, "stop_reason", stop_reason(turn));
    set(&mut message, "usage", usage(turn.usage, turn.usage.output));
    message
}

/// The answer, event by event.
pub(crate) fn events(turn: &Turn, to: &Answering<'_>) -> Vec<Event> {
    let mut events = vec![
        Event::named("message_start", json!({"type": "message_start", "message": message(turn, to)})),
        Event::named("ping", json!({"type": "ping"})),
    ];
    let blocks = blocks(turn, to).into_iter().enumerate();
    events.extend(to.style.merged(blocks.map(|(index, block)| pieces(index, &block, to)).collect()));
    let delta = json!({"stop_reason": stop_reason(turn), "stop_sequence": null});
    let usage = json!({"output_tokens": turn.usage.output});
    events.push(Event::named(
        "message_delta",
        json!({"type": "message_delta", "delta": delta, "usage": usage}),
    ));
    events.push(Event::named("message_stop", json!({"type": "message_stop"})));
    events
}

/// The events of a block.
fn pieces(index: usize, block: &Value, to: &Answering<'_>) -> Vec<Event> {
    let mut start = block.clone();
    let mut deltas = Vec::new();
    match text(block, "type") {
        "thinking" => {
            set(&mut start, "thinking", "");
            set(&mut start, "signature", "");
            let pieces = to.style.deltas(text(block, "thinking")).into_iter();
            deltas.extend(pieces.map(|piece| json!({"type": "thinking_delta", "thinking": piece})));
            deltas.push(json!({"type": "signature_delta", "signature": field(block, "signature")}));
        }
        "text" => {
            set(&mut start, "text", "");
            let pieces = to.style.deltas(text(block, "text")).into_iter();
            deltas.extend(pieces.map(|piece| json!({"type": "text_delta", "text": piece})));
        }
        "tool_use" | "server_tool_use" => {
            set(&mut start, "input", json!({}));
            let input = match field(block, "input") {
                Value::String(text) => text.clone(),
                input => input.to_string(),
            };
            // Of an empty input nothing but an empty piece is sent. With other inputs, too, it comes first.
            let input = if input == "{}" { "" } else { &input };
            deltas.push(json!({"type": "input_json_delta", "partial_json": ""}));
            let pieces = to.style.deltas(input).into_iter();
            deltas.extend(pieces.map(|piece| json!({"type": "input_json_delta", "partial_json": piece})));
        }
        _ => {}
    }
    let start = json!({"type": "content_block_start", "index": index, "content_block": start});
    let deltas = deltas.into_iter().map(|delta| {
        Event::named(
            "content_block_delta",
            json!({"type": "content_block_delta", "index": index, "delta": delta}),
        )
    });
    let mut events = vec![Event::named("content_block_start", start)];
    events.extend(deltas);
    events.push(Event::named("content_block_stop", json!({"type": "content_block_stop", "index": index})));
    events
}

/// The blocks, with thinking bound to what was said before.
fn blocks(turn: &Turn, to: &Answering<'_>) -> Vec<Value> {
    let bound = binding::bound(to.seal, to.model(), &to.admission.prefix);
    let mut blocks: Vec<Value> = Vec::with_capacity(turn.say.len());
    for (place, part) in turn.say.iter().enumerate() {
        let block = match part {
            Part::Text(text) => json!({"type": "text", "text": text, "citations": null}),
            Part::Reasoning(thinking) => {
                let signature = binding::sign(to.seal, bound, thinking);
                json!({"type": "thinking", "thinking": thinking, "signature": signature})
            }
            Part::HiddenReasoning => {
                json!({"type": "redacted_thinking", "data": binding::redact(to.seal, bound)})
            }
            Part::Call { name, arguments, id } => {
                let thoughts: Vec<Value> = blocks.iter().filter(|block| is_thought(block)).cloned().collect();
                let made_up = || binding::call_id(to.seal, to.model(), bound, &thoughts, place);
                let id = id.clone().unwrap_or_else(made_up);
                json!({"type": "tool_use", "id": id, "name": name, "input": arguments})
            }
            Part::ServerSearch { query } => {
                let id = format!("srvtoolu_{}{place:02x}", to.nonce);
                json!({"type": "server_tool_use", "id": id, "name": "web_search", "input": {"query": query}})
            }
        };
        blocks.push(block);
    }
    blocks
}

/// A message without its content.
fn message(turn: &Turn, to: &Answering<'_>) -> Value {
    let mut message = json!({
        "id": format!("msg_{}", to.nonce),
        "type": "message",
        "role": "assistant",
        "model": to.model(),
        "content": [],
        "stop_reason": null,
        "stop_sequence": null,
        "usage": usage(turn.usage, 1),
    });
    if !to.admission.transformations.is_empty() {
        set(&mut message, "input_transformations", to.admission.transformations.clone());
    }
    message
}

fn stop_reason(turn: &Turn) -> &'static str {
    match turn.stops() {
        Stop::End => "end_turn",
        Stop::ToolCalls => "tool_use",
        Stop::Length => "max_tokens",
        Stop::ContentFilter => "refusal",
        Stop::Pause => "pause_turn",
    }
}

fn usage(usage: Usage, output: u64) -> Value {
    json!({
        "input_tokens": usage.input,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_creation": {"ephemeral_5m_input_tokens": usage.cache_write, "ephemeral_1h_input_tokens": 0},
        "output_tokens": output,
        "service_tier": "standard",
    })
}
