//! What the two wires of OpenAI have in common: headers, errors, names and schemas.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::{
    json::{field, items, text},
    request::Request,
    rule::{Refusal, Rule},
    schema,
};

/// Whether there is a key.
pub(crate) fn headers(request: &Request) -> Result<(), Refusal> {
    let key = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let has_key = key.or_else(|| request.header("api-key")).is_some_and(|key| !key.trim().is_empty());
    let message = "You didn't provide an API key. You need to provide your API key in an Authorization header using \
                   Bearer auth (i.e. Authorization: Bearer YOUR_KEY).";
    has_key.then_some(()).ok_or_else(|| Refusal::new(Rule::Headers, message).status(401))
}

/// The body of an error.
pub(crate) fn error(refusal: &Refusal) -> Value {
    let kind = refusal.kind.unwrap_or(match refusal.status {
        429 => "rate_limit_error",
        500.. => "server_error",
        _ => "invalid_request_error",
    });
    let code = refusal.code.or(match refusal.status {
        401 => Some("invalid_api_key"),
        429 => Some("rate_limit_exceeded"),
        _ => None,
    });
    json!({"error": {"message": refusal.message, "type": kind, "param": refusal.param, "code": code}})
}

/// A field that must be there.
pub(crate) fn required(body: &Value, name: &str) -> Result<(), Refusal> {
    match field(body, name) {
        Value::Null => Err(Refusal::new(Rule::Shape, format!("Missing required parameter: '{name}'."))
            .param(name)
            .code("missing_required_parameter")),
        _ => Ok(()),
    }
}

/// Models that reason take no parameters of sampling, and no `max_tokens`.
pub(crate) fn parameters(request: &Request) -> Result<(), Refusal> {
    if !reasons(request.model()) {
        return Ok(());
    }
    let body = request.body();
    for name in ["temperature", "top_p"] {
        let value = field(body, name);
        if !value.is_null() && value.as_f64() != Some(1.0) {
            let message = format!(
                "Unsupported value: '{name}' does not support {value} with this model. Only the default (1) value is supported."
            );
            return Err(Refusal::new(Rule::NoSampling, message).param(name).code("unsupported_value"));
        }
    }
    if !field(body, "max_tokens").is_null() {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
        return Err(Refusal::new(Rule::TokenLimits, message)
            .param("max_tokens")
            .code("unsupported_parameter"));
    }
    Ok(())
}

/// Whether this is a model that reasons: `o1`, `gpt-5-mini` and the like.
fn reasons(model: &str) -> bool {
    let o = model.strip_prefix('o').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let number =
        model.strip_prefix("gpt-").and_then(|rest| rest.split(['-', '.']).next()?.parse::<u32>().ok());
    o || number.is_some_and(|number| number >= 5)
}

/// The tools, each with its place in the body and the object that has its name.
pub(crate) fn tools(body: &Value, nested: bool) -> Result<(), Refusal> {
    let mut names = HashSet::new();
    for (place, tool) in items(field(body, "tools")).iter().enumerate() {
        if text(tool, "type") != "function" {
            continue;
        }
        let (path, function) = match nested {
            true => (format!("tools[{place}].function"), field(tool, "function")),
            false => (format!("tools[{place}]"), tool),
        };
        let name = text(function, "name");
        tool_name(&format!("{path}.name"), name)?;
        if !names.insert(name) {
            let message = format!("Tool names must be unique: '{name}' is there twice.");
            return Err(Refusal::new(Rule::ToolNames, message).param(path));
        }
        let parameters = field(function, "parameters");
        if parameters.is_null() {
            continue;
        }
        if text(parameters, "type") != "object" || !field(parameters, "properties").is_object() {
            let message = format!(
                "Invalid schema for function '{name}': In context=(), object schema missing properties."
            );
            return Err(Refusal::new(Rule::SchemaSubset, message)
                .param(format!("{path}.parameters"))
                .code("invalid_function_parameters"));
        }
        if field(function, "strict") == &Value::Bool(true) {
            strict(&format!("function '{name}'"), &format!("{path}.parameters"), parameters)?;
        }
    }
    Ok(())
}

/// A name as OpenAI takes it.
pub(crate) fn tool_name(path: &str, name: &str) -> Result<(), Refusal> {
    let is_right = (1..=64).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c));
    is_right.then_some(()).ok_or_else(|| {
        let message = format!(
            "Invalid '{path}': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_.-]{{1,64}}$'."
        );
        Refusal::new(Rule::ToolNames, message).param(path).code("invalid_value")
    })
}

/// A schema in strict mode.
pub(crate) fn strict(what: &str, path: &str, schema: &Value) -> Result<(), Refusal> {
    schema::openai(schema).map_err(|problem| {
        Refusal::new(Rule::SchemaSubset, format!("Invalid schema for {what}: {problem}"))
            .param(path)
            .code("invalid_json_schema")
    })
}

/// The shape of an answer: `name`, `schema` and `strict` in one object.
pub(crate) fn answer_format(path: &str, format: &Value) -> Result<(), Refusal> {
    let name = text(format, "name");
    tool_name(&format!("{path}.name"), name)?;
    match field(format, "strict") {
        Value::Bool(true) => {
            strict(&format!("response_format '{name}'"), &format!("{path}.schema"), field(format, "schema"))
        }
        _ => Ok(()),
    }
}
