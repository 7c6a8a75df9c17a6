//! The body of a request: the bytes of the messages and of the tools, which are kept from call to call, and what is new around
//! them, written into one buffer.

use bytes::Bytes;
use scorpio_core::{
    model::{ModelError, ModelRequest, OutputSchema, ToolChoice},
    tool::{ToolCatalog, ToolSpec},
};

use super::{WIRE, message};
use crate::{
    http::invalid,
    json::{self, Extra},
    openai::{Dialect, InstructionsRole},
    schema,
};

/// The fields that a program may not set: the answer could not be read, or the conversation would be another.
const RESERVED: [&str; 5] = ["messages", "model", "stream", "stream_options", "tools"];

/// What the fields around the messages and the tools take, so that the buffer seldom grows.
const HEADROOM: usize = 1024;

/// The JSON of `request`.
pub(in crate::openai) fn encode(request: &ModelRequest, dialect: Dialect) -> Result<Vec<u8>, ModelError> {
    let role = dialect.instructions_role(&request.model);
    let extra = json::extra(request.extra.as_ref(), &RESERVED)?;
    let messages: Vec<&Bytes> =
        request.transcript.entries().iter().map(|entry| message::encoded(entry, role)).collect();
    let tools = if request.tools.is_empty() { &Bytes::new() } else { encoded_tools(&request.tools) };
    let size = messages.iter().map(|message| message.len() + 1).sum::<usize>();
    let instructions = request.instructions.as_deref().unwrap_or_default();

    let mut out = Vec::with_capacity(size + tools.len() + instructions.len() + HEADROOM);
    out.push(b'{');
    json::string_field(&mut out, "model", &request.model);
    all_messages(&mut out, instructions, &messages, role);
    if !tools.is_empty() {
        json::key(&mut out, "tools");
        out.extend_from_slice(tools);
    }
    json::raw_field(&mut out, "stream", "true");
    json::raw_field(&mut out, "stream_options", r#"{"include_usage":true}"#);
    options(&mut out, request, dialect, &extra)?;
    for (name, value) in &extra {
        json::raw_field(&mut out, name, value.get());
    }
    out.push(b'}');
    Ok(out)
}

fn all_messages(out: &mut Vec<u8>, instructions: &str, messages: &[&Bytes], role: InstructionsRole) {
    json::key(out, "messages");
    out.push(b'[');
    if !instructions.is_empty() {
        message::instructions(out, instructions, role);
    }
    for message in messages.iter().filter(|message| !message.is_empty()) {
        json::comma(out);
        out.extend_from_slice(message);
    }
    out.push(b']');
}

/// The parameters that are set, unless the program set the same field itself.
fn options(
    out: &mut Vec<u8>,
    request: &ModelRequest,
    dialect: Dialect,
    extra: &Extra<'_>,
) -> Result<(), ModelError> {
    let free = |name: &str| !extra.contains_key(name);
    if let Some(tokens) = request.max_output_tokens {
        let name = if dialect.legacy_max_tokens { "max_tokens" } else { "max_completion_tokens" };
        if free(name) {
            json::key(out, name);
            json::value(out, &tokens);
        }
    }
    if let Some(temperature) = request.temperature.filter(|_| free("temperature")) {
        if !temperature.is_finite() {
            return Err(invalid(format!("{temperature} is no temperature")));
        }
        json::key(out, "temperature");
        json::value(out, &temperature);
    }
    if let Some(effort) = request.reasoning_effort.as_deref().filter(|_| free("reasoning_effort")) {
        json::string_field(out, "reasoning_effort", effort);
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
    if let Some(output) = request.output.as_deref().filter(|_| free("response_format")) {
        response_format(out, output)?;
    }
    Ok(())
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
            out.extend_from_slice(br#"{"type":"function","function":{"#);
            json::string_field(out, "name", name);
            out.extend_from_slice(b"}}");
        }
        other => return Err(invalid(format!("this wire does not know the tool choice {other:?}"))),
    }
    Ok(())
}

fn response_format(out: &mut Vec<u8>, output: &OutputSchema) -> Result<(), ModelError> {
    let name = schema::checked_name(&output.name)?;
    let strict = schema::rewrite(&output.schema, schema::Subset::OpenAi).map_err(|error| {
        invalid(format!("the shape `{name}` cannot be asked for: {error}")).with_source(error)
    })?;
    json::key(out, "response_format");
    out.extend_from_slice(br#"{"type":"json_schema","json_schema":{"#);
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
    out.extend_from_slice(br#"{"type":"function","function":{"#);
    json::string_field(out, "name", &spec.name);
    if !spec.description.is_empty() {
        json::string_field(out, "description", &spec.description);
    }
    // OpenAI refuses an object without `properties`, which is what the schema of no arguments often is.
    json::raw_field(out, "parameters", &json::with_fields(&spec.parameters, &[("properties", "{}")]));
    out.extend_from_slice(b"}}");
}

#[cfg(test)]
mod tests;
