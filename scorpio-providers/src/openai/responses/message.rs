//! What a message of the history looks like on the wire: items of the input. They are written once for each message and kept beside it,
//! so that they go out byte for byte the same in every turn.

use bytes::Bytes;
use scorpio_core::{
    MediaPart, MediaSource, Message, Native, Origin, Part, Role, ToolCallPart,
    model::{Entry, WireKey},
};
use serde::Deserialize;

use crate::{arguments, json, lenient::Text};

/// The items of an entry, with commas between them, or nothing. `origin` is that of the model that is asked.
pub(super) fn encoded<'a>(entry: &'a Entry, origin: &Origin) -> &'a Bytes {
    let message = entry.message();
    let is_native = message.origin.as_ref() == Some(origin) && can_be_replayed(message);
    let key: WireKey = if is_native { "openai-responses" } else { "openai-responses+foreign" };
    entry.encoded().get_or_encode(key, || encode(message, is_native).into())
}

/// Nothing is stored at OpenAI, so reasoning that did not come encrypted cannot go back, and what belongs to it cannot go back as it is.
fn can_be_replayed(message: &Message) -> bool {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Reasoning<'a> {
        #[serde(borrow)]
        encrypted_content: Text<'a>,
    }

    let is_encrypted = |native: &Native| {
        let item: Reasoning<'_> = serde_json::from_str(native.item.get()).unwrap_or_default();
        !item.encrypted_content.is_empty()
    };
    message.parts.iter().all(|part| match part {
        Part::Reasoning(part) => part.native.as_ref().is_some_and(is_encrypted),
        _ => true,
    })
}

fn encode(message: &Message, is_native: bool) -> Vec<u8> {
    // Enough for a call or its result.
    let mut out = Vec::with_capacity(256);
    match message.role {
        Role::System => said(&mut out, "developer", &message.text()),
        Role::Assistant if is_native => replay(&mut out, message),
        Role::Assistant => assistant(&mut out, message),
        Role::Tool => results(&mut out, message),
        // A role of a newer version is taken for somebody who speaks to the model.
        _ => user(&mut out, message),
    }
    out
}

/// The items as they came. Reasoning that nothing follows, because the answer was cut there, is refused and left out.
fn replay(out: &mut Vec<u8>, message: &Message) {
    let is_thought = |part: &&Part| matches!(part, Part::Reasoning(_));
    let thoughts = message.parts.iter().rev().take_while(is_thought).count();
    for part in message.parts.iter().take(message.parts.len() - thoughts) {
        let native = match part {
            Part::Text(part) => part.native.as_ref(),
            Part::Reasoning(part) => part.native.as_ref(),
            Part::ToolCall(part) => part.native.as_ref(),
            Part::Opaque(part) => Some(&part.native),
            _ => None,
        };
        match (native, part) {
            (Some(native), _) => {
                json::comma(out);
                out.extend_from_slice(native.item.get().as_bytes());
            }
            (None, Part::Text(part)) => said(out, "assistant", &part.text),
            (None, Part::ToolCall(call)) => tool_call(out, call),
            _ => {}
        }
    }
}

fn assistant(out: &mut Vec<u8>, message: &Message) {
    for part in &message.parts {
        match part {
            Part::Text(part) => said(out, "assistant", &part.text),
            Part::ToolCall(call) => tool_call(out, call),
            _ => {}
        }
    }
}

fn said(out: &mut Vec<u8>, role: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "role", role);
    json::string_field(out, "content", text);
    out.push(b'}');
}

fn tool_call(out: &mut Vec<u8>, call: &ToolCallPart) {
    open(out, "function_call");
    json::string_field(out, "call_id", call.call_id.as_str());
    json::string_field(out, "name", &call.name);
    json::string_field(out, "arguments", &arguments::as_object(&call.arguments));
    out.push(b'}');
}

fn results(out: &mut Vec<u8>, message: &Message) {
    for result in message.tool_results() {
        open(out, "function_call_output");
        json::string_field(out, "call_id", result.call_id.as_str());
        json::string_field(out, "output", &result.output.display_text());
        out.push(b'}');
    }
}

fn user(out: &mut Vec<u8>, message: &Message) {
    let wanted = |part: &&Part| matches!(part, Part::Text(_) | Part::Media(_));
    let mut parts = message.parts.iter().filter(wanted);
    if let (Some(Part::Text(text)), None) = (parts.next(), parts.next()) {
        return said(out, "user", &text.text);
    }
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "role", "user");
    json::key(out, "content");
    out.push(b'[');
    for part in &message.parts {
        match part {
            Part::Text(part) => text(out, &part.text),
            Part::Media(part) => media(out, part),
            _ => {}
        }
    }
    out.extend_from_slice(b"]}");
}

fn text(out: &mut Vec<u8>, text: &str) {
    open(out, "input_text");
    json::string_field(out, "text", text);
    out.push(b'}');
}

fn media(out: &mut Vec<u8>, part: &MediaPart) {
    let is_image = part.media_type.starts_with("image/");
    let data_url = |data: &str| format!("data:{};base64,{data}", part.media_type);
    match &part.source {
        MediaSource::Url(url) if is_image => image(out, url),
        MediaSource::Base64(data) if is_image => image(out, &data_url(data)),
        MediaSource::Url(url) => {
            open(out, "input_file");
            json::string_field(out, "file_url", url);
            out.push(b'}');
        }
        MediaSource::Base64(data) => {
            open(out, "input_file");
            // OpenAI refuses file data without a name.
            json::string_field(out, "filename", part.filename.as_deref().unwrap_or("document"));
            json::string_field(out, "file_data", &data_url(data));
            out.push(b'}');
        }
        _ => {}
    }
}

fn image(out: &mut Vec<u8>, url: &str) {
    open(out, "input_image");
    json::string_field(out, "image_url", url);
    json::string_field(out, "detail", "auto");
    out.push(b'}');
}

fn open(out: &mut Vec<u8>, kind: &str) {
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "type", kind);
}

#[cfg(test)]
mod tests;
