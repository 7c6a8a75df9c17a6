//! The body of a request: the bytes of the messages and of the tools, which are kept from call to call, and what is new around
//! them, written into one buffer.

use bytes::Bytes;
use scorpio_core::{
    Origin,
    model::{ModelError, ModelRequest, OutputSchema, PromptCache, ToolChoice},
    tool::{ToolCatalog, ToolSpec},
};

use super::{WIRE, message::encoded};
use crate::{
    http::invalid,
    json::{self, Extra},
    openai::Dialect,
    schema,
};

/// The fields that a program may not set: the answer could not be read, or the conversation would be another.
const RESERVED: [&str; 6] = ["input", "instructions", "model", "previous_response_id", "stream", "tools"];

/// What the fields around the messages and the tools take, so that the buffer seldom grows.
const HEADROOM: usize = 1024;

/// The JSON of `request`. `origin` is that of the model that is asked.
pub(in crate::openai) fn encode(
    request: &ModelRequest,
    dialect: Dialect,
    origin: &Origin,
) -> Result<Vec<u8>, ModelError> {
    let extra = json::extra(request.extra.as_ref(), &RESERVED)?;
    let entries = request.transcript.entries().iter();
    let entries: Vec<&Bytes> = entries.map(|entry| encoded(entry, origin)).collect();
    let tools = if request.tools.is_empty() { &Bytes::new() } else { encoded_tools(&request.tools) };
    let size = entries.iter().map(|entry| entry.len() + 1).sum::<usize>();
    let instructions = request.instructions.as_deref().unwrap_or_default();

    let mut out = Vec::with_capacity(size + tools.len() + instructions.len() + HEADROOM);
    out.push(b'{');
    json::string_field(&mut out, "model", &request.model);
    if !instructions.is_empty() {
        json::string_field(&mut out, "instructions", instructions);
    }
    json::key(&mut out, "input");
    out.push(b'[');
    for entry in entries.into_iter().filter(|entry| !entry.is_empty()) {
        json::comma(&mut out);
        out.extend_from_slice(entry);
    }
    out.push(b']');
    if !tools.is_empty() {
        json::key(&mut out, "tools");
        out.extend_from_slice(tools);
    }
    json::raw_field(&mut out, "stream", "true");
    options(&mut out, request, dialect, &extra)?;
    for (name, value) in &extra {
        json::raw_field(&mut out, name, value.get());
    }
    out.push(b'}');
    Ok(out)
}

/// The parameters that are set, unless the program set the same field itself.
fn options(
    out: &mut Vec<u8>,
    request: &ModelRequest,
    dialect: Dialect,
    extra: &Extra<'_>,
) -> Result<(), ModelError> {
    let free = |name: &str| !extra.contains_key(name);
    // The history is ours, and a copy of it elsewhere would be one more to care for.
    if free("store") {
        json::raw_field(out, "store", "false");
    }
    if free("include") && dialect.may_reason(&request.model) {
        json::raw_field(out, "include", r#"["reasoning.encrypted_content"]"#);
    }
    if free("reasoning") {
        reasoning(out, request, dialect);
    }
    if let Some(tokens) = request.max_output_tokens.filter(|_| free("max_output_tokens")) {
        json::key(out, "max_output_tokens");
        json::value(out, &tokens);
    }
    if let Some(temperature) = request.temperature.filter(|_| free("temperature")) {
        if !temperature.is_finite() {
            return Err(invalid(format!("{temperature} is no temperature")));
        }
        json::key(out, "temperature");
        json::value(out, &temperature);
    }
    if free("tool_choice") {
        tool_choice(out, request)?;
    }
    if let Some(parallel) = request.parallel_tool_calls
        && !request.tools.is_empty()
        && free("parallel_tool_calls")
    {
        json::key(out, "parallel_tool_calls");
        json::value(out, &parallel);
    }
    if free("prompt_cache_options") {
        match request.prompt_cache {
            PromptCache::Off => json::raw_field(out, "prompt_cache_options", r#"{"mode":"explicit"}"#),
            PromptCache::Long => {
                json::raw_field(out, "prompt_cache_options", r#"{"mode":"implicit","ttl":"30m"}"#);
            }
            _ => {}
        }
    }
    if let Some(output) = request.output.as_deref().filter(|_| free("text")) {
        format(out, output)?;
    }
    Ok(())
}

fn reasoning(out: &mut Vec<u8>, request: &ModelRequest, dialect: Dialect) {
    let effort = request.reasoning_effort.as_deref();
    if effort.is_none() && !dialect.reasoning_summaries {
        return;
    }
    json::key(out, "reasoning");
    out.push(b'{');
    if let Some(effort) = effort {
        json::string_field(out, "effort", effort);
    }
    if dialect.reasoning_summaries {
        json::string_field(out, "summary", "auto");
    }
    out.push(b'}');
}

/// The wire refuses the field when there are no tools.
fn tool_choice(out: &mut Vec<u8>, request: &ModelRequest) -> Result<(), ModelError> {
    let must_call = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Tool(_));
    if request.tools.is_empty() {
        return match must_call {
            true => Err(invalid("the model must call a tool, but there are none")),
            false => Ok(()),
        };
    }
    match &request.tool_choice {
        ToolChoice::Auto => {}
        ToolChoice::None => json::string_field(out, "tool_choice", "none"),
        ToolChoice::Required => json::string_field(out, "tool_choice", "required"),
        ToolChoice::Tool(name) => {
            if request.tools.get(name).is_none() {
                return Err(invalid(format!(
                    "the model must call the tool `{name}`, but there is none of that name"
                )));
            }
            json::key(out, "tool_choice");
            out.extend_from_slice(br#"{"type":"function""#);
            json::string_field(out, "name", name);
            out.push(b'}');
        }
        other => return Err(invalid(format!("this wire does not know the tool choice {other:?}"))),
    }
    Ok(())
}

fn format(out: &mut Vec<u8>, output: &OutputSchema) -> Result<(), ModelError> {
    let name = schema::checked_name(&output.name)?;
    let strict = schema::rewrite(&output.schema, schema::Subset::OpenAi).map_err(|error| {
        invalid(format!("the shape `{name}` cannot be asked for: {error}")).with_source(error)
    })?;
    json::key(out, "text");
    out.extend_from_slice(br#"{"format":{"type":"json_schema""#);
    json::string_field(out, "name", name);
    json::raw_field(out, "schema", &strict);
    json::raw_field(out, "strict", "true");
    out.extend_from_slice(b"}}");
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
    out.extend_from_slice(br#"{"type":"function""#);
    json::string_field(out, "name", &spec.name);
    if !spec.description.is_empty() {
        json::string_field(out, "description", &spec.description);
    }
    json::raw_field(out, "parameters", &json::with_fields(&spec.parameters, &[("properties", "{}")]));
    // Arguments are checked here, and strict mode would refuse tools with free maps.
    json::raw_field(out, "strict", "false");
    out.push(b'}');
}

#[cfg(test)]
mod tests;
