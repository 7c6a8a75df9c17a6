//! What Chat Completions answers: a completion, or its chunks.

use serde_json::{Value, json};

use crate::{
    answer::{Answering, Event},
    json::{at, set},
    turn::{Part, Stop, Turn, Usage},
};

/// The answer, whole.
pub(crate) fn whole(turn: &Turn, to: &Answering<'_>) -> Value {
    let (mut content, mut reasoning, mut calls) = (String::new(), String::new(), Vec::new());
    for part in &turn.say {
        match part {
            Part::Text(text) => content.push_str(text),
            Part::Reasoning(text) => reasoning.push_str(text),
            Part::Call { name, arguments, id } => {
                let function = json!({"name": name, "arguments": Part::arguments(arguments)});
                let id = call_id(to, id.as_deref(), calls.len());
                calls.push(json!({"id": id, "type": "function", "function": function}));
            }
            Part::HiddenReasoning | Part::ServerSearch { .. } => {}
        }
    }
    let mut message = json!({"role": "assistant", "content": content, "refusal": null, "annotations": []});
    if content.is_empty() && !calls.is_empty() {
        set(&mut message, "content", Value::Null);
    }
    if !reasoning.is_empty() {
        set(&mut message, "reasoning_content", reasoning);
    }
    if !calls.is_empty() {
        set(&mut message, "tool_calls", calls);
    }
    let choice =
        json!({"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(turn)});
    let mut whole = head(to, "chat.completion");
    set(&mut whole, "choices", vec![choice]);
    set(&mut whole, "usage", usage(turn.usage));
    whole
}

/// The answer, chunk by chunk.
pub(crate) fn events(turn: &Turn, to: &Answering<'_>) -> Vec<Event> {
    let chunk = |delta: Value, finish_reason: Option<&str>| {
        let mut chunk = head(to, "chat.completion.chunk");
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason});
        set(&mut chunk, "choices", vec![choice]);
        if wants_usage(to) {
            set(&mut chunk, "usage", Value::Null);
        }
        // Every chunk is made equally long, so that nobody on the line learns from its length.
        set(&mut chunk, "obfuscation", "x");
        Event::unnamed(chunk)
    };
    let mut parts = vec![vec![chunk(json!({"role": "assistant", "content": "", "refusal": null}), None)]];
    let mut calls: Vec<Vec<Event>> = Vec::new();
    for part in &turn.say {
        match part {
            Part::Text(text) => {
                let deltas = to.style.deltas(text).into_iter();
                parts.push(deltas.map(|text| chunk(json!({"content": text}), None)).collect());
            }
            Part::Reasoning(text) => {
                let deltas = to.style.deltas(text).into_iter();
                parts.push(deltas.map(|text| chunk(json!({"reasoning_content": text}), None)).collect());
            }
            Part::Call { name, arguments, id } => {
                let index = calls.len();
                let id = call_id(to, id.as_deref(), index);
                let function = json!({"name": name, "arguments": ""});
                let first = json!({"index": index, "id": id, "type": "function", "function": function});
                let mut pieces = vec![chunk(json!({"tool_calls": [first]}), None)];
                pieces.extend(to.style.deltas(&Part::arguments(arguments)).into_iter().map(|piece| {
                    let piece = json!({"index": index, "function": {"arguments": piece}});
                    chunk(json!({"tool_calls": [piece]}), None)
                }));
                calls.push(pieces);
            }
            Part::HiddenReasoning | Part::ServerSearch { .. } => {}
        }
    }
    let mut events: Vec<Event> = parts.into_iter().flatten().collect();
    events.extend(to.style.merged(calls));
    events.push(chunk(json!({}), Some(finish_reason(turn))));
    if wants_usage(to) {
        let mut last = head(to, "chat.completion.chunk");
        set(&mut last, "choices", Vec::<Value>::new());
        set(&mut last, "usage", usage(turn.usage));
        events.push(Event::unnamed(last));
    }
    events.push(Event::text("[DONE]"));
    events
}

fn head(to: &Answering<'_>, object: &str) -> Value {
    json!({
        "id": format!("chatcmpl-{}", to.nonce),
        "object": object,
        "created": 1_790_000_000,
        "model": to.model(),
        "service_tier": "default",
    })
}

fn wants_usage(to: &Answering<'_>) -> bool {
    at(to.request.body(), &["stream_options", "include_usage"]) == &Value::Bool(true)
}

fn call_id(to: &Answering<'_>, id: Option<&str>, index: usize) -> String {
    id.map_or_else(|| format!("call_{}{index:02x}", to.nonce), str::to_owned)
}

fn finish_reason(turn: &Turn) -> &'static str {
    match turn.stops() {
        Stop::End | Stop::Pause => "stop",
        Stop::ToolCalls => "tool_calls",
        Stop::Length => "length",
        Stop::ContentFilter => "content_filter",
    }
}

fn usage(usage: Usage) -> Value {
    json!({
        "prompt_tokens": usage.prompt(),
        "completion_tokens": usage.output,
        "total_tokens": usage.prompt() + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    })
}
