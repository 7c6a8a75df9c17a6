//! The body of a request: the bytes of the messages and of the tools, which are kept from call to call, and what is new around
//! them, written into one buffer.

use bytes::Bytes;
use scorpio_core::{
    Origin,
    model::{ModelError, ModelRequest, OutputSchema, PromptCache, ToolChoice},
    tool::{ToolCatalog, ToolSpec},
};

use super::{
    WIRE,
    message::{self, Encoded, Speaker, encoded},
    models,
};
use crate::{
    http::invalid,
    json::{self, Extra},
    schema,
};

/// The fields that a program may not set: the answer could not be read, or the conversation would be another.
const RESERVED: [&str; 5] = ["messages", "model", "stream", "system", "tools"];

/// The first version of the API that refuses sampling parameters.
const WITHOUT_SAMPLING: &str = "2026-10-21";

/// What the fields around the messages and the tools take, so that the buffer seldom grows.
const HEADROOM: usize = 1024;

/// What stands between an answer that broke off and one that was written after it.
const GO_ON: &str = "Please go on.";

/// What the provider adds to a request.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    /// The origin of what the model that is asked has written.
    pub(super) origin: Origin,
    pub(super) version: &'a str,
    pub(super) vertex: bool,
    pub(super) max_output_tokens: Option<u32>,
    /// Whether thinking is dropped whose conversation has changed.
    pub(super) drop_unbound: bool,
}

/// The JSON of `request`.
pub(super) fn encode(request: &ModelRequest, settings: &Settings<'_>) -> Result<Vec<u8>, ModelError> {
    let extra = json::extra(request.extra.as_ref(), &RESERVED)?;
    let entries = request.transcript.entries().iter();
    let entries: Vec<Encoded<'_>> = entries.map(|entry| encoded(entry, &settings.origin)).collect();
    let tools = if request.tools.is_empty() { &Bytes::new() } else { encoded_tools(&request.tools) };
    let size = entries.iter().map(|entry| entry.blocks.len() + 40).sum::<usize>();
    let instructions = request.instructions.as_deref().unwrap_or_default();

    let mut out = Vec::with_capacity(size + tools.len() + instructions.len() + HEADROOM);
    out.push(b'{');
    if settings.vertex {
        json::string_field(&mut out, "anthropic_version", settings.version);
    } else {
        json::string_field(&mut out, "model", &request.model);
    }
    if !tools.is_empty() {
        json::key(&mut out, "tools");
        out.extend_from_slice(tools);
    }
    if !instructions.trim().is_empty() {
        json::string_field(&mut out, "system", instructions);
    }
    messages(&mut out, &entries);
    json::raw_field(&mut out, "stream", "true");
    options(&mut out, request, settings, &extra)?;
    for (name, value) in &extra {
        json::raw_field(&mut out, name, value.get());
    }
    out.push(b'}');
    Ok(out)
}

/// Roles alternate: what one side said in several messages is one message here.
fn messages(out: &mut Vec<u8>, entries: &[Encoded<'_>]) {
    json::key(out, "messages");
    out.push(b'[');
    let mut last: Option<&Encoded<'_>> = None;
    for entry in entries.iter().filter(|entry| !entry.blocks.is_empty()) {
        // Thinking must come first in what the assistant says, and nothing goes on where another answer broke off.
        let goes_on = last.is_some_and(|last| last.speaker == entry.speaker);
        let broke_off = goes_on
            && entry.speaker == Speaker::Assistant
            && last.is_some_and(|last| !(last.is_native && entry.is_native));
        if broke_off {
            out.extend_from_slice(b"]},");
            open(out, Speaker::User);
            message::text(out, GO_ON);
        }
        if !goes_on || broke_off {
            if last.is_some() {
                out.extend_from_slice(b"]},");
            }
            open(out, entry.speaker);
        } else {
            out.push(b',');
        }
        out.extend_from_slice(entry.blocks);
        last = Some(entry);
    }
    if last.is_some() {
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
}

fn open(out: &mut Vec<u8>, speaker: Speaker) {
    out.extend_from_slice(match speaker {
        Speaker::User => br#"{"role":"user","content":["#,
        Speaker::Assistant => br#"{"role":"assistant","content":["#,
    });
}

/// The parameters that are set, unless the program set the same field itself.
fn options(
    out: &mut Vec<u8>,
    request: &ModelRequest,
    settings: &Settings<'_>,
    extra: &Extra<'_>,
) -> Result<(), ModelError> {
    let free = |name: &str| !extra.contains_key(name);
    if free("max_tokens") {
        let tokens = request.max_output_tokens.or(settings.max_output_tokens);
        json::key(out, "max_tokens");
        json::value(out, &tokens.unwrap_or_else(|| models::max_output_tokens(&request.model)));
    }
    if let Some(temperature) = request.temperature.filter(|_| free("temperature")) {
        if !temperature.is_finite() {
            return Err(invalid(format!("{temperature} is no temperature")));
        }
        if !settings.vertex && settings.version >= WITHOUT_SAMPLING {
            tracing::warn!(model = %request.model, "this version of the API takes no temperature; it is left out");
        } else {
            json::key(out, "temperature");
            json::value(out, &temperature);
        }
    }
    if free("thinking") {
        thinking(out, request, settings)?;
    }
    if free("output_config") {
        output_config(out, request)?;
    }
    if free("tool_choice") {
        tool_choice(out, request)?;
    }
    if free("cache_control") {
        match request.prompt_cache {
            PromptCache::Off => {}
            PromptCache::Long => json::raw_field(out, "cache_control", r#"{"type":"ephemeral","ttl":"1h"}"#),
            _ => json::raw_field(out, "cache_control", r#"{"type":"ephemeral"}"#),
        }
    }
    Ok(())
}

/// An effort is `none`, a number of tokens, or a word.
fn thinking(out: &mut Vec<u8>, request: &ModelRequest, settings: &Settings<'_>) -> Result<(), ModelError> {
    let effort = request.reasoning_effort.as_deref();
    let kind = match effort {
        None if settings.drop_unbound => r#""type":"adaptive""#.to_owned(),
        None => return Ok(()),
        Some("none") => r#""type":"disabled""#.to_owned(),
        Some(effort) => match effort.parse::<u32>() {
            Ok(tokens) if tokens < 1024 => {
                return Err(invalid("a budget of thinking is at least 1024 tokens"));
            }
            Ok(tokens) => format!(r#""type":"enabled","budget_tokens":{tokens}"#),
            Err(_) => r#""type":"adaptive""#.to_owned(),
        },
    };
    let binding = match settings.drop_unbound {
        true => r#","block_binding":{"prefix_mismatch_behavior":"drop_block"}"#,
        false => "",
    };
    json::raw_field(out, "thinking", &format!("{{{kind}{binding}}}"));
    Ok(())
}

fn output_config(out: &mut Vec<u8>, request: &ModelRequest) -> Result<(), ModelError> {
    let effort = request.reasoning_effort.as_deref();
    let effort = effort.filter(|effort| *effort != "none" && effort.parse::<u32>().is_err());
    if effort.is_none() && request.output.is_none() {
        return Ok(());
    }
    json::key(out, "output_config");
    out.push(b'{');
    if let Some(effort) = effort {
        json::string_field(out, "effort", effort);
    }
    if let Some(output) = request.output.as_deref() {
        format(out, output)?;
    }
    out.push(b'}');
    Ok(())
}

fn format(out: &mut Vec<u8>, output: &OutputSchema) -> Result<(), ModelError> {
    let strict = schema::rewrite(&output.schema, schema::Subset::Anthropic).map_err(|error| {
        invalid(format!("the shape `{}` cannot be asked for: {error}", output.name)).with_source(error)
    })?;
    json::key(out, "format");
    out.push(b'{');
    json::string_field(out, "type", "json_schema");
    json::raw_field(out, "schema", &strict);
    out.push(b'}');
    Ok(())
}

fn tool_choice(out: &mut Vec<u8>, request: &ModelRequest) -> Result<(), ModelError> {
    let must_call = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Tool(_));
    if request.tools.is_empty() {
        return match must_call {
            true => Err(invalid("the model must call a tool, but there are none")),
            false => Ok(()),
        };
    }
    let one_at_a_time = request.parallel_tool_calls == Some(false);
    let kind = match &request.tool_choice {
        ToolChoice::Auto if !one_at_a_time => return Ok(()),
        ToolChoice::Auto => "auto",
        ToolChoice::None => "none",
        ToolChoice::Required => "any",
        ToolChoice::Tool(name) if request.tools.get(name).is_none() => {
            return Err(invalid(format!(
                "the model must call the tool `{name}`, but there is none of that name"
            )));
        }
        ToolChoice::Tool(_) => "tool",
        other => return Err(invalid(format!("this wire does not know the tool choice {other:?}"))),
    };
    json::key(out, "tool_choice");
    out.push(b'{');
    json::string_field(out, "type", kind);
    if let ToolChoice::Tool(name) = &request.tool_choice {
        json::string_field(out, "name", name);
    }
    if one_at_a_time && kind != "none" {
        json::raw_field(out, "disable_parallel_tool_use", "true");
    }
    out.push(b'}');
    Ok(())
}

fn encoded_tools(tools: &ToolCatalog) -> &Bytes {
    tools.encoded().get_or_encode(WIRE, || {
        let mut out = vec![b'['];
        tools.specs().for_each(|spec| tool(&mut out, spec));
        out.push(b']');
        out.into()
    })
}

fn tool(out: &mut Vec<u8>, spec: &ToolSpec) {
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "name", &spec.name);
    if !spec.description.is_empty() {
        json::string_field(out, "description", &spec.description);
    }
    json::raw_field(out, "input_schema", &json::with_fields(&spec.parameters, &[("type", "\"object\"")]));
    out.push(b'}');
}

#[cfg(test)]
mod tests;
