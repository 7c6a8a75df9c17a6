//! What generateContent answers: responses, of which a stream has many.

use serde_json::{Value, json};

use super::signature;
use crate::{
    answer::{Answering, Event},
    json::{field, set},
    turn::{Part, Stop, Turn, Usage},
};

/// The answer, whole.
pub(crate) fn whole(turn: &Turn, to: &Answering<'_>) -> Value {
    let mut parts = parts(turn, to);
    parts.extend(signature_alone(turn, to));
    response(turn, to, parts, Some(finish_reason(turn)))
}

/// The answer, response by response. Text goes on where text ended, so its pieces cannot change places.
pub(crate) fn events(turn: &Turn, to: &Answering<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    for part in parts(turn, to) {
        let Some(said) = field(&part, "text").as_str() else {
            events.push(Event::unnamed(response(turn, to, vec![part], None)));
            continue;
        };
        for piece in to.style.deltas(said) {
            let mut part = part.clone();
            set(&mut part, "text", piece);
            events.push(Event::unnamed(response(turn, to, vec![part], None)));
        }
    }
    let last = signature_alone(turn, to).unwrap_or_else(|| json!({"text": ""}));
    events.push(Event::unnamed(response(turn, to, vec![last], Some(finish_reason(turn)))));
    events
}

/// The parts, of which the first call is signed.
fn parts(turn: &Turn, to: &Answering<'_>) -> Vec<Value> {
    let mut parts = Vec::with_capacity(turn.say.len());
    let mut is_signed = false;
    for (place, part) in turn.say.iter().enumerate() {
        match part {
            Part::Text(text) => parts.push(json!({"text": text})),
            Part::Reasoning(text) => parts.push(json!({"text": text, "thought": true})),
            Part::Call { name, arguments, id } => {
                let mut part = json!({"functionCall": call(to, place, name, arguments, id.as_deref())});
                if !std::mem::replace(&mut is_signed, true) {
                    let signature = signature::sign(to.seal, to.model(), &part);
                    set(&mut part, "thoughtSignature", signature);
                }
                parts.push(part);
            }
            Part::HiddenReasoning | Part::ServerSearch { .. } => {}
        }
    }
    parts
}

fn call(to: &Answering<'_>, place: usize, name: &str, arguments: &Value, id: Option<&str>) -> Value {
    // Arguments are never anything but an object on this wire.
    let args = if arguments.is_object() { arguments.clone() } else { json!({}) };
    let mut call = json!({"name": name, "args": args});
    if !to.style.without_ids {
        let made_up = || signature::call_id(to.seal, to.model(), &to.nonce, place);
        set(&mut call, "id", id.map_or_else(made_up, str::to_owned));
    }
    call
}

/// Without a call to carry it, the signature of thoughts comes in a part of its own.
fn signature_alone(turn: &Turn, to: &Answering<'_>) -> Option<Value> {
    let is = |wanted: fn(&Part) -> bool| turn.say.iter().any(wanted);
    let thought = is(|part| matches!(part, Part::Reasoning(_) | Part::HiddenReasoning));
    let calls = is(|part| matches!(part, Part::Call { .. }));
    if !thought || calls {
        return None;
    }
    let mut part = json!({"text": ""});
    let signature = signature::sign(to.seal, to.model(), &part);
    set(&mut part, "thoughtSignature", signature);
    Some(part)
}

fn response(turn: &Turn, to: &Answering<'_>, parts: Vec<Value>, finish_reason: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"parts": parts, "role": "model"}, "index": 0});
    if let Some(reason) = finish_reason {
        set(&mut candidate, "finishReason", reason);
    }
    json!({
        "candidates": [candidate],
        "usageMetadata": usage(turn.usage),
        "modelVersion": to.model(),
        "responseId": to.nonce,
    })
}

fn finish_reason(turn: &Turn) -> &'static str {
    match turn.stops() {
        Stop::End | Stop::ToolCalls | Stop::Pause => "STOP",
        Stop::Length => "MAX_TOKENS",
        Stop::ContentFilter => "SAFETY",
    }
}

fn usage(usage: Usage) -> Value {
    let prompt = usage.prompt();
    json!({
        "promptTokenCount": prompt,
        "cachedContentTokenCount": usage.cache_read,
        "candidatesTokenCount": usage.output.saturating_sub(usage.reasoning),
        "thoughtsTokenCount": usage.reasoning,
        "totalTokenCount": prompt + usage.output,
    })
}
