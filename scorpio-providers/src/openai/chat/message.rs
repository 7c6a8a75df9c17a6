//! What a message of the history looks like on the wire. It is written once for each message and kept beside it, so a turn
//! costs its new messages alone.

use std::fmt::Write as _;

use bytes::Bytes;
use scorpio_core::{
    MediaPart, MediaSource, Message, Part, Role, ToolCallPart,
    model::{Entry, WireKey},
};

use crate::{arguments, json, openai::InstructionsRole};

/// The JSON of an entry: one message, several with commas between them (a tool's message is one for each result), or nothing
/// (an answer that holds neither text nor calls, which the wire forbids).
pub(super) fn encoded(entry: &Entry, role: InstructionsRole) -> &Bytes {
    entry.encoded().get_or_encode(cache_key(role), || Bytes::copy_from_slice(&encode(entry.message(), role)))
}

/// Appends a message of instructions.
pub(super) fn instructions(out: &mut Vec<u8>, text: &str, role: InstructionsRole) {
    json::comma(out);
    open(out, role.as_str());
    json::string_field(out, "content", text);
    out.push(b'}');
}

fn cache_key(role: InstructionsRole) -> WireKey {
    match role {
        InstructionsRole::System => "openai-chat",
        InstructionsRole::Developer => "openai-chat+developer",
    }
}

fn encode(message: &Message, role: InstructionsRole) -> Vec<u8> {
    // Enough for a call or its result.
    let mut out = Vec::with_capacity(256);
    match message.role {
        Role::System => instructions(&mut out, &joined_text(message), role),
        Role::Assistant => assistant(&mut out, message),
        Role::Tool => tool(&mut out, message),
        // A role of a newer version is taken for somebody who speaks to the model.
        _ => user(&mut out, message),
    }
    out
}

fn user(out: &mut Vec<u8>, message: &Message) {
    open(out, "user");
    json::key(out, "content");
    let mut parts = message.parts.iter().filter(|part| matches!(part, Part::Text(_) | Part::Media(_)));
    // A single text is sent as a string, which every server takes; some know no lists.
    match (parts.next(), parts.next()) {
        (None, _) => json::string(out, ""),
        (Some(Part::Text(text)), None) => json::string(out, &text.text),
        _ => {
            out.push(b'[');
            for part in &message.parts {
                match part {
                    Part::Text(part) => text(out, &part.text),
                    Part::Media(part) => media(out, part),
                    _ => {}
                }
            }
            out.push(b']');
        }
    }
    out.push(b'}');
}

fn text(out: &mut Vec<u8>, text: &str) {
    open_part(out, "text");
    json::string_field(out, "text", text);
    out.push(b'}');
}

fn media(out: &mut Vec<u8>, part: &MediaPart) {
    let image = part.media_type.starts_with("image/");
    match &part.source {
        MediaSource::Url(url) if image => image_url(out, url),
        MediaSource::Base64(data) if image => image_url(out, &data_url(&part.media_type, data)),
        MediaSource::Base64(data) => match audio_format(&part.media_type) {
            Some(format) => audio(out, data, format),
            None => file(out, part, data),
        },
        // The wire takes no addresses of documents. The model is told of it, for a history that cannot be sent is worse.
        MediaSource::Url(url) => link(out, part, url),
        _ => {}
    }
}

fn image_url(out: &mut Vec<u8>, url: &str) {
    open_part(out, "image_url");
    json::key(out, "image_url");
    out.push(b'{');
    json::string_field(out, "url", url);
    out.extend_from_slice(b"}}");
}

fn audio(out: &mut Vec<u8>, data: &str, format: &str) {
    open_part(out, "input_audio");
    json::key(out, "input_audio");
    out.push(b'{');
    json::string_field(out, "data", data);
    json::string_field(out, "format", format);
    out.extend_from_slice(b"}}");
}

fn file(out: &mut Vec<u8>, part: &MediaPart, data: &str) {
    open_part(out, "file");
    json::key(out, "file");
    out.push(b'{');
    // OpenAI refuses file data without a name.
    json::string_field(out, "filename", part.filename.as_deref().unwrap_or("document"));
    json::string_field(out, "file_data", &data_url(&part.media_type, data));
    out.extend_from_slice(b"}}");
}

fn link(out: &mut Vec<u8>, part: &MediaPart, url: &str) {
    let mut line = format!("[{}", part.media_type);
    if let Some(name) = &part.filename {
        // Writing to a string cannot fail.
        let _ = write!(line, " {name}");
    }
    let _ = write!(line, ": {url}]");
    text(out, &line);
}

fn data_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}

/// The two formats that the wire takes.
fn audio_format(media_type: &str) -> Option<&'static str> {
    match media_type {
        "audio/wav" | "audio/x-wav" | "audio/wave" => Some("wav"),
        "audio/mpeg" | "audio/mp3" => Some("mp3"),
        _ => None,
    }
}

fn assistant(out: &mut Vec<u8>, message: &Message) {
    let text = joined_text(message);
    let mut calls = message.tool_calls().peekable();
    if text.is_empty() && calls.peek().is_none() {
        return;
    }
    open(out, "assistant");
    match text.as_str() {
        "" => json::raw_field(out, "content", "null"),
        text => json::string_field(out, "content", text),
    }
    if calls.peek().is_some() {
        json::key(out, "tool_calls");
        out.push(b'[');
        for call in calls {
            tool_call(out, call);
        }
        out.push(b']');
    }
    out.push(b'}');
}

fn tool_call(out: &mut Vec<u8>, call: &ToolCallPart) {
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "id", call.call_id.as_str());
    json::string_field(out, "type", "function");
    json::key(out, "function");
    out.push(b'{');
    json::string_field(out, "name", &call.name);
    json::string_field(out, "arguments", &arguments::as_object(&call.arguments));
    out.extend_from_slice(b"}}");
}

fn tool(out: &mut Vec<u8>, message: &Message) {
    for result in message.tool_results() {
        json::comma(out);
        open(out, "tool");
        json::string_field(out, "tool_call_id", result.call_id.as_str());
        json::string_field(out, "content", &result.output.display_text());
        out.push(b'}');
    }
}

fn open(out: &mut Vec<u8>, role: &str) {
    out.push(b'{');
    json::string_field(out, "role", role);
}

fn open_part(out: &mut Vec<u8>, kind: &str) {
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "type", kind);
}

/// The text parts. What stood between two of them is not on this wire, so they are paragraphs.
fn joined_text(message: &Message) -> String {
    let texts = message.parts.iter().filter_map(|part| match part {
        Part::Text(text) if !text.text.is_empty() => Some(text.text.as_str()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests;
