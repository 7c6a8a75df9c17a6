//! What makes the API refuse a request, by its headers, its fields, and who says what.

use std::collections::HashSet;

use http::HeaderMap;
use serde_json::Value;

pub(super) fn headers(url: &str, headers: &HeaderMap, body: &Value) -> Result<(), String> {
    let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap());
    let has_key = header("authorization").is_some_and(|value| value.starts_with("Bearer "));
    if !has_key && header("x-api-key").is_none() {
        return Err("neither a bearer token nor x-api-key".to_owned());
    }
    if url.contains("/publishers/anthropic/models/") {
        let is_right = body["anthropic_version"] == "vertex-2023-10-16" && body.get("model").is_none();
        return is_right.then_some(()).ok_or_else(|| "anthropic_version: Field required".to_owned());
    }
    if header("anthropic-version") != Some("2026-10-21") {
        return Err("anthropic-version: header is required".to_owned());
    }
    if !body["model"].is_string() {
        return Err("model: Field required".to_owned());
    }
    Ok(())
}

pub(super) fn fields(body: &Value) -> Result<(), String> {
    for name in ["temperature", "top_p", "top_k"] {
        if body.get(name).is_some() {
            return Err(format!("{name}: Extra inputs are not permitted"));
        }
    }
    let Some(tokens) = body["max_tokens"].as_u64() else {
        return Err("max_tokens: Field required".to_owned());
    };
    if let Some(budget) = body["thinking"]["budget_tokens"].as_u64()
        && (budget < 1024 || budget >= tokens)
    {
        return Err("`max_tokens` must be greater than `thinking.budget_tokens`".to_owned());
    }
    if body.to_string().matches("\"cache_control\"").count() > 4 {
        return Err("A maximum of 4 blocks with cache_control may be provided".to_owned());
    }
    for tool in body["tools"].as_array().into_iter().flatten() {
        name("tools", &tool["name"])?;
        if tool["input_schema"]["type"] != "object" {
            return Err("tools.input_schema.type: Field required".to_owned());
        }
    }
    match &body["output_config"]["format"] {
        Value::Null => Ok(()),
        format if format["type"] == "json_schema" => strict(&format["schema"]),
        _ => Err("output_config.format.type: Input should be 'json_schema'".to_owned()),
    }
}

/// Objects are closed.
fn strict(schema: &Value) -> Result<(), String> {
    match schema {
        Value::Object(fields) => {
            if schema["type"] == "object" && schema["additionalProperties"] != false {
                return Err("For 'object' type, 'additionalProperties' must be false".to_owned());
            }
            if let Some(word) =
                ["minimum", "maximum", "default", "$schema"].iter().find(|word| fields.contains_key(**word))
            {
                return Err(format!("property '{word}' is not supported"));
            }
            fields.values().try_for_each(strict)
        }
        Value::Array(items) => items.iter().try_for_each(strict),
        _ => Ok(()),
    }
}

pub(super) fn conversation(body: &Value) -> Result<(), String> {
    let messages = body["messages"].as_array().ok_or("messages: Field required")?;
    if messages.first().is_none_or(|first| first["role"] != "user") {
        return Err("messages: first message must use the \"user\" role".to_owned());
    }
    let mut open: HashSet<&str> = HashSet::new();
    for (place, message) in messages.iter().enumerate() {
        let role = message["role"].as_str().ok_or("messages.role: Field required")?;
        if role != ["user", "assistant"][place % 2] {
            return Err("messages: roles must alternate between \"user\" and \"assistant\"".to_owned());
        }
        let blocks = message["content"].as_array().ok_or("messages.content: Field required")?;
        if blocks.is_empty() {
            return Err(format!("messages.{place}: all messages must have non-empty content"));
        }
        let mut results_are_over = false;
        for (index, block) in blocks.iter().enumerate() {
            let path = format!("messages.{place}.content.{index}");
            match (role, block["type"].as_str().unwrap_or_default()) {
                (_, "text") if block["text"].as_str().is_none_or(|text| text.trim().is_empty()) => {
                    return Err(format!("{path}: text content blocks must contain non-whitespace text"));
                }
                ("user", "tool_result") => {
                    let id = block["tool_use_id"].as_str().ok_or("tool_use_id: Field required")?;
                    if results_are_over || !open.remove(id) {
                        return Err(format!(
                            "{path}: unexpected `tool_use_id` found in `tool_result` blocks: {id}"
                        ));
                    }
                    continue;
                }
                ("user", "image" | "document") => source(&path, &block["source"])?,
                ("assistant", "tool_use") => {
                    name(&path, &block["name"])?;
                    let id = block["id"].as_str().ok_or("id: Field required")?;
                    if !id.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) || !open.insert(id)
                    {
                        return Err(format!("{path}: `tool_use.id` {id} is invalid or not unique"));
                    }
                    if !block["input"].is_object() {
                        return Err(format!("{path}.input: Input should be a valid dictionary"));
                    }
                }
                (_, "text") | ("assistant", "thinking" | "redacted_thinking" | "server_tool_use") => {}
                (role, kind) => return Err(format!("{path}: `{kind}` is not permitted from the {role}")),
            }
            results_are_over = true;
        }
        if role == "user" && !open.is_empty() {
            return Err(format!(
                "messages.{place}: `tool_use` ids were found without `tool_result` blocks: {open:?}"
            ));
        }
        if role == "assistant"
            && let Some(first) = blocks.iter().position(is_thought)
        {
            let call = blocks.iter().position(|block| block["type"] == "tool_use").unwrap_or(blocks.len());
            if first != 0 || blocks[call..].iter().any(is_thought) {
                return Err(format!("messages.{place}: thinking must come first"));
            }
        }
    }
    // What the model paused in itself it goes on with; a beginning that is put into its mouth it refuses.
    let last = messages.last().filter(|last| last["role"] == "assistant");
    let may_go_on = |last: &Value| {
        last["content"].as_array().unwrap().iter().any(|block| block["type"] == "server_tool_use")
    };
    if !open.is_empty() || last.is_some_and(|last| !may_go_on(last)) {
        return Err("This model does not support assistant message prefill.".to_owned());
    }
    Ok(())
}

fn is_thought(block: &Value) -> bool {
    matches!(block["type"].as_str(), Some("thinking" | "redacted_thinking"))
}

fn name(path: &str, name: &Value) -> Result<(), String> {
    let is_right = name.as_str().is_some_and(|name| {
        (1..=128).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    });
    is_right
        .then_some(())
        .ok_or_else(|| format!("{path}.name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'"))
}

fn source(path: &str, source: &Value) -> Result<(), String> {
    let known = ["image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf"];
    let media_type = source["media_type"].as_str().unwrap_or_default();
    let is_right = match source["type"].as_str() {
        Some("base64") => known.contains(&media_type) && source["data"].is_string(),
        Some("url") => source["url"].as_str().is_some_and(|url| url.starts_with("https://")),
        Some("text") => media_type == "text/plain" && source["data"].is_string(),
        _ => false,
    };
    is_right.then_some(()).ok_or_else(|| format!("{path}.source: Input is not valid: {source}"))
}
