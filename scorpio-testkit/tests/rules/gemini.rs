//! generateContent.

use scorpio_testkit::{Rule, Wire};
use serde_json::{Value, json};

use crate::{accepted, ask, broken, check, parameters, provider, refused};

const WIRE: Wire = Wire::GeminiGenerateContent;
const DUMMY: &str = "skip_thought_signature_validator";

pub fn first() -> Value {
    let tool = |name: &str| json!({"name": name, "parametersJsonSchema": parameters()});
    json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [{"functionDeclarations": [tool("add"), tool("now")]}],
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    })
}

/// The request after the tools have answered: a thought, a text, two calls, two results.
pub async fn second() -> Value {
    let mut body = first();
    let answer = ask(&provider(), WIRE, false, &body).await.json();
    let content = answer["candidates"][0]["content"].clone();
    let result = |place: usize| {
        let call = &content["parts"][place]["functionCall"];
        json!({"functionResponse": {"id": call["id"], "name": call["name"], "response": {"result": 42}}})
    };
    let results = json!({"role": "user", "parts": [result(2), result(3)]});
    let contents = body["contents"].as_array_mut().unwrap();
    contents.extend([content, results]);
    body
}

fn parts(body: &mut Value, content: usize) -> &mut Vec<Value> {
    body["contents"][content]["parts"].as_array_mut().unwrap()
}

#[tokio::test]
async fn rules() {
    let good = second().await;
    check(
        WIRE,
        &good,
        vec![
            broken(Rule::CallsAnswered, "number of function response parts", |body| {
                parts(body, 2).pop();
            }),
            broken(Rule::CallsAnswered, "number of function response parts", |body| {
                body["contents"][2]["parts"] = json!([{"text": "And?"}]);
            }),
            broken(Rule::NoOrphanResults, "immediately after a function call turn", |body| {
                parts(body, 1).truncate(2);
            }),
            broken(Rule::NoOrphanResults, "no matching function call", |body| {
                body["contents"][2]["parts"][1] = body["contents"][2]["parts"][0].clone();
            }),
            broken(Rule::NoOrphanResults, "no matching function call", |body| {
                body["contents"][2]["parts"][1]["functionResponse"]["id"] = json!("x");
            }),
            broken(Rule::SignaturesKept, "missing a thought_signature", |body| {
                body["contents"][1]["parts"][2].as_object_mut().unwrap().remove("thoughtSignature");
            }),
            broken(Rule::SignaturesKept, "Corrupted thought signature", |body| {
                body["contents"][1]["parts"][2]["thoughtSignature"] = json!("eA==");
            }),
            broken(Rule::SignaturesKept, "Corrupted thought signature", |body| {
                body["contents"][1]["parts"][2]["functionCall"]["args"]["a"] = json!(2);
            }),
            // Of a call that this model made here, the signature is known.
            broken(Rule::SignaturesKept, "Corrupted thought signature", |body| {
                body["contents"][1]["parts"][2]["thoughtSignature"] = json!(DUMMY);
            }),
            // It is on the wrong part.
            broken(Rule::SignaturesKept, "Corrupted thought signature", |body| {
                let signature = body["contents"][1]["parts"][2]["thoughtSignature"].clone();
                body["contents"][1]["parts"][3]["thoughtSignature"] = signature;
            }),
            broken(Rule::TokenLimits, "only one of thinking budget and thinking level", |body| {
                let thinking = json!({"thinkingBudget": 5, "thinkingLevel": "LOW"});
                body["generationConfig"] = json!({"thinkingConfig": thinking});
            }),
            broken(Rule::SchemaSubset, "Only one of response_schema", |body| {
                let config = json!({"responseSchema": {}, "responseJsonSchema": {}, "responseMimeType": "application/json"});
                body["generationConfig"] = config;
            }),
            broken(Rule::SchemaSubset, "mime type", |body| {
                body["generationConfig"] = json!({"responseJsonSchema": {"type": "object"}});
            }),
            broken(Rule::SchemaSubset, "'oneOf' is not permitted", |body| {
                let parameters = &mut body["tools"][0]["functionDeclarations"][0]["parametersJsonSchema"];
                parameters["properties"]["a"] = json!({"oneOf": [{"type": "number"}]});
            }),
            broken(Rule::SchemaSubset, "only one of parameters", |body| {
                body["tools"][0]["functionDeclarations"][0]["parameters"] = json!({"type": "OBJECT"});
            }),
            broken(Rule::Roles, "valid role: user, model", |body| body["contents"][1]["role"] = json!("assistant")),
            broken(Rule::Roles, "alternate", |body| {
                body["contents"].as_array_mut().unwrap().insert(0, json!({"role": "user", "parts": [{"text": "Ho"}]}));
            }),
            broken(Rule::Roles, "end with a user role", |body| {
                body["contents"].as_array_mut().unwrap().push(json!({"role": "model", "parts": [{"text": "It"}]}));
            }),
            broken(Rule::ToolNames, "Must start with a letter", |body| {
                body["tools"][0]["functionDeclarations"][0]["name"] = json!("1st");
            }),
            broken(Rule::ToolNames, "Duplicate function declaration", |body| {
                body["tools"][0]["functionDeclarations"][1]["name"] = json!("add");
            }),
            broken(Rule::ToolNames, "not in the list", |body| {
                let config = json!({"mode": "ANY", "allowedFunctionNames": ["sub"]});
                body["toolConfig"] = json!({"functionCallingConfig": config});
            }),
            broken(Rule::Shape, "Unknown name \"max_tokens\"", |body| body["max_tokens"] = json!(5)),
            broken(Rule::Shape, "must not be empty", |body| body["contents"][0]["parts"] = json!([])),
            broken(Rule::Shape, "contents is not specified", |body| body["contents"] = json!([])),
            broken(Rule::Shape, "google.protobuf.Struct", |body| {
                body["contents"][2]["parts"][0]["functionResponse"]["response"] = json!("42");
            }),
        ],
        &[1, 2, 5, 7, 9, 10, 11, 12, 13],
    )
    .await;
}

#[tokio::test]
async fn calls_of_another_model_have_the_dummy() {
    let mut moved = second().await;
    for (content, kind) in [(1, "functionCall"), (2, "functionResponse")] {
        let place = if content == 1 { 2 } else { 0 };
        moved["contents"][content]["parts"][place][kind]["id"] = json!("toolu_1");
    }
    moved["contents"][1]["parts"][2]["thoughtSignature"] = json!(DUMMY);
    accepted(WIRE, &moved).await;
    // Only the first call of a step needs one.
    moved["contents"][1]["parts"][2].as_object_mut().unwrap().remove("thoughtSignature");
    refused(WIRE, &moved, Rule::SignaturesKept, "missing a thought_signature").await;
}

#[tokio::test]
async fn calls_without_ids_are_matched_by_name() {
    let mut old = second().await;
    for (content, kind, first) in [(1, "functionCall", 2), (2, "functionResponse", 0)] {
        for place in [first, first + 1] {
            old["contents"][content]["parts"][place][kind].as_object_mut().unwrap().remove("id");
        }
    }
    old["contents"][1]["parts"][2]["thoughtSignature"] = json!(DUMMY);
    accepted(WIRE, &old).await;
}

#[tokio::test]
async fn fields_and_signatures_may_be_spelled_as_googles_client_spells_them() {
    let mut body = second().await;
    for part in parts(&mut body, 1) {
        let part = part.as_object_mut().unwrap();
        if let Some(signature) = part.remove("thoughtSignature") {
            let signature = signature.as_str().unwrap().replace('+', "-").replace('/', "_");
            part.insert("thought_signature".to_owned(), signature.into());
        }
        if let Some(call) = part.remove("functionCall") {
            part.insert("function_call".to_owned(), call);
        }
    }
    let instructions = body.as_object_mut().unwrap().remove("systemInstruction").unwrap();
    body["system_instruction"] = instructions;
    accepted(WIRE, &body).await;
    // What is the program's own stays as it is.
    body["contents"][1]["parts"][2]["function_call"]["args"] = json!({"A": 1});
    refused(WIRE, &body, Rule::SignaturesKept, "Corrupted").await;
}
