//! Chat Completions.

use scorpio_testkit::{Rule, Wire};
use serde_json::{Value, json};

use crate::{accepted, ask, broken, check, parameters, provider};

const WIRE: Wire = Wire::OpenAiChat;

pub fn first() -> Value {
    let tool =
        |name: &str| json!({"type": "function", "function": {"name": name, "parameters": parameters()}});
    json!({
        "model": "gpt-5-mini", "stream": true, "max_completion_tokens": 500,
        "tools": [tool("add"), tool("now")],
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}],
    })
}

/// The request after the tools have answered.
async fn second() -> Value {
    let mut body = first();
    let answer = ask(&provider(), WIRE, false, &json!({"model": "gpt-5-mini", "messages": body["messages"]}))
        .await
        .json();
    let messages = body["messages"].as_array_mut().unwrap();
    let mut message = answer["choices"][0]["message"].clone();
    for name in ["annotations", "reasoning_content"] {
        message.as_object_mut().unwrap().remove(name);
    }
    let ids: Vec<Value> =
        message["tool_calls"].as_array().unwrap().iter().map(|call| call["id"].clone()).collect();
    messages.push(message);
    messages.extend(ids.iter().map(|id| json!({"role": "tool", "tool_call_id": id, "content": "42"})));
    body
}

#[tokio::test]
async fn rules() {
    let good = second().await;
    let calls = "must be followed by tool messages";
    check(
        WIRE,
        &good,
        vec![
            broken(Rule::CallsAnswered, calls, |body| drop(body["messages"].as_array_mut().unwrap().pop())),
            broken(Rule::CallsAnswered, calls, |body| {
                let user = json!({"role": "user", "content": "And?"});
                body["messages"].as_array_mut().unwrap().insert(4, user);
            }),
            broken(Rule::CallsAnswered, "Duplicate value", |body| {
                body["messages"][4] = body["messages"][3].clone()
            }),
            broken(Rule::NoOrphanResults, "not found in 'tool_calls'", |body| {
                body["messages"][4]["tool_call_id"] = json!("call_x");
            }),
            broken(Rule::NoOrphanResults, "must be a response to a preceeding message", |body| {
                body["messages"].as_array_mut().unwrap().remove(2);
            }),
            broken(Rule::NoSampling, "'temperature'", |body| body["temperature"] = json!(0)),
            broken(Rule::TokenLimits, "max_completion_tokens", |body| body["max_tokens"] = json!(5)),
            broken(Rule::SchemaSubset, "missing properties", |body| {
                body["tools"][0]["function"]["parameters"] = json!({"type": "object"});
            }),
            broken(Rule::SchemaSubset, "'required' is required", |body| {
                body["tools"][0]["function"]["strict"] = json!(true);
                body["tools"][0]["function"]["parameters"]["required"] = json!([]);
            }),
            broken(Rule::SchemaSubset, "'additionalProperties' is required", |body| {
                let schema = json!({"type": "object", "properties": {}, "required": []});
                let format = json!({"name": "x", "strict": true, "schema": schema});
                body["response_format"] = json!({"type": "json_schema", "json_schema": format});
            }),
            broken(Rule::Roles, "Supported values are", |body| body["messages"][1]["role"] = json!("robot")),
            broken(Rule::ToolNames, "does not match pattern", |body| {
                body["tools"][0]["function"]["name"] = json!("add two");
            }),
            broken(Rule::ToolNames, "unique", |body| body["tools"][1] = body["tools"][0].clone()),
            broken(Rule::ToolNames, "does not match pattern", |body| {
                body["messages"][2]["tool_calls"][0]["function"]["name"] = json!("ä");
            }),
            broken(Rule::Shape, "Missing required parameter: 'model'", |body| body["model"] = Value::Null),
            broken(Rule::Shape, "empty array", |body| body["messages"] = json!([])),
            broken(Rule::Shape, "got null", |body| {
                body["messages"] = json!([{"role": "assistant", "content": null}]);
            }),
            broken(Rule::Shape, "expected a string", |body| {
                body["messages"][2]["tool_calls"][0]["function"]["arguments"] = json!({"a": 1});
            }),
            broken(Rule::Shape, "only allowed when 'tools'", |body| {
                *body = json!({"model": "m", "messages": body["messages"], "tool_choice": "auto"});
            }),
        ],
        &[1, 2, 6, 7, 9, 10, 11, 12, 13],
    )
    .await;
}

#[tokio::test]
async fn what_is_taken_as_well() {
    let mut old = second().await;
    old["model"] = json!("gpt-4.1");
    old["temperature"] = json!(0.2);
    old["max_tokens"] = json!(5);
    accepted(WIRE, &old).await;
    // Results may come in any order, and calls may be those of another vendor.
    let mut moved = second().await;
    moved["messages"].as_array_mut().unwrap().swap(3, 4);
    moved["messages"][2]["tool_calls"][0]["id"] = json!("toolu_1");
    moved["messages"][4]["tool_call_id"] = json!("toolu_1");
    accepted(WIRE, &moved).await;
}
