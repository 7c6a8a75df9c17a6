//! Responses.

use scorpio_testkit::{Rule, Verdict, Wire};
use serde_json::{Value, json};

use crate::{accepted, ask, broken, check, parameters, provider, refused};

const WIRE: Wire = Wire::OpenAiResponses;

pub fn first() -> Value {
    let tool =
        |name: &str| json!({"type": "function", "name": name, "parameters": parameters(), "strict": false});
    json!({
        "model": "gpt-5-mini", "stream": true, "store": false, "instructions": "Be brief.",
        "tools": [tool("add"), tool("now")],
        "input": [{"role": "user", "content": "Hi"}],
    })
}

/// The request after the tools have answered: reasoning, a text, two calls, two results.
pub async fn second() -> Value {
    let mut body = first();
    let mut whole = body.clone();
    whole["stream"] = json!(false);
    let answer = ask(&provider(), WIRE, false, &whole).await.json();
    let input = body["input"].as_array_mut().unwrap();
    input.extend(answer["output"].as_array().unwrap().iter().cloned());
    for place in [3, 4] {
        let id = input[place]["call_id"].clone();
        input.push(json!({"type": "function_call_output", "call_id": id, "output": "42"}));
    }
    body
}

fn input(body: &mut Value) -> &mut Vec<Value> {
    body["input"].as_array_mut().unwrap()
}

#[tokio::test]
async fn rules() {
    let good = second().await;
    check(
        WIRE,
        &good,
        vec![
            broken(Rule::CallsAnswered, "No tool output found for function call", |body| {
                input(body).pop();
            }),
            broken(Rule::CallsAnswered, "No tool output found for function call", |body| {
                input(body).insert(6, json!({"role": "user", "content": "And?"}));
            }),
            broken(Rule::CallsAnswered, "Duplicate function call output", |body| {
                let again = body["input"][5].clone();
                input(body).push(again);
            }),
            broken(Rule::NoOrphanResults, "No tool call found", |body| {
                body["input"][6]["call_id"] = json!("call_x");
            }),
            broken(Rule::ReasoningKept, "without its required 'reasoning' item", |body| {
                input(body).remove(1);
            }),
            broken(Rule::ReasoningKept, "without its required following item", |body| {
                *body = json!({"model": body["model"], "input": [body["input"][0], body["input"][1]]});
            }),
            broken(Rule::ReasoningKept, "could not be verified", |body| {
                let content = body["input"][1]["encrypted_content"].as_str().unwrap().replacen(char::is_alphabetic, "0", 1);
                body["input"][1]["encrypted_content"] = json!(content);
            }),
            broken(Rule::ReasoningKept, "not found", |body| body["input"][1]["encrypted_content"] = json!("")),
            broken(Rule::ReasoningKept, "Duplicate item", |body| {
                let again = body["input"][2].clone();
                input(body).insert(3, again);
            }),
            broken(Rule::NoSampling, "'temperature'", |body| body["temperature"] = json!(0.5)),
            broken(Rule::TokenLimits, "max_output_tokens", |body| body["max_tokens"] = json!(5)),
            broken(Rule::SchemaSubset, "'required' is required", |body| {
                body["tools"][0]["strict"] = json!(true);
                body["tools"][0]["parameters"]["required"] = json!([]);
            }),
            broken(Rule::SchemaSubset, "'default' is not permitted", |body| {
                let schema = json!({"type": "object", "properties": {"a": {"type": "string", "default": ""}}, "required": ["a"], "additionalProperties": false});
                body["text"] = json!({"format": {"type": "json_schema", "name": "x", "strict": true, "schema": schema}});
            }),
            broken(Rule::Roles, "Supported values are", |body| body["input"][0]["role"] = json!("robot")),
            broken(Rule::ToolNames, "does not match pattern", |body| body["tools"][0]["name"] = json!("")),
            broken(Rule::Shape, "Missing required parameter: 'input'", |body| body["input"] = Value::Null),
            broken(Rule::Shape, "Invalid value: 'function'", |body| body["input"][3]["type"] = json!("function")),
            broken(Rule::Shape, "expected a string or an array", |body| body["input"][5]["output"] = json!({"sum": 42})),
        ],
        &[1, 2, 3, 6, 7, 9, 10, 11, 12, 13],
    )
    .await;
}

#[tokio::test]
async fn a_history_of_another_vendor_has_no_reasoning_and_no_ids() {
    let mut moved = second().await;
    input(&mut moved).remove(1);
    for item in input(&mut moved) {
        item.as_object_mut().unwrap().remove("id");
    }
    accepted(WIRE, &moved).await;
    // With the ids it is known to be half of an answer.
    let mut half = second().await;
    input(&mut half).remove(1);
    refused(WIRE, &half, Rule::ReasoningKept, "without its required 'reasoning' item").await;
}

#[tokio::test]
async fn reasoning_of_another_model_or_prefix_is_left_out_and_told_of() {
    for (reason, change) in [
        ("model", (|body| body["model"] = json!("gpt-5")) as fn(&mut Value)),
        ("prefix_mismatch", |body| body["instructions"] = json!("Be long.")),
        ("prefix_mismatch", |body| body["input"][0]["content"] = json!("Ho")),
    ] {
        let mut body = second().await;
        change(&mut body);
        let Verdict::Answered { transformations, .. } = accepted(WIRE, &body).await else { panic!() };
        let expected = json!({"id": body["input"][1]["id"], "action": "removed", "reason": reason});
        assert_eq!(transformations, [expected]);
    }
}
