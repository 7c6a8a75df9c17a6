//! A request as the model sees it: what makes two of them the same, and what a person reads of one.

use std::{collections::HashMap, fmt::Write as _};

use scorpio_core::{
    Json, MediaSource, Message, Part, Role, ToolCallId,
    model::{ModelRequest, OutputSchema, ToolChoice},
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The JSON of a request without what the model does not see: ids and times of messages, what they cost, what the program keeps with them,
/// whether the provider should keep what it has read. Tool calls are numbered in place of their ids. The bytes of media stand as a hash.
pub(super) fn form(request: &ModelRequest) -> String {
    let mut calls = Calls::default();
    let form = Form {
        model: &request.model,
        instructions: request.instructions.as_deref(),
        messages: request.transcript.messages().map(|message| message_form(message, &mut calls)).collect(),
        tools: request
            .tools
            .specs()
            .map(|tool| ToolForm {
                name: &tool.name,
                description: &tool.description,
                parameters: &tool.parameters,
            })
            .collect(),
        tool_choice: match &request.tool_choice {
            ToolChoice::Auto => None,
            ToolChoice::None => Some("none".to_owned()),
            ToolChoice::Required => Some("required".to_owned()),
            ToolChoice::Tool(name) => Some(format!("tool {name}")),
            other => Some(format!("{other:?}")),
        },
        parallel_tool_calls: request.parallel_tool_calls,
        output: request.output.as_deref().map(OutputForm::of),
        max_output_tokens: request.max_output_tokens,
        temperature: request.temperature,
        reasoning_effort: request.reasoning_effort.as_deref(),
        extra: request.extra.as_ref(),
    };
    // Strings, numbers and JSON that is valid already cannot fail to be written.
    serde_json::to_string(&form).unwrap_or_default()
}

/// The SHA-256 of the pieces, each with its length in front.
pub(super) fn digest(pieces: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for piece in pieces {
        hash.update((piece.len() as u64).to_le_bytes());
        hash.update(piece);
    }
    hash.finalize().into()
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[derive(Serialize)]
struct Form<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    messages: Vec<MessageForm<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<OutputForm<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<&'a Json>,
}

#[derive(Serialize)]
struct ToolForm<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Json,
}

#[derive(Serialize)]
struct OutputForm<'a> {
    name: &'a str,
    schema: &'a Json,
}

impl<'a> OutputForm<'a> {
    fn of(output: &'a OutputSchema) -> Self {
        Self { name: &output.name, schema: &output.schema }
    }
}

#[derive(Serialize)]
struct MessageForm<'a> {
    role: Role,
    /// Where the verbatim items come from, because they go back there and nowhere else.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    parts: Vec<PartForm<'a>>,
}

#[derive(Default, Serialize)]
struct PartForm<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    arguments: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result_of: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_error: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    media: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    native: Option<&'a Json>,
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Json>,
}

/// The numbers of tool calls, in the order in which they appear.
#[derive(Default)]
struct Calls<'a>(HashMap<&'a ToolCallId, usize>);

impl<'a> Calls<'a> {
    fn begin(&mut self, id: &'a ToolCallId) -> usize {
        let number = self.0.len();
        *self.0.entry(id).or_insert(number)
    }
}

fn message_form<'a>(message: &'a Message, calls: &mut Calls<'a>) -> MessageForm<'a> {
    // What is meant for the program's own user interface is not shown to models.
    let shown = message.parts.iter().filter(|part| !matches!(part, Part::Data(_)));
    let parts: Vec<_> = shown.map(|part| part_form(part, calls)).collect();
    let origin = message.origin.as_ref().filter(|_| parts.iter().any(|part| part.native.is_some()));
    let origin = origin.map(|origin| format!("{}/{}/{}", origin.provider, origin.wire, origin.model));
    MessageForm { role: message.role, origin, parts }
}

fn part_form<'a>(part: &'a Part, calls: &mut Calls<'a>) -> PartForm<'a> {
    let none = PartForm::default;
    match part {
        Part::Text(part) => PartForm {
            text: Some(&part.text),
            native: part.native.as_ref().map(|native| &native.item),
            ..none()
        },
        Part::Reasoning(part) => PartForm {
            reasoning: Some(&part.text),
            native: part.native.as_ref().map(|native| &native.item),
            ..none()
        },
        Part::ToolCall(part) => PartForm {
            call: Some(calls.begin(&part.call_id)),
            tool: Some(&part.name),
            arguments: Some(&part.arguments),
            native: part.native.as_ref().map(|native| &native.item),
            ..none()
        },
        Part::ToolResult(part) => PartForm {
            result_of: Some(calls.begin(&part.call_id)),
            tool: Some(&part.name),
            output: Some(&part.output),
            is_error: Some(part.is_error()).filter(|is_error| *is_error),
            ..none()
        },
        Part::Media(part) => {
            let (sha256, url) = match &part.source {
                MediaSource::Base64(data) => (Some(hex(&digest(&[data]))), None),
                MediaSource::Url(url) => (None, Some(url.as_str())),
                other => (Some(format!("{other:?}")), None),
            };
            PartForm { media: Some(&part.media_type), sha256, url, name: part.filename.as_deref(), ..none() }
        }
        Part::Source(part) => PartForm { url: Some(&part.url), name: part.title.as_deref(), ..none() },
        Part::Opaque(part) => PartForm { native: Some(&part.native.item), ..none() },
        other => PartForm { other: Json::new(other).ok(), ..none() },
    }
}
