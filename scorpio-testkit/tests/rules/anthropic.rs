//! Messages.

use scorpio_testkit::{Rule, Verdict, Wire};
use serde_json::{Value, json};

use crate::{accepted, ask, ask_with, broken, check, parameters, path, provider, refused};

const WIRE: Wire = Wire::AnthropicMessages;

pub fn first() -> Value {
    let tool = |name: &str| json!({"name": name, "input_schema": parameters()});
    json!({
        "model": "claude-sonnet-5-5", "stream": true, "max_tokens": 2000, "system": "Be brief.",
        "tools": [tool("add"), tool("now")],
        "messages": [{"role": "user", "content": "Hi"}],
    })
}

/// The request after the tools have answered: thinking, a text, two calls, two results.
pub async fn second() -> Value {
    let mut body = first();
    let mut whole = body.clone();
    whole["stream"] = json!(false);
    let mut answer = ask(&provider(), WIRE, false, &whole).await.json();
    for block in answer["content"].as_array_mut().unwrap() {
        block.as_object_mut().unwrap().remove("citations");
    }
    let content = answer["content"].as_array().unwrap();
    let results: Vec<Value> = content
        .iter()
        .filter(|block| block["type"] == "tool_use")
        .map(|block| json!({"type": "tool_result", "tool_use_id": block["id"], "content": "42"}))
        .collect();
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": content}));
    messages.push(json!({"role": "user", "content": results}));
    body
}

fn blocks(body: &mut Value, message: usize) -> &mut Vec<Value> {
    body["messages"][message]["content"].as_array_mut().unwrap()
}

#[tokio::test]
async fn rules() {
    let good = second().await;
    check(
        WIRE,
        &good,
        vec![
            broken(Rule::CallsAnswered, "without `tool_result` blocks immediately after", |body| {
                blocks(body, 2).pop();
            }),
            broken(Rule::CallsAnswered, "without `tool_result` blocks immediately after", |body| {
                body["messages"].as_array_mut().unwrap().pop();
            }),
            broken(Rule::CallsAnswered, "must have a single result", |body| {
                let again = body["messages"][2]["content"][0].clone();
                blocks(body, 2).push(again);
            }),
            broken(Rule::CallsAnswered, "ids must be unique", |body| {
                body["messages"][1]["content"][3]["id"] = body["messages"][1]["content"][2]["id"].clone();
            }),
            broken(Rule::NoOrphanResults, "unexpected `tool_use_id`", |body| {
                body["messages"][2]["content"][1]["tool_use_id"] = json!("toolu_x");
            }),
            broken(Rule::ThinkingKept, "cannot be modified", |body| {
                body["messages"][1]["content"][0]["thinking"] = json!("Hm!");
            }),
            broken(Rule::ThinkingKept, "Invalid `signature`", |body| {
                body["messages"][1]["content"][0]["signature"] = json!("");
            }),
            broken(Rule::ThinkingKept, "Expected `thinking`", |body| blocks(body, 1).swap(0, 1)),
            broken(Rule::ThinkingKept, "Expected `thinking`", |body| {
                blocks(body, 1).remove(0);
            }),
            broken(Rule::ThinkingKept, "bound to a different conversation", |body| {
                body["system"] = json!("Be long.");
            }),
            broken(Rule::ThinkingKept, "bound to a different conversation", |body| {
                body["tools"].as_array_mut().unwrap().swap(0, 1);
            }),
            broken(Rule::ThinkingKept, "bound to a different conversation", |body| {
                body["messages"][0]["content"] = json!("Ho");
            }),
            broken(Rule::NoSampling, "top_p: Extra inputs", |body| body["top_p"] = json!(1)),
            broken(Rule::TokenLimits, "max_tokens: Field required", |body| body["max_tokens"] = Value::Null),
            broken(Rule::TokenLimits, "must be greater than", |body| {
                body["thinking"] = json!({"type": "enabled", "budget_tokens": 2000});
            }),
            broken(Rule::TokenLimits, "greater than or equal to 1024", |body| {
                body["thinking"] = json!({"type": "enabled", "budget_tokens": 5});
            }),
            broken(Rule::CacheBreakpoints, "A maximum of 4 blocks with cache_control", |body| {
                let mark = json!({"type": "ephemeral"});
                body["cache_control"] = mark.clone();
                for place in 0..2 {
                    body["tools"][place]["cache_control"] = mark.clone();
                    body["messages"][2]["content"][place]["cache_control"] = mark.clone();
                }
            }),
            broken(Rule::SchemaSubset, "'additionalProperties' must be", |body| {
                let schema = json!({"type": "object", "properties": {}});
                body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
            }),
            broken(Rule::SchemaSubset, "too many optional", |body| {
                let properties: serde_json::Map<String, Value> =
                    (0..25).map(|number| (number.to_string(), json!({"type": "string"}))).collect();
                let schema = json!({"type": "object", "properties": properties, "additionalProperties": false});
                body["output_config"] = json!({"format": {"type": "json_schema", "schema": schema}});
            }),
            broken(Rule::SchemaSubset, "maximum number of strict tools", |body| {
                let tool = |number: u8| json!({"name": format!("t{number}"), "strict": true, "input_schema": {"type": "object", "additionalProperties": false}});
                body["tools"] = (0..21).map(tool).collect();
            }),
            broken(Rule::Roles, "roles must alternate", |body| {
                body["messages"].as_array_mut().unwrap().push(json!({"role": "user", "content": "And?"}));
            }),
            broken(Rule::Roles, "first message must use", |body| {
                body["messages"].as_array_mut().unwrap().remove(0);
            }),
            broken(Rule::Roles, "prefill", |body| {
                body["messages"].as_array_mut().unwrap().push(json!({"role": "assistant", "content": "It"}));
            }),
            broken(Rule::ToolNames, "should match pattern", |body| body["tools"][0]["name"] = json!("a.b")),
            broken(Rule::ToolNames, "must be unique", |body| body["tools"][1] = body["tools"][0].clone()),
            broken(Rule::Shape, "non-whitespace", |body| body["messages"][0]["content"] = json!(" ")),
            broken(Rule::Shape, "non-empty content", |body| body["messages"][0]["content"] = json!([])),
            broken(Rule::Shape, "valid dictionary", |body| {
                body["messages"][1]["content"][2]["input"] = json!("{}");
            }),
            broken(Rule::Shape, "`document` blocks are not permitted", |body| {
                blocks(body, 1).push(json!({"type": "document", "source": {}}));
            }),
            broken(Rule::Shape, "block_binding: Extra inputs", |body| {
                body["thinking"] = json!({"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}});
            }),
        ],
        &[1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 13],
    )
    .await;
}

#[tokio::test]
async fn thinking_is_dropped_when_that_is_asked_for() {
    let mut body = second().await;
    body["system"] = json!("Be long.");
    body["thinking"] =
        json!({"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}});
    let provider = provider();
    let headers = [
        ("x-api-key", "key"),
        ("anthropic-version", "2026-10-21"),
        ("anthropic-beta", "other,thinking-binding-controls-2026-08-01"),
    ];
    let answer = ask_with(&provider, path(WIRE, true), &headers, &body).await;
    let start = &answer.events()[0]["message"];
    assert_eq!(start["input_transformations"][0]["path"], "messages.1.content.0");
    let Verdict::Answered { transformations, .. } = &provider.asked()[0].verdict else { panic!() };
    assert_eq!(transformations.len(), 1);
}

#[tokio::test]
async fn thinking_may_be_left_out_where_it_is_of_no_use() {
    // Another model's.
    let mut other = second().await;
    other["model"] = json!("claude-opus-5-5");
    blocks(&mut other, 1).remove(0);
    accepted(WIRE, &other).await;
    // With thinking off.
    let mut off = second().await;
    off["thinking"] = json!({"type": "disabled"});
    blocks(&mut off, 1).remove(0);
    accepted(WIRE, &off).await;
    // Of a turn that is over.
    let mut over = second().await;
    blocks(&mut over, 1).remove(0);
    blocks(&mut over, 2).push(json!({"type": "text", "text": "And now?"}));
    accepted(WIRE, &over).await;
    // But half of it never.
    let mut half = over.clone();
    blocks(&mut half, 1).insert(0, json!({"type": "redacted_thinking", "data": "eA=="}));
    refused(WIRE, &half, Rule::ThinkingKept, "Invalid `data`").await;
}

#[tokio::test]
async fn marks_for_the_cache_are_no_part_of_the_conversation() {
    let mut body = second().await;
    body["system"] = json!([{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]);
    body["messages"][0]["content"] =
        json!([{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]);
    accepted(WIRE, &body).await;
}
