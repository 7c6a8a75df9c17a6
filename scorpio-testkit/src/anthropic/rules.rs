//! What makes Messages refuse a request, by its headers, its fields, and who says what.

use std::collections::HashSet;

use serde_json::Value;

use super::blocks::is_thought;
use crate::{
    json::{at, field, items, text},
    request::Request,
    rule::{Refusal, Rule},
    schema,
};

/// The versions of the API. The later one takes no parameters of sampling.
const VERSIONS: [&str; 2] = ["2023-06-01", WITHOUT_SAMPLING];
const WITHOUT_SAMPLING: &str = "2026-10-21";
const OF_VERTEX: &str = "vertex-2023-10-16";

/// A key, and the version.
pub(super) fn headers(request: &Request) -> Result<(), Refusal> {
    let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let key = bearer.or_else(|| request.header("x-api-key"));
    if key.is_none_or(|key| key.trim().is_empty()) {
        return Err(Refusal::new(Rule::Headers, "x-api-key header is required").status(401));
    }
    if request.route.vertex {
        return match text(request.body(), "anthropic_version") {
            OF_VERTEX => Ok(()),
            _ => Err(Refusal::new(Rule::Headers, "anthropic_version: Field required")),
        };
    }
    match request.header("anthropic-version") {
        None => Err(Refusal::new(Rule::Headers, "anthropic-version: header is required")),
        Some(version) if VERSIONS.contains(&version) => Ok(()),
        Some(version) => Err(Refusal::new(
            Rule::Headers,
            format!("anthropic-version: \"{version}\" is not a valid version"),
        )),
    }
}

pub(super) fn fields(request: &Request) -> Result<(), Refusal> {
    let body = request.body();
    if !body.is_object() {
        return Err(Refusal::new(Rule::Shape, "The request body is not valid JSON"));
    }
    let is_required = |name: &str| Refusal::new(Rule::Shape, format!("{name}: Field required"));
    match (request.route.vertex, field(body, "model").is_string()) {
        (true, true) => {
            return Err(Refusal::new(Rule::Shape, "model: Extra inputs are not permitted"));
        }
        (false, false) => return Err(is_required("model")),
        _ => {}
    }
    if request.header("anthropic-version") == Some(WITHOUT_SAMPLING) {
        for name in ["temperature", "top_p", "top_k"] {
            if !field(body, name).is_null() {
                let message = format!("{name}: Extra inputs are not permitted");
                return Err(Refusal::new(Rule::NoSampling, message));
            }
        }
    }
    let Some(tokens) = field(body, "max_tokens").as_u64() else {
        return Err(Refusal::new(Rule::TokenLimits, "max_tokens: Field required"));
    };
    if let Some(budget) = at(body, &["thinking", "budget_tokens"]).as_u64() {
        if budget < 1024 {
            let message = "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024";
            return Err(Refusal::new(Rule::TokenLimits, message));
        }
        if budget >= tokens {
            let message = "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult our documentation at https://docs.claude.com/en/docs/build-with-claude/extended-thinking#max-tokens-and-context-window-size";
            return Err(Refusal::new(Rule::TokenLimits, message));
        }
    }
    let marks = marks(body);
    if marks > 4 {
        let message = format!("A maximum of 4 blocks with cache_control may be provided. Found {marks}.");
        return Err(Refusal::new(Rule::CacheBreakpoints, message));
    }
    tools(body)?;
    match at(body, &["output_config", "format"]) {
        Value::Null => Ok(()),
        format if text(format, "type") == "json_schema" => schema::anthropic(field(format, "schema"))
            .map_err(|problem| {
                Refusal::new(Rule::SchemaSubset, format!("output_config.format.schema: {problem}"))
            }),
        _ => {
            let message = "output_config.format.type: Input should be 'json_schema'";
            Err(Refusal::new(Rule::SchemaSubset, message))
        }
    }
}

fn marks(value: &Value) -> usize {
    match value {
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| usize::from(name == "cache_control") + marks(value)).sum()
        }
        Value::Array(items) => items.iter().map(marks).sum(),
        _ => 0,
    }
}

fn tools(body: &Value) -> Result<(), Refusal> {
    let mut names = HashSet::new();
    let mut strict = 0;
    for (place, tool) in items(field(body, "tools")).iter().enumerate() {
        let path = format!("tools.{place}.custom");
        name(&path, tool)?;
        if !names.insert(text(tool, "name")) {
            return Err(Refusal::new(Rule::ToolNames, "tools: Tool names must be unique."));
        }
        // Tools of the server's own have a type and no schema.
        if !matches!(text(tool, "type"), "" | "custom") {
            continue;
        }
        let input = field(tool, "input_schema");
        if text(input, "type") != "object" {
            let message = format!("{path}.input_schema.type: Field required");
            return Err(Refusal::new(Rule::SchemaSubset, message));
        }
        if field(tool, "strict") == &Value::Bool(true) {
            strict += 1;
            schema::anthropic(input).map_err(|problem| {
                Refusal::new(Rule::SchemaSubset, format!("{path}.input_schema: {problem}"))
            })?;
        }
    }
    if strict > 20 {
        let message =
            format!("Too many strict tools ({strict}). The maximum number of strict tools supported is 20.");
        return Err(Refusal::new(Rule::SchemaSubset, message));
    }
    Ok(())
}

/// Who says what, and whether calls and results are pairs.
pub(super) fn conversation(messages: &[Value]) -> Result<(), Refusal> {
    if messages.is_empty() {
        return Err(Refusal::new(Rule::Shape, "messages: at least one message is required"));
    }
    if messages.first().is_none_or(|first| text(first, "role") != "user") {
        let message = "messages: first message must use the \"user\" role";
        return Err(Refusal::new(Rule::Roles, message));
    }
    let mut ids: HashSet<&str> = HashSet::new();
    let mut open: Vec<&str> = Vec::new();
    for (place, message) in messages.iter().enumerate() {
        let path = format!("messages.{place}");
        let role = text(message, "role");
        if !matches!(role, "user" | "assistant") {
            let message = format!("{path}.role: Input should be 'user' or 'assistant', not '{role}'");
            return Err(Refusal::new(Rule::Roles, message));
        }
        if (role == "user") != (place % 2 == 0) {
            let message = format!(
                "messages: roles must alternate between \"user\" and \"assistant\", but found multiple \"{role}\" roles in a row"
            );
            return Err(Refusal::new(Rule::Roles, message));
        }
        let blocks = items(field(message, "content"));
        if blocks.is_empty() {
            let message = format!(
                "{path}: all messages must have non-empty content except for the optional final assistant message"
            );
            return Err(Refusal::new(Rule::Shape, message));
        }
        match role {
            "user" => user(&path, blocks, &ids, &mut open)?,
            _ => assistant(&path, blocks, &mut ids, &mut open)?,
        }
    }
    end(messages, &open)
}

fn user<'a>(
    path: &str,
    blocks: &'a [Value],
    ids: &HashSet<&'a str>,
    open: &mut Vec<&'a str>,
) -> Result<(), Refusal> {
    let mut results_are_over = false;
    for (index, block) in blocks.iter().enumerate() {
        let path = format!("{path}.content.{index}");
        if text(block, "type") != "tool_result" {
            results_are_over = true;
            said(&path, block, true)?;
            continue;
        }
        let id = text(block, "tool_use_id");
        let is_open = open.contains(&id);
        if is_open && !results_are_over {
            open.retain(|known| *known != id);
            continue;
        }
        // Known, but not of the message before: that is an orphan as well.
        let was_answered = ids.contains(id)
            && blocks.iter().take(index).any(|before| before == block || text(before, "tool_use_id") == id);
        if was_answered {
            let message = format!(
                "{path}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: {id}"
            );
            return Err(Refusal::new(Rule::CallsAnswered, message));
        }
        if !is_open {
            let message = format!(
                "{path}: unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message."
            );
            return Err(Refusal::new(Rule::NoOrphanResults, message));
        }
    }
    if open.is_empty() {
        return Ok(());
    }
    let message = format!(
        "{path}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
        open.join(", ")
    );
    Err(Refusal::new(Rule::CallsAnswered, message))
}

fn assistant<'a>(
    path: &str,
    blocks: &'a [Value],
    ids: &mut HashSet<&'a str>,
    open: &mut Vec<&'a str>,
) -> Result<(), Refusal> {
    for (index, block) in blocks.iter().enumerate() {
        let path = format!("{path}.content.{index}");
        if text(block, "type") != "tool_use" {
            said(&path, block, false)?;
            continue;
        }
        name(&path, block)?;
        let id = text(block, "id");
        if id.is_empty() || !id.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
            let message = format!("{path}.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'");
            return Err(Refusal::new(Rule::Shape, message));
        }
        if !ids.insert(id) {
            return Err(Refusal::new(Rule::CallsAnswered, format!("{path}: `tool_use` ids must be unique")));
        }
        if !field(block, "input").is_object() {
            let message = format!("{path}.tool_use.input: Input should be a valid dictionary");
            return Err(Refusal::new(Rule::Shape, message));
        }
        open.push(id);
    }
    if let Some(first) = blocks.iter().position(is_thought) {
        let call = blocks.iter().position(|block| text(block, "type") == "tool_use");
        let is_late = call.is_some_and(|call| blocks.iter().skip(call).any(is_thought));
        if first != 0 || is_late {
            let found = blocks.first().map_or("", |block| text(block, "type"));
            let message = format!(
                "{path}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{found}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks)."
            );
            return Err(Refusal::new(Rule::ThinkingKept, message));
        }
    }
    Ok(())
}

/// What the model paused in itself it goes on with; a beginning that is put into its mouth it refuses.
fn end(messages: &[Value], open: &[&str]) -> Result<(), Refusal> {
    let Some(last) = messages.last().filter(|last| text(last, "role") == "assistant") else { return Ok(()) };
    if !open.is_empty() {
        let message = format!(
            "messages.{}: `tool_use` ids were found without `tool_result` blocks immediately after: {}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
            messages.len() - 1,
            open.join(", ")
        );
        return Err(Refusal::new(Rule::CallsAnswered, message));
    }
    let may_go_on =
        items(field(last, "content")).iter().any(|block| text(block, "type") == "server_tool_use");
    may_go_on.then_some(()).ok_or_else(|| {
        let message = "This model does not support assistant message prefill. The conversation must end with a user message.";
        Refusal::new(Rule::Roles, message)
    })
}

/// A block that is neither a call nor a result.
fn said(path: &str, block: &Value, is_user: bool) -> Result<(), Refusal> {
    match (is_user, text(block, "type")) {
        (_, "text") if text(block, "text").trim().is_empty() => {
            let message = format!("{path}: text content blocks must contain non-whitespace text");
            Err(Refusal::new(Rule::Shape, message))
        }
        (true, "text") if !items(field(block, "citations")).is_empty() => {
            Err(Refusal::new(Rule::Shape, format!("{path}.text.citations: Extra inputs are not permitted")))
        }
        (_, "text") => Ok(()),
        (true, "image" | "document") => source(path, field(block, "source")),
        (false, "thinking" | "redacted_thinking" | "server_tool_use" | "web_search_tool_result") => Ok(()),
        (_, kind) => {
            let role = if is_user { "user" } else { "assistant" };
            let message = format!("{path}: `{kind}` blocks are not permitted in `{role}` messages");
            Err(Refusal::new(Rule::Shape, message))
        }
    }
}

fn name(path: &str, tool: &Value) -> Result<(), Refusal> {
    let name = text(tool, "name");
    let is_right = (1..=128).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    is_right.then_some(()).ok_or_else(|| {
        let message = format!("{path}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'");
        Refusal::new(Rule::ToolNames, message)
    })
}

fn source(path: &str, source: &Value) -> Result<(), Refusal> {
    let known = ["image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"];
    let media_type = text(source, "media_type");
    let has_data = field(source, "data").is_string();
    let is_right = match text(source, "type") {
        "base64" => known.contains(&media_type) && has_data,
        "url" => text(source, "url").starts_with("https://"),
        "text" => media_type == "text/plain" && has_data,
        _ => false,
    };
    is_right
        .then_some(())
        .ok_or_else(|| Refusal::new(Rule::Shape, format!("{path}.source: Input is not valid: {source}")))
}
