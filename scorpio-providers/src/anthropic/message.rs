//! What a message of the history looks like on the wire: its content blocks. They are written once for each message and kept beside it,
//! so that they go out byte for byte the same in every turn.

use std::{borrow::Cow, hash::Hasher};

use crate::{arguments, json};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use scorpio_core::{
    MediaPart, MediaSource, Message, Origin, Part, Role, ToolCallPart, ToolResultPart,
    model::{Entry, WireKey},
};

/// Who speaks on this wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker {
    User,
    Assistant,
}

/// An entry of the history on this wire.
#[derive(Debug)]
pub(super) struct Encoded<'a> {
    pub(super) speaker: Speaker,
    /// Whether it was written by the very model that is asked.
    pub(super) is_native: bool,
    /// Content blocks with commas between them, or nothing.
    pub(super) blocks: &'a Bytes,
}

/// The blocks of an entry. `origin` is that of the model that is asked.
pub(super) fn encoded<'a>(entry: &'a Entry, origin: &Origin) -> Encoded<'a> {
    let message = entry.message();
    let is_native = message.origin.as_ref() == Some(origin);
    let key: WireKey = if is_native { "anthropic-messages" } else { "anthropic-messages+foreign" };
    let blocks = entry.encoded().get_or_encode(key, || encode(message, is_native).into());
    let speaker = if message.role == Role::Assistant { Speaker::Assistant } else { Speaker::User };
    Encoded { speaker, is_native, blocks }
}

/// Appends a block of text. The wire refuses one without anything to read.
pub(super) fn text(out: &mut Vec<u8>, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    open(out, "text");
    json::string_field(out, "text", text);
    out.push(b'}');
}

fn encode(message: &Message, is_native: bool) -> Vec<u8> {
    // Enough for a call or its result.
    let mut out = Vec::with_capacity(256);
    // The wire wants results before everything else.
    message.tool_results().for_each(|result| tool_result(&mut out, result));
    for part in &message.parts {
        match part {
            Part::Text(part) => match &part.native {
                Some(native) if is_native => verbatim(&mut out, native.item.get()),
                _ => text(&mut out, &part.text),
            },
            Part::ToolCall(call) => match &call.native {
                Some(native) if is_native => verbatim(&mut out, native.item.get()),
                _ => tool_call(&mut out, call),
            },
            // Thinking is never shown to another model, and never told as text.
            Part::Reasoning(part) => {
                if let Some(native) = part.native.as_ref().filter(|_| is_native) {
                    verbatim(&mut out, native.item.get());
                }
            }
            Part::Opaque(part) if is_native => verbatim(&mut out, part.native.item.get()),
            Part::Media(part) if message.role != Role::Assistant => media(&mut out, part),
            _ => {}
        }
    }
    out
}

fn verbatim(out: &mut Vec<u8>, item: &str) {
    json::comma(out);
    out.extend_from_slice(item.as_bytes());
}

fn tool_call(out: &mut Vec<u8>, call: &ToolCallPart) {
    open(out, "tool_use");
    json::string_field(out, "id", &call_id(call.call_id.as_str()));
    json::string_field(out, "name", &call.name);
    json::raw_field(out, "input", arguments::as_object(&call.arguments).trim());
    out.push(b'}');
}

fn tool_result(out: &mut Vec<u8>, result: &ToolResultPart) {
    open(out, "tool_result");
    json::string_field(out, "tool_use_id", &call_id(result.call_id.as_str()));
    let text = result.output.display_text();
    if !text.is_empty() {
        json::string_field(out, "content", &text);
    }
    if result.is_error() {
        json::raw_field(out, "is_error", "true");
    }
    out.push(b'}');
}

fn media(out: &mut Vec<u8>, part: &MediaPart) {
    let is_image = part.media_type.starts_with("image/");
    let is_text = part.media_type.starts_with("text/");
    match &part.source {
        MediaSource::Url(url) if is_image => by_url(out, "image", part, url),
        MediaSource::Base64(data) if is_image => by_data(out, "image", part, &part.media_type, data),
        MediaSource::Url(url) if part.media_type == "application/pdf" => by_url(out, "document", part, url),
        MediaSource::Base64(data) if part.media_type == "application/pdf" => {
            by_data(out, "document", part, &part.media_type, data);
        }
        MediaSource::Base64(data) if is_text => match decoded(data) {
            Some(plain) => document_of_text(out, part, &plain),
            None => unsent(out, part),
        },
        // The model is told of it, for a history that cannot be sent is worse.
        _ => unsent(out, part),
    }
}

fn by_url(out: &mut Vec<u8>, kind: &str, part: &MediaPart, url: &str) {
    open(out, kind);
    json::key(out, "source");
    out.push(b'{');
    json::string_field(out, "type", "url");
    json::string_field(out, "url", url);
    out.push(b'}');
    title(out, kind, part);
    out.push(b'}');
}

fn by_data(out: &mut Vec<u8>, kind: &str, part: &MediaPart, media_type: &str, data: &str) {
    open(out, kind);
    json::key(out, "source");
    out.push(b'{');
    json::string_field(out, "type", "base64");
    json::string_field(out, "media_type", media_type);
    json::string_field(out, "data", data);
    out.push(b'}');
    title(out, kind, part);
    out.push(b'}');
}

/// The wire takes plain text as it is, of one media type.
fn document_of_text(out: &mut Vec<u8>, part: &MediaPart, plain: &str) {
    open(out, "document");
    json::key(out, "source");
    out.push(b'{');
    json::string_field(out, "type", "text");
    json::string_field(out, "media_type", "text/plain");
    json::string_field(out, "data", plain);
    out.push(b'}');
    title(out, "document", part);
    out.push(b'}');
}

fn title(out: &mut Vec<u8>, kind: &str, part: &MediaPart) {
    if let Some(name) = part.filename.as_deref().filter(|name| kind == "document" && !name.is_empty()) {
        json::string_field(out, "title", name);
    }
}

fn unsent(out: &mut Vec<u8>, part: &MediaPart) {
    let name = part.filename.as_deref().map(|name| format!(" {name}")).unwrap_or_default();
    let url = match &part.source {
        MediaSource::Url(url) => format!(": {url}"),
        _ => String::new(),
    };
    text(out, &format!("[{}{name}{url}]", part.media_type));
}

fn decoded(data: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(data).ok()?;
    String::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty())
}

/// An id that the wire takes: ASCII letters, digits, `_` and `-`. Ids that differ stay different.
fn call_id(id: &str) -> Cow<'_, str> {
    let is_taken = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !id.is_empty() && id.chars().all(is_taken) {
        return Cow::Borrowed(id);
    }
    let mut hasher = Fnv(0xcbf2_9ce4_8422_2325);
    hasher.write(id.as_bytes());
    let plain: String = id.chars().map(|c| if is_taken(c) { c } else { '_' }).collect();
    Cow::Owned(format!("{plain}_{:016x}", hasher.finish()))
}

/// FNV-1a: the same in every process, which the standard library's hashers do not promise.
struct Fnv(u64);

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

fn open(out: &mut Vec<u8>, kind: &str) {
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "type", kind);
}

#[cfg(test)]
mod tests;
