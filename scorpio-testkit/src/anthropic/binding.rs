//! Thinking that is bound to the conversation it was thought in: how it is signed, and what becomes of it when it comes back.

use serde_json::{Value, json};

use super::blocks::{is_thought, listed};
use crate::{
    json::{at, field, items, text, without},
    request::Request,
    rule::{Admission, Refusal, Rule},
    seal::Seal,
};

/// The beta in which thinking may be dropped.
const CONTROLS: &str = "thinking-binding-controls-2026-08-01";

/// The digits of an id that tell the answer, its thinking and its model, the place in it, and those that mark it as one of this kit.
const ANSWER: usize = 12;
const THOUGHTS: usize = 6;
const MODEL: usize = 4;
const PLACE: usize = 2;
const MARK: usize = 6;

/// What the conversation is called that an answer is bound to.
pub(super) fn bound(seal: &Seal, model: &str, prefix: &str) -> [u8; 16] {
    seal.of("bound", &[model, prefix])
}

/// The signature of thinking.
pub(super) fn sign(seal: &Seal, bound: [u8; 16], thinking: &str) -> String {
    Seal::base64(&[seal.of("thinking", &[thinking, &Seal::base64(&[bound])]), bound])
}

/// What redacted thinking holds.
pub(super) fn redact(seal: &Seal, bound: [u8; 16]) -> String {
    Seal::base64(&[seal.of("redacted", &[&Seal::base64(&[bound])]), bound])
}

/// The id of a call, which tells what thinking must stand before it.
pub(super) fn call_id(seal: &Seal, model: &str, bound: [u8; 16], thoughts: &[Value], place: usize) -> String {
    let answer = seal.short("answer of", &[&Seal::base64(&[bound])], ANSWER);
    let id = format!("{answer}{}{}{place:02x}", seal_of_thoughts(seal, thoughts), seal_of_model(seal, model));
    let mark = seal.short("toolu", &[&id], MARK);
    format!("toolu_{id}{mark}")
}

fn seal_of_thoughts(seal: &Seal, thoughts: &[Value]) -> String {
    if thoughts.is_empty() {
        return "0".repeat(THOUGHTS);
    }
    let mut chain = thoughts.iter().fold(String::new(), |before, thought| seal.chain(&before, thought));
    chain.truncate(THOUGHTS);
    chain
}

fn seal_of_model(seal: &Seal, model: &str) -> String {
    seal.short("model", &[model], MODEL)
}

/// What the id of a call tells.
struct CallId<'a> {
    answer: &'a str,
    thoughts: &'a str,
    model: &'a str,
}

fn read_call_id<'a>(seal: &Seal, id: &'a str) -> Option<CallId<'a>> {
    let id = id.strip_prefix("toolu_")?;
    let (id, mark) = id.split_at_checked(ANSWER + THOUGHTS + MODEL + PLACE)?;
    if seal.short("toolu", &[id], MARK) != mark {
        return None;
    }
    let (answer, rest) = id.split_at_checked(ANSWER)?;
    let (thoughts, rest) = rest.split_at_checked(THOUGHTS)?;
    let (model, _) = rest.split_at_checked(MODEL)?;
    Some(CallId { answer, thoughts, model })
}

/// Follows the conversation, and holds all thinking to what was said before it.
pub(super) fn bind(request: &Request, messages: &[Value], seal: &Seal) -> Result<Admission, Refusal> {
    let body = request.body();
    let drops = drops(request)?;
    let (system, tools) = (listed(field(body, "system")), field(body, "tools"));
    let mut prefix = seal.chain("", &without(&json!([system, tools]), "cache_control"));
    let mut transformations = Vec::new();
    // From here on the model is at work on what the user said last.
    let last_user = messages.iter().rposition(|message| {
        text(message, "role") == "user" && !items(field(message, "content")).iter().all(is_result)
    });
    let is_current = |place: usize| last_user.is_none_or(|last| place > last);
    for (place, message) in messages.iter().enumerate() {
        let role = text(message, "role");
        let mut left: Vec<Value> = Vec::new();
        for (index, block) in items(field(message, "content")).iter().enumerate() {
            let path = format!("messages.{place}.content.{index}");
            if !is_thought(block) {
                left.push(without(block, "cache_control"));
                continue;
            }
            let found = read(seal, &path, block)?;
            // What the model says after a pause is in the same message, but thought after its beginning.
            let is_bound = found == bound(seal, request.model(), &prefix)
                || (!left.is_empty()
                    && found == bound(seal, request.model(), &chained(seal, &prefix, role, &left)));
            match (is_bound, drops) {
                (true, _) => left.push(block.clone()),
                (false, true) => transformations.push(json!({
                    "type": "thinking_dropped", "path": path, "reason": "prefix_binding_mismatch",
                })),
                (false, false) => {
                    let kind = text(block, "type");
                    let message = format!("{path}: this `{kind}` block is bound to a different conversation");
                    return Err(Refusal::new(Rule::ThinkingKept, message));
                }
            }
        }
        complete(request, seal, &format!("messages.{place}"), message, is_current(place))?;
        prefix = chained(seal, &prefix, role, &left);
    }
    Ok(Admission { prefix, transformations })
}

/// Whether thinking is dropped that is bound to something else.
fn drops(request: &Request) -> Result<bool, Refusal> {
    let binding = at(request.body(), &["thinking", "block_binding", "prefix_mismatch_behavior"]);
    let betas = request.header("anthropic-beta").unwrap_or_default();
    let has_controls = betas.split(',').any(|beta| beta.trim() == CONTROLS);
    match binding.as_str() {
        None => Ok(false),
        Some(_) if !has_controls => {
            let message = "thinking.adaptive.block_binding: Extra inputs are not permitted";
            Err(Refusal::new(Rule::Shape, message))
        }
        Some(behaviour) => Ok(behaviour == "drop_block"),
    }
}

fn chained(seal: &Seal, prefix: &str, role: &str, blocks: &[Value]) -> String {
    seal.chain(prefix, &json!({"role": role, "content": blocks}))
}

/// What thinking is bound to, if it is as it was issued.
fn read(seal: &Seal, path: &str, block: &Value) -> Result<[u8; 16], Refusal> {
    let kind = text(block, "type");
    let (sealed, thinking) = match kind {
        "thinking" => (text(block, "signature"), Some(text(block, "thinking"))),
        _ => (text(block, "data"), None),
    };
    let Some([of_all, bound]) = Seal::read(sealed) else {
        let message = match kind {
            "thinking" => format!("{path}: Invalid `signature` in `thinking` block"),
            _ => format!("{path}: Invalid `data` in `redacted_thinking` block"),
        };
        return Err(Refusal::new(Rule::ThinkingKept, message));
    };
    let expected = match thinking {
        Some(thinking) => seal.of("thinking", &[thinking, &Seal::base64(&[bound])]),
        None => seal.of("redacted", &[&Seal::base64(&[bound])]),
    };
    match of_all == expected {
        true => Ok(bound),
        false => Err(Refusal::new(Rule::ThinkingKept, modified(path))),
    }
}

fn modified(path: &str) -> String {
    format!(
        "{path}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. These blocks must remain as they were in the original response."
    )
}

/// An answer of this kit comes back whole: of the thinking before a call all is there, or nothing where that may be left out.
fn complete(
    request: &Request,
    seal: &Seal,
    path: &str,
    message: &Value,
    is_current: bool,
) -> Result<(), Refusal> {
    let blocks = items(field(message, "content"));
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| text(block, "type") == "tool_use") {
        let Some(id) = read_call_id(seal, text(block, "id")) else { continue };
        let is_of_answer = |block: &&Value| {
            is_thought(block)
                && read(seal, path, block).is_ok_and(|bound| {
                    seal.short("answer of", &[&Seal::base64(&[bound])], ANSWER) == id.answer
                })
        };
        let thoughts: Vec<Value> = blocks.iter().take(at).filter(is_of_answer).cloned().collect();
        if seal_of_thoughts(seal, &thoughts) == id.thoughts {
            continue;
        }
        if !thoughts.is_empty() {
            return Err(Refusal::new(Rule::ThinkingKept, modified(&format!("{path}.content"))));
        }
        // Another model's thinking is left out, that of past turns may be, and without thinking there is none.
        let is_own = id.model == seal_of_model(seal, request.model());
        let thinks = text(field(request.body(), "thinking"), "type") != "disabled";
        if is_own && is_current && thinks {
            let message = format!(
                "{path}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).",
                blocks.first().map_or("", |block| text(block, "type"))
            );
            return Err(Refusal::new(Rule::ThinkingKept, message));
        }
    }
    Ok(())
}

fn is_result(block: &Value) -> bool {
    text(block, "type") == "tool_result"
}
