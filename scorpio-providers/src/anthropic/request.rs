//! The body of a request: the bytes of the messages and of the tools, which are kept from call to call, and what is new around
//! them, written into one buffer.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use scorpio_core::{
    Json, Origin, Role,
    model::{Entry, ModelError, ModelRequest, OutputSchema, PromptCache, ToolChoice},
    tool::{ToolCatalog, ToolSpec},
};
use serde_json::value::RawValue;

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

/// What stands before an answer that nobody asked for, such as a greeting: the user must speak first.
const BEGIN: &str = "Please begin.";

/// The most tools of a request that may be strict.
const STRICT_TOOLS: usize = 20;

/// Thinking whose conversation has changed is dropped.
const DROPPING: (&str, &str) = ("block_binding", r#"{"prefix_mismatch_behavior":"drop_block"}"#);

/// What the provider adds to a request.
#[derive(Debug)]
pub(super) struct Settings<'a> {
    /// The origin of what the model that is asked has written.
    pub(super) origin: Origin,
    pub(super) version: &'a str,
    pub(super) vertex: bool,
    pub(super) max_output_tokens: Option<u32>,
    /// Whether tools are sent in strict mode, as far as they can be.
    pub(super) strict_tools: bool,
    /// Whether thinking is dropped whose conversation has changed.
    pub(super) drop_unbound: bool,
}

/// The JSON of `request`.
pub(super) fn encode(request: &ModelRequest, settings: &Settings<'_>) -> Result<Vec<u8>, ModelError> {
    let extra = json::extra(request.extra.as_ref(), &RESERVED)?;
    let (instructions, entries) = instructions(request);
    let entries: Vec<Encoded<'_>> = entries.iter().map(|entry| encoded(entry, &settings.origin)).collect();
    let no_tools = Bytes::new();
    let tools = match request.tools.is_empty() {
        true => &no_tools,
        false => encoded_tools(&request.tools, settings.strict_tools),
    };
    let size = entries.iter().map(|entry| entry.blocks.len() + 40).sum::<usize>();
    let cache = cache_control(request.prompt_cache).filter(|_| !extra.contains_key("cache_control"));
    // Vertex AI has no automatic cache: there the places are marked.
    let (automatic, marked) = if settings.vertex { (None, cache) } else { (cache, None) };

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
        system(&mut out, &instructions, marked);
    }
    messages(&mut out, &entries, marked);
    json::raw_field(&mut out, "stream", "true");
    options(&mut out, request, settings, &extra)?;
    if let Some(cache) = automatic {
        json::raw_field(&mut out, "cache_control", cache);
    }
    for (name, value) in &extra {
        match name.as_ref() {
            "thinking" if settings.drop_unbound => json::raw_field(&mut out, name, &dropping(value)),
            _ => json::raw_field(&mut out, name, value.get()),
        }
    }
    out.push(b'}');
    Ok(out)
}

/// What the model is told before the conversation, and the conversation. Instructions at its beginning are of the former; the wire has no
/// place for later ones, which go out as the user's.
fn instructions(request: &ModelRequest) -> (Cow<'_, str>, &[Arc<Entry>]) {
    let entries = request.transcript.entries();
    let first = entries.iter().take_while(|entry| entry.message().role == Role::System).count();
    let (told, said) = entries.split_at(first);
    let own = request.instructions.as_deref().unwrap_or_default();
    if told.is_empty() {
        return (own.into(), said);
    }
    let texts = std::iter::once(own.to_owned()).chain(told.iter().map(|entry| entry.message().text()));
    let texts: Vec<String> = texts.filter(|text| !text.trim().is_empty()).collect();
    (texts.join("\n\n").into(), said)
}

fn system(out: &mut Vec<u8>, instructions: &str, marked: Option<&str>) {
    let Some(cache) = marked else { return json::string_field(out, "system", instructions) };
    json::key(out, "system");
    out.push(b'[');
    message::text(out, instructions);
    mark(out, cache);
    out.push(b']');
}

/// Marks the block that was written last as the end of what may be kept.
fn mark(out: &mut Vec<u8>, cache: &str) {
    if out.pop_if(|last| *last == b'}').is_some() {
        json::raw_field(out, "cache_control", cache);
        out.push(b'}');
    }
}

/// Roles alternate: what one side said in several messages is one message here.
fn messages(out: &mut Vec<u8>, entries: &[Encoded<'_>], marked: Option<&str>) {
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
        if last.is_none() && entry.speaker == Speaker::Assistant {
            open(out, Speaker::User);
            message::text(out, BEGIN);
            out.extend_from_slice(b"]},");
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
    if let Some(last) = last {
        // Models go on with what they paused in themselves, and refuse to go on with anything else. What stands here is what would stand
        // before their answer in every later turn.
        let is_unfinished = last.speaker == Speaker::Assistant && !last.is_native;
        if is_unfinished {
            out.extend_from_slice(b"]},");
            open(out, Speaker::User);
            message::text(out, GO_ON);
        }
        // Thinking cannot be marked, and the assistant's last block may be that.
        if let Some(cache) = marked.filter(|_| is_unfinished || last.speaker == Speaker::User) {
            mark(out, cache);
        }
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
        json::key(out, "max_tokens");
        json::value(out, &max_tokens(request, settings)?);
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
    Ok(())
}

fn cache_control(cache: PromptCache) -> Option<&'static str> {
    match cache {
        PromptCache::Off => None,
        PromptCache::Long => Some(r#"{"type":"ephemeral","ttl":"1h"}"#),
        _ => Some(r#"{"type":"ephemeral"}"#),
    }
}

/// The limit of the answer, of which thinking is a part.
fn max_tokens(request: &ModelRequest, settings: &Settings<'_>) -> Result<u32, ModelError> {
    let budget =
        request.reasoning_effort.as_deref().and_then(|effort| effort.parse::<u32>().ok()).unwrap_or(0);
    match request.max_output_tokens.or(settings.max_output_tokens) {
        Some(tokens) if budget >= tokens => Err(invalid(format!(
            "a budget of {budget} tokens for thinking leaves nothing of the {tokens} that the answer may have"
        ))),
        Some(tokens) => Ok(tokens),
        None => match models::max_output_tokens(&request.model) {
            tokens if budget >= tokens => Ok(tokens.saturating_add(budget)),
            tokens => Ok(tokens),
        },
    }
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
    json::key(out, "thinking");
    out.push(b'{');
    out.extend_from_slice(kind.as_bytes());
    // Without thinking there is nothing to say about it.
    if settings.drop_unbound && effort != Some("none") {
        json::raw_field(out, DROPPING.0, DROPPING.1);
    }
    out.push(b'}');
    Ok(())
}

/// The program's own `thinking`, with what is to become of thinking whose conversation has changed.
fn dropping(thinking: &RawValue) -> String {
    json::with_fields(&Json::from(thinking.to_owned()), &[DROPPING]).into_owned()
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

fn encoded_tools(tools: &ToolCatalog, strict: bool) -> &Bytes {
    let key = if strict { "anthropic-messages+strict" } else { WIRE };
    tools.encoded().get_or_encode(key, || {
        let mut out = vec![b'['];
        for (place, spec) in tools.specs().enumerate() {
            // What cannot be strict is sent as it is.
            let strict = Some(spec).filter(|_| strict && place < STRICT_TOOLS);
            let schema =
                strict.and_then(|spec| schema::rewrite(&spec.parameters, schema::Subset::Anthropic).ok());
            tool(&mut out, spec, schema.as_deref());
        }
        out.push(b']');
        out.into()
    })
}

fn tool(out: &mut Vec<u8>, spec: &ToolSpec, strict: Option<&str>) {
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "name", &spec.name);
    if !spec.description.is_empty() {
        json::string_field(out, "description", &spec.description);
    }
    match strict {
        Some(schema) => {
            json::raw_field(out, "input_schema", schema);
            json::raw_field(out, "strict", "true");
        }
        None => {
            let schema = json::with_fields(&spec.parameters, &[("type", "\"object\"")]);
            json::raw_field(out, "input_schema", &schema);
        }
    }
    out.push(b'}');
}

#[cfg(test)]
mod tests;
