//! The body of a request: the bytes of the messages and of the tools, which are kept from call to call, and what is new around
//! them, written into one buffer.

use bytes::Bytes;
use scorpio_core::{
    Origin,
    model::{ModelError, ModelRequest, ToolChoice},
    tool::{ToolCatalog, ToolSpec},
};

use super::{
    WIRE,
    message::{Encoded, continuation, encoded},
};
use crate::{
    http::invalid,
    json::{self, RawFields},
    schema::{self, Subset},
};

/// The fields that a program may not set: the answer could not be read, or the conversation would be another.
const RESERVED: [&str; 3] = ["contents", "systemInstruction", "tools"];

/// What the fields around the messages and the tools take, so that the buffer seldom grows.
const HEADROOM: usize = 1024;

/// The JSON of `request`. `origin` is that of the model that is asked.
pub(super) fn encode(request: &ModelRequest, origin: &Origin) -> Result<Vec<u8>, ModelError> {
    let mut extra = json::extra(request.extra.as_ref(), &RESERVED)?;
    let entries = request.transcript.entries();
    let encoded: Vec<Encoded<'_>> = entries.iter().map(|entry| encoded(entry, origin)).collect();
    let tools = if request.tools.is_empty() { &Bytes::new() } else { encoded_tools(&request.tools)? };
    let size = encoded.iter().map(|entry| entry.parts.len() + 40).sum::<usize>();
    let instructions = request.instructions.as_deref().unwrap_or_default();

    let mut out = Vec::with_capacity(size + tools.len() + instructions.len() + HEADROOM);
    out.push(b'{');
    if !instructions.is_empty() {
        json::key(&mut out, "systemInstruction");
        out.extend_from_slice(br#"{"parts":[{"#);
        json::string_field(&mut out, "text", instructions);
        out.extend_from_slice(b"}]}");
    }
    contents(&mut out, &encoded);
    if !tools.is_empty() {
        json::key(&mut out, "tools");
        out.extend_from_slice(tools);
    }
    if !extra.contains_key("toolConfig") {
        tool_config(&mut out, request)?;
    }
    let set = extra.remove("generationConfig").map(|raw| raw.get());
    generation_config(&mut out, request, set)?;
    if let Some(token) = entries.last().and_then(|entry| continuation(entry, origin)) {
        json::raw_field(&mut out, "continuationToken", token);
    }
    for (name, value) in &extra {
        json::raw_field(&mut out, name, value.get());
    }
    out.push(b'}');
    Ok(out)
}

/// Roles alternate: what one side said in several messages is one content here.
fn contents(out: &mut Vec<u8>, entries: &[Encoded<'_>]) {
    json::key(out, "contents");
    out.push(b'[');
    let mut last = None;
    for entry in entries.iter().filter(|entry| !entry.parts.is_empty()) {
        if last == Some(entry.is_model) {
            out.push(b',');
        } else {
            if last.is_some() {
                out.extend_from_slice(b"]},");
            }
            out.extend_from_slice(match entry.is_model {
                true => br#"{"role":"model","parts":["#,
                false => br#"{"role":"user","parts":["#,
            });
        }
        out.extend_from_slice(entry.parts);
        last = Some(entry.is_model);
    }
    if last.is_some() {
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
}

/// The parameters that are set, unless the program set the same field itself.
fn generation_config(out: &mut Vec<u8>, request: &ModelRequest, set: Option<&str>) -> Result<(), ModelError> {
    let RawFields(set) = match set {
        Some(set) => serde_json::from_str(set)
            .map_err(|error| invalid("`generationConfig` must be a JSON object").with_source(error))?,
        None => RawFields::default(),
    };
    let free = |name: &str| !set.iter().any(|(known, _)| known == name);
    let mut config = vec![b'{'];
    if let Some(tokens) = request.max_output_tokens.filter(|_| free("maxOutputTokens")) {
        json::key(&mut config, "maxOutputTokens");
        json::value(&mut config, &tokens);
    }
    if let Some(temperature) = request.temperature.filter(|_| free("temperature")) {
        if !temperature.is_finite() {
            return Err(invalid(format!("{temperature} is no temperature")));
        }
        json::key(&mut config, "temperature");
        json::value(&mut config, &temperature);
    }
    if free("thinkingConfig") {
        thinking(&mut config, request);
    }
    if let Some(output) = request.output.as_deref()
        && free("responseJsonSchema")
        && free("responseSchema")
    {
        let shape = schema::rewrite(&output.schema, Subset::Gemini).map_err(|error| {
            invalid(format!("the shape `{}` cannot be asked for: {error}", output.name)).with_source(error)
        })?;
        json::string_field(&mut config, "responseMimeType", "application/json");
        json::raw_field(&mut config, "responseJsonSchema", &shape);
    }
    for (name, value) in &set {
        json::raw_field(&mut config, name, value.get());
    }
    if config.len() > 1 {
        json::key(out, "generationConfig");
        out.extend_from_slice(&config);
        out.push(b'}');
    }
    Ok(())
}

/// An effort is `none`, a number of tokens, or a level. Models that cannot think refuse to be asked for it.
fn thinking(out: &mut Vec<u8>, request: &ModelRequest) {
    let effort = request.reasoning_effort.as_deref();
    if effort.is_none() && !thinks(&request.model) {
        return;
    }
    json::key(out, "thinkingConfig");
    out.push(b'{');
    match effort {
        Some("none") => json::raw_field(out, "thinkingBudget", "0"),
        Some(effort) => {
            json::raw_field(out, "includeThoughts", "true");
            match effort.parse::<u32>() {
                Ok(tokens) => {
                    json::key(out, "thinkingBudget");
                    json::value(out, &tokens);
                }
                Err(_) => json::string_field(out, "thinkingLevel", &effort.to_ascii_uppercase()),
            }
        }
        None => json::raw_field(out, "includeThoughts", "true"),
    }
    out.push(b'}');
}

/// Whether it is a model of Gemini 2.5 or later.
fn thinks(model: &str) -> bool {
    let version = model.trim_start_matches("models/").strip_prefix("gemini-").unwrap_or_default();
    version.starts_with("2.5") || version.starts_with(|c: char| ('3'..='9').contains(&c))
}

fn tool_config(out: &mut Vec<u8>, request: &ModelRequest) -> Result<(), ModelError> {
    let must_call = matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Tool(_));
    if request.tools.is_empty() {
        return match must_call {
            true => Err(invalid("the model must call a tool, but there are none")),
            false => Ok(()),
        };
    }
    let mode = match &request.tool_choice {
        ToolChoice::Auto => return Ok(()),
        ToolChoice::None => "NONE",
        ToolChoice::Required | ToolChoice::Tool(_) => "ANY",
        other => return Err(invalid(format!("this wire does not know the tool choice {other:?}"))),
    };
    json::key(out, "toolConfig");
    out.extend_from_slice(br#"{"functionCallingConfig":{"#);
    json::string_field(out, "mode", mode);
    if let ToolChoice::Tool(name) = &request.tool_choice {
        if request.tools.get(name).is_none() {
            return Err(invalid(format!(
                "the model must call the tool `{name}`, but there is none of that name"
            )));
        }
        json::key(out, "allowedFunctionNames");
        out.push(b'[');
        json::string(out, name);
        out.push(b']');
    }
    out.extend_from_slice(b"}}");
    Ok(())
}

fn encoded_tools(tools: &ToolCatalog) -> Result<&Bytes, ModelError> {
    // What cannot be encoded is found out before, as what is kept cannot fail.
    if let Some(known) = tools.encoded().get(WIRE) {
        return Ok(known);
    }
    let mut out = br#"[{"functionDeclarations":["#.to_vec();
    for spec in tools.specs() {
        tool(&mut out, spec)?;
    }
    out.extend_from_slice(b"]}]");
    Ok(tools.encoded().get_or_encode(WIRE, || out.into()))
}

fn tool(out: &mut Vec<u8>, spec: &ToolSpec) -> Result<(), ModelError> {
    let parameters = schema::rewrite(&spec.parameters, Subset::Gemini).map_err(|error| {
        invalid(format!("the tool `{}` cannot be offered: {error}", spec.name)).with_source(error)
    })?;
    json::comma(out);
    out.push(b'{');
    json::string_field(out, "name", &spec.name);
    if !spec.description.is_empty() {
        json::string_field(out, "description", &spec.description);
    }
    json::raw_field(out, "parametersJsonSchema", &parameters);
    out.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests;
