//! What makes generateContent refuse a request.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{
    names::{camel, spelled},
    signature,
};
use crate::{
    json::{at, field, items, text},
    request::Request,
    rule::{Admission, Refusal, Rule},
    schema,
    seal::Seal,
};

/// The fields that a request may have.
const FIELDS: [&str; 10] = [
    "contents",
    "systemInstruction",
    "tools",
    "toolConfig",
    "generationConfig",
    "safetySettings",
    "cachedContent",
    "continuationToken",
    "labels",
    "serviceTier",
];

/// Holds a request to the rules.
pub(crate) fn judge(request: &Request, seal: &Seal) -> Result<Admission, Refusal> {
    headers(request)?;
    let body = &camel(request.body());
    let Some(fields) = request.body().as_object() else {
        return Err(Refusal::new(Rule::Shape, "Invalid JSON payload received. Unexpected end of string."));
    };
    if let Some(name) = fields.keys().find(|name| !FIELDS.contains(&spelled(name).as_str())) {
        let message = format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot find field.");
        return Err(Refusal::new(Rule::Shape, message));
    }
    config(field(body, "generationConfig"))?;
    tools(body)?;
    let contents = items(field(body, "contents"));
    roles(contents)?;
    pairs(contents)?;
    signatures(contents, request.model(), seal)?;
    let begin = seal.chain("", &json!([field(body, "systemInstruction"), field(body, "tools")]));
    let prefix = contents.iter().fold(begin, |prefix, content| seal.chain(&prefix, content));
    Ok(Admission { prefix, transformations: Vec::new() })
}

fn headers(request: &Request) -> Result<(), Refusal> {
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = bearer.or_else(|| request.header("x-goog-api-key"));
    let has_key = key.is_some_and(|key| !key.trim().is_empty());
    has_key.then_some(()).ok_or_else(|| {
        let message = "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or other form of API consumer identity to call this API.";
        Refusal::new(Rule::Headers, message).status(403)
    })
}

fn config(config: &Value) -> Result<(), Refusal> {
    let shapes = ["responseSchema", "responseJsonSchema"].map(|name| field(config, name));
    if shapes.iter().all(|shape| !shape.is_null()) {
        let message = "Only one of response_schema and response_json_schema may be set.";
        return Err(Refusal::new(Rule::SchemaSubset, message));
    }
    if let Some(shape) = shapes.into_iter().find(|shape| !shape.is_null()) {
        if text(config, "responseMimeType") != "application/json" {
            let message = "Response schema is only supported with response mime type: application/json.";
            return Err(Refusal::new(Rule::SchemaSubset, message));
        }
        schema::gemini(shape).map_err(|problem| {
            let message =
                format!("* GenerateContentRequest.generation_config.response_json_schema: {problem}");
            Refusal::new(Rule::SchemaSubset, message)
        })?;
    }
    let thinking = field(config, "thinkingConfig");
    if !field(thinking, "thinkingBudget").is_null() && !field(thinking, "thinkingLevel").is_null() {
        let message = "You can only set only one of thinking budget and thinking level.";
        return Err(Refusal::new(Rule::TokenLimits, message));
    }
    if field(config, "maxOutputTokens").as_i64().is_some_and(|tokens| tokens < 1) {
        let message = "* GenerateContentRequest.generation_config.max_output_tokens: max_output_tokens must be positive.";
        return Err(Refusal::new(Rule::TokenLimits, message));
    }
    Ok(())
}

fn tools(body: &Value) -> Result<(), Refusal> {
    let mut names = HashSet::new();
    for (place, tool) in items(field(body, "tools")).iter().enumerate() {
        for (number, function) in items(field(tool, "functionDeclarations")).iter().enumerate() {
            let path = format!("GenerateContentRequest.tools[{place}].function_declarations[{number}]");
            let name = text(function, "name");
            tool_name(&path, name)?;
            if !names.insert(name) {
                let message = format!("Duplicate function declaration found: {name}");
                return Err(Refusal::new(Rule::ToolNames, message));
            }
            let parameters = ["parameters", "parametersJsonSchema"].map(|name| field(function, name));
            if parameters.iter().all(|parameters| !parameters.is_null()) {
                let message =
                    format!("* {path}: only one of parameters and parameters_json_schema may be set.");
                return Err(Refusal::new(Rule::SchemaSubset, message));
            }
            for parameters in parameters {
                schema::gemini(parameters).map_err(|problem| {
                    Refusal::new(Rule::SchemaSubset, format!("* {path}.parameters: {problem}"))
                })?;
            }
        }
    }
    let allowed = at(body, &["toolConfig", "functionCallingConfig", "allowedFunctionNames"]);
    match items(allowed).iter().find(|name| !name.as_str().is_some_and(|name| names.contains(name))) {
        Some(unknown) => {
            let message =
                format!("Allowed function name {unknown} is not in the list of function declarations.");
            Err(Refusal::new(Rule::ToolNames, message))
        }
        None => Ok(()),
    }
}

fn tool_name(path: &str, name: &str) -> Result<(), Refusal> {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_right =
        starts && name.len() <= 128 && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.:-".contains(c));
    is_right.then_some(()).ok_or_else(|| {
        let message = format!(
            "* {path}.name: Invalid function name. Must start with a letter or an underscore. Must be alphanumeric (a-z, A-Z, 0-9), underscores (_), dots (.), colons (:), or dashes (-), with a maximum length of 128."
        );
        Refusal::new(Rule::ToolNames, message)
    })
}

fn roles(contents: &[Value]) -> Result<(), Refusal> {
    if contents.is_empty() {
        let message = "* GenerateContentRequest.contents: contents is not specified";
        return Err(Refusal::new(Rule::Shape, message));
    }
    let mut before = "";
    for (place, content) in contents.iter().enumerate() {
        // Without a role the user speaks.
        let role = field(content, "role").as_str().unwrap_or("user");
        if !matches!(role, "user" | "model") {
            return Err(Refusal::new(Rule::Roles, "Please use a valid role: user, model."));
        }
        if role == before {
            let message = "Please ensure that multiturn requests alternate between user and model.";
            return Err(Refusal::new(Rule::Roles, message));
        }
        if items(field(content, "parts")).is_empty() {
            let message = format!(
                "* GenerateContentRequest.contents[{place}].parts: contents.parts must not be empty."
            );
            return Err(Refusal::new(Rule::Shape, message));
        }
        before = role;
    }
    if before == "model" {
        let message =
            "Please ensure that single turn requests end with a user role or the role field is empty.";
        return Err(Refusal::new(Rule::Roles, message));
    }
    Ok(())
}

/// Every call is answered in the very next content, by its id or, without one, by its name.
fn pairs(contents: &[Value]) -> Result<(), Refusal> {
    let mut calls: Vec<&Value> = Vec::new();
    for content in contents {
        let of = |name: &str| -> Vec<&Value> {
            let parts = items(field(content, "parts")).iter();
            parts.map(|part| field(part, name)).filter(|part| !part.is_null()).collect()
        };
        if text(content, "role") == "model" {
            calls = of("functionCall");
            for call in &calls {
                tool_name("GenerateContentRequest.contents.parts.function_call", text(call, "name"))?;
            }
            if !of("functionResponse").is_empty() {
                return Err(Refusal::new(Rule::Roles, "Function response parts must have the user role."));
            }
            continue;
        }
        let results = of("functionResponse");
        if calls.is_empty() && !results.is_empty() {
            let message =
                "Please ensure that function response turn comes immediately after a function call turn.";
            return Err(Refusal::new(Rule::NoOrphanResults, message));
        }
        if calls.len() != results.len() {
            let message = "Please ensure that the number of function response parts is equal to the number of function call parts of the function call turn.";
            return Err(Refusal::new(Rule::CallsAnswered, message));
        }
        let mut open = std::mem::take(&mut calls);
        for result in results {
            if !field(result, "response").is_object() {
                let message = "Invalid value at 'contents.parts.function_response.response' (type.googleapis.com/google.protobuf.Struct)";
                return Err(Refusal::new(Rule::Shape, message));
            }
            let is_of = |call: &&Value| {
                text(call, "id") == text(result, "id") && text(call, "name") == text(result, "name")
            };
            match open.iter().position(is_of) {
                Some(place) => drop(open.remove(place)),
                None => {
                    let message = format!(
                        "Function response `{}` with id `{}` has no matching function call.",
                        text(result, "name"),
                        text(result, "id")
                    );
                    return Err(Refusal::new(Rule::NoOrphanResults, message));
                }
            }
        }
    }
    Ok(())
}

/// The first call of each step has its signature, and whatever has one has its own.
fn signatures(contents: &[Value], model: &str, seal: &Seal) -> Result<(), Refusal> {
    for (place, content) in
        contents.iter().enumerate().filter(|(_, content)| text(content, "role") == "model")
    {
        let mut is_first = true;
        for part in items(field(content, "parts")) {
            let call = field(part, "functionCall");
            let found = text(part, "thoughtSignature");
            let is_first_call = is_first && !call.is_null();
            is_first = is_first && call.is_null();
            if is_first_call && found.is_empty() {
                let message = format!(
                    "Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call `default_api:{}` , position {}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.",
                    text(call, "name"),
                    place + 1
                );
                return Err(Refusal::new(Rule::SignaturesKept, message));
            }
            let is_right = match found {
                "" => true,
                found if signature::is_dummy(found) => !signature::is_own(seal, model, text(call, "id")),
                _ => signature::is_signed(seal, model, part),
            };
            if !is_right {
                return Err(Refusal::new(Rule::SignaturesKept, "Corrupted thought signature."));
            }
        }
    }
    Ok(())
}
