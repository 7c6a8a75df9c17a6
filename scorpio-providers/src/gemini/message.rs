//! What a message of the history looks like on the wire: parts of a content. They are written once for each message and kept beside it,
//! so that they go out byte for byte the same in every turn.

use bytes::Bytes;
use scorpio_core::{
    Json, MediaPart, MediaSource, Message, Origin, Part, Role, ToolCallPart, ToolResultPart,
    model::{Entry, WireKey},
};

use crate::{arguments, json};

/// What Google documents for calls that another model made, and that so have no signature.
const DUMMY_SIGNATURE: &str = "skip_thought_signature_validator";

/// The beginning of an item that says where a long answer goes on. It has a field of its own in the request.
const CONTINUATION: &str = r#"{"continuationToken":"#;

/// An entry of the history on this wire.
#[derive(Debug)]
pub(super) struct Encoded<'a> {
    /// Whether the model speaks.
    pub(super) is_model: bool,
    /// Parts with commas between them, or nothing.
    pub(super) parts: &'a Bytes,
}

/// The parts of an entry. `origin` is that of the model that is asked.
pub(super) fn encoded<'a>(entry: &'a Entry, origin: &Origin) -> Encoded<'a> {
    let message = entry.message();
    let is_native = message.origin.as_ref() == Some(origin);
    let key: WireKey = if is_native { "gemini-generate-content" } else { "gemini-generate-content+foreign" };
    let parts = entry.encoded().get_or_encode(key, || encode(message, is_native).into());
    Encoded { is_model: message.role == Role::Assistant, parts }
}

/// Where the answer goes on that ends the history, as JSON.
pub(super) fn continuation<'a>(entry: &'a Entry, origin: &Origin) -> Option<&'a str> {
    let message = entry.message();
    let item = message.parts.iter().rev().find_map(|part| match part {
        Part::Opaque(part) => part.native.item.get().strip_prefix(CONTINUATION),
        _ => None,
    })?;
    item.strip_suffix('}').filter(|_| message.origin.as_ref() == Some(origin))
}

fn encode(message: &Message, is_native: bool) -> Vec<u8> {
    // Enough for a call or its result.
    let mut out = Vec::with_capacity(256);
    // The wire wants results before everything else.
    message.tool_results().for_each(|result| tool_result(&mut out, result));
    let mut is_first_call = true;
    for part in &message.parts {
        match part {
            Part::Text(part) => match &part.native {
                Some(native) if is_native => verbatim(&mut out, &native.item),
                _ => text(&mut out, &part.text),
            },
            Part::ToolCall(call) => match &call.native {
                Some(native) if is_native => verbatim(&mut out, &native.item),
                _ => {
                    tool_call(&mut out, call, std::mem::take(&mut is_first_call));
                }
            },
            // Thoughts are never shown to another model, and never told as text.
            Part::Reasoning(part) => {
                if let Some(native) = part.native.as_ref().filter(|_| is_native) {
                    verbatim(&mut out, &native.item);
                }
            }
            Part::Opaque(part) if is_native && !part.native.item.get().starts_with(CONTINUATION) => {
                verbatim(&mut out, &part.native.item);
            }
            Part::Media(part) if message.role != Role::Assistant => media(&mut out, part),
            _ => {}
        }
    }
    out
}

fn verbatim(out: &mut Vec<u8>, item: &Json) {
    json::comma(out);
    out.extend_from_slice(item.get().as_bytes());
}

fn text(out: &mut Vec<u8>, text: &str) {
    if text.is_empty() {
        return;
    }
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "text", text);
    out.push(b'}');
}

fn tool_call(out: &mut Vec<u8>, call: &ToolCallPart, is_first: bool) {
    json::comma(out);
    out.extend_from_slice(br#"{"functionCall":{"#);
    id(out, call.call_id.as_str());
    json::string_field(out, "name", &call.name);
    json::raw_field(out, "args", arguments::as_object(&call.arguments).trim());
    out.push(b'}');
    // Only the first call of a step has one.
    if is_first {
        json::string_field(out, "thoughtSignature", DUMMY_SIGNATURE);
    }
    out.push(b'}');
}

fn tool_result(out: &mut Vec<u8>, result: &ToolResultPart) {
    json::comma(out);
    out.extend_from_slice(br#"{"functionResponse":{"#);
    id(out, result.call_id.as_str());
    json::string_field(out, "name", &result.name);
    json::key(out, "response");
    let output = result.output.get().trim();
    if result.is_error() {
        out.push(b'{');
        json::raw_field(out, "error", output);
        out.push(b'}');
    } else if output.starts_with('{') {
        out.extend_from_slice(output.as_bytes());
    } else {
        out.push(b'{');
        json::raw_field(out, "result", output);
        out.push(b'}');
    }
    out.extend_from_slice(b"}}");
}

/// A call that came without an id is matched by its name and its place, and so is its result.
fn id(out: &mut Vec<u8>, call_id: &str) {
    if !is_made_up(call_id) {
        json::string_field(out, "id", call_id);
    }
}

/// Whether an id is one that was made for a call without any: `call_`, 16 hexadecimal digits, `_` and a number.
fn is_made_up(call_id: &str) -> bool {
    let parts = call_id.strip_prefix("call_").and_then(|rest| rest.split_once('_'));
    let is_hexadecimal = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    parts.is_some_and(|(seed, place)| is_hexadecimal(seed) && place.parse::<u32>().is_ok())
}

fn media(out: &mut Vec<u8>, part: &MediaPart) {
    json::comma(out);
    match &part.source {
        MediaSource::Url(url) => {
            out.extend_from_slice(br#"{"fileData":{"#);
            json::string_field(out, "mimeType", &part.media_type);
            json::string_field(out, "fileUri", url);
        }
        MediaSource::Base64(data) => {
            out.extend_from_slice(br#"{"inlineData":{"#);
            json::string_field(out, "mimeType", &part.media_type);
            json::string_field(out, "data", data);
        }
        // A source of a newer version: the model is told that there was something.
        _ => {
            out.extend_from_slice(br#"{"text":"[media]"}"#);
            return;
        }
    }
    out.extend_from_slice(b"}}");
}

#[cfg(test)]
mod tests;
