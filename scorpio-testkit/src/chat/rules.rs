//! What makes Chat Completions refuse a request.

use std::collections::HashSet;

use serde_json::Value;

use crate::{
    json::{at, field, items, text},
    openai,
    request::Request,
    rule::{Admission, Refusal, Rule},
    seal::canonical,
};

/// Holds a request to the rules.
pub(crate) fn judge(request: &Request) -> Result<Admission, Refusal> {
    openai::headers(request)?;
    let body = request.body();
    if !body.is_object() {
        return Err(Refusal::new(Rule::Shape, "We could not parse the JSON body of your request."));
    }
    openai::required(body, "model")?;
    openai::required(body, "messages")?;
    openai::parameters(request)?;
    openai::tools(body, true)?;
    choices(body)?;
    let format = field(body, "response_format");
    if text(format, "type") == "json_schema" {
        openai::answer_format("response_format.json_schema", field(format, "json_schema"))?;
    }
    history(items(field(body, "messages")))?;
    Ok(Admission { prefix: canonical(field(body, "messages")).to_string(), transformations: Vec::new() })
}

/// Without tools there is nothing to choose.
fn choices(body: &Value) -> Result<(), Refusal> {
    let has_tools = !items(field(body, "tools")).is_empty();
    for name in ["tool_choice", "parallel_tool_calls"] {
        if !has_tools && !field(body, name).is_null() {
            let message =
                format!("Invalid value for '{name}': '{name}' is only allowed when 'tools' are specified.");
            return Err(Refusal::new(Rule::Shape, message).param(name));
        }
    }
    Ok(())
}

fn history(messages: &[Value]) -> Result<(), Refusal> {
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.";
        return Err(Refusal::new(Rule::Shape, message).param("messages").code("empty_array"));
    }
    // The calls of the last answer, and those of them that nobody has answered.
    let mut calls: HashSet<&str> = HashSet::new();
    let mut open: Vec<&str> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let role = text(message, "role");
        if role == "tool" {
            result(place, message, &calls, &mut open)?;
            continue;
        }
        unanswered(place, &open)?;
        calls.clear();
        match role {
            "assistant" => {
                for call in items(field(message, "tool_calls")) {
                    let id = self::call(place, call)?;
                    if !calls.insert(id) {
                        let message =
                            format!("Duplicate value for 'tool_call_id' of '{id}' in message[{place}].");
                        return Err(Refusal::new(Rule::CallsAnswered, message));
                    }
                    open.push(id);
                }
                let says_nothing = matches!(field(message, "content"), Value::Null)
                    && calls.is_empty()
                    && field(message, "refusal").is_null();
                if says_nothing {
                    let message = format!(
                        "Invalid value for 'content': expected a string, got null. (messages.[{place}].content)"
                    );
                    return Err(
                        Refusal::new(Rule::Shape, message).param(format!("messages.[{place}].content"))
                    );
                }
            }
            "user" | "system" | "developer" => content(place, message)?,
            _ => {
                let message = format!(
                    "Invalid value: '{role}'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'."
                );
                return Err(Refusal::new(Rule::Roles, message)
                    .param(format!("messages[{place}].role"))
                    .code("invalid_value"));
            }
        }
    }
    unanswered(messages.len(), &open)
}

fn content(place: usize, message: &Value) -> Result<(), Refusal> {
    match field(message, "content") {
        Value::String(_) | Value::Array(_) => Ok(()),
        other => {
            let path = format!("messages[{place}].content");
            let message = format!(
                "Invalid type for '{path}': expected one of a string or array of objects, but got {other} instead."
            );
            Err(Refusal::new(Rule::Shape, message).param(path).code("invalid_type"))
        }
    }
}

/// The id of a call, which must be whole.
fn call(place: usize, call: &Value) -> Result<&str, Refusal> {
    let path = format!("messages[{place}].tool_calls");
    let id = text(call, "id");
    if id.is_empty() || text(call, "type") != "function" {
        let message = format!("Missing required parameter: '{path}[0].id'.");
        return Err(Refusal::new(Rule::Shape, message).param(path).code("missing_required_parameter"));
    }
    openai::tool_name(&format!("{path}.function.name"), text(at(call, &["function"]), "name"))?;
    let arguments = at(call, &["function", "arguments"]).as_str();
    if arguments.is_none() {
        let message = format!("Invalid type for '{path}.function.arguments': expected a string.");
        return Err(Refusal::new(Rule::Shape, message).param(path).code("invalid_type"));
    }
    Ok(id)
}

fn result<'a>(
    place: usize,
    message: &'a Value,
    calls: &HashSet<&'a str>,
    open: &mut Vec<&'a str>,
) -> Result<(), Refusal> {
    let id = text(message, "tool_call_id");
    if calls.contains(id) {
        let before = open.len();
        open.retain(|known| *known != id);
        if before == open.len() {
            let message = format!("Duplicate value for 'tool_call_id' of '{id}' in message[{place}].");
            return Err(Refusal::new(Rule::CallsAnswered, message));
        }
        return content(place, message);
    }
    let message = if calls.is_empty() {
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
            .to_owned()
    } else {
        format!("Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous message.")
    };
    Err(Refusal::new(Rule::NoOrphanResults, message).param(format!("messages.[{place}].role")))
}

fn unanswered(place: usize, open: &[&str]) -> Result<(), Refusal> {
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(Refusal::new(Rule::CallsAnswered, message).param(format!("messages.[{place}].role")))
}
