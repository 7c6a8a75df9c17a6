#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use scorpio_core::{
    Json, Message,
    model::{OutputSchema, Transcript},
    tool::{BoxFuture, DynTool, ToolContext, ToolError, ToolOutput},
};
use serde_json::{Value, json};

use super::*;

#[derive(Debug)]
struct Nothing(ToolSpec);

impl DynTool for Nothing {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn call<'a>(&'a self, _: &'a ToolContext, _: &'a str) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        unreachable!("no tool is called here")
    }
}

fn request(model: &str) -> ModelRequest {
    ModelRequest::new(model, Transcript::from_iter([Message::user("Hi"), Message::user("there")]))
}

fn body(request: &ModelRequest) -> Value {
    let origin = Origin::new("gemini", WIRE, Arc::clone(&request.model));
    serde_json::from_slice(&encode(request, &origin).unwrap()).unwrap()
}

fn tools() -> Arc<ToolCatalog> {
    let schema = r#"{"title":"X","type":"object","properties":{"title":{"const":"a"},"b":{"oneOf":[{"type":"string"}]}}}"#;
    let add = ToolSpec::new("add", "Add.").with_parameters(Json::parse(schema).unwrap());
    Arc::new(ToolCatalog::new(vec![Arc::new(Nothing(add)) as _]).unwrap())
}

#[test]
fn the_least() {
    let contents = json!([{"role": "user", "parts": [{"text": "Hi"}, {"text": "there"}]}]);
    let thinking = json!({"thinkingConfig": {"includeThoughts": true}});
    assert_eq!(body(&request("gemini-3-flash")), json!({"contents": contents, "generationConfig": thinking}));
    // A model that cannot think refuses to be asked for it.
    assert_eq!(body(&request("gemini-2.0-flash")), json!({"contents": contents}));
}

#[test]
fn everything_at_once() {
    let shape = Json::parse(r#"{"type":"object","properties":{"a":{"type":"string"}}}"#).unwrap();
    let request = request("gemini-3-flash")
        .with_instructions("Be brief.")
        .with_tools(tools())
        .with_tool_choice(ToolChoice::Tool("add".into()))
        .with_output(Arc::new(OutputSchema::new("Person", shape.clone())))
        .with_reasoning_effort("low")
        .with_temperature(0.5)
        .with_max_output_tokens(99)
        .with_extra(
            Json::parse(r#"{"cachedContent":"c","generationConfig":{"topK":3,"maxOutputTokens":7}}"#)
                .unwrap(),
        );
    let expected = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "contents": [{"role": "user", "parts": [{"text": "Hi"}, {"text": "there"}]}],
        "tools": [{"functionDeclarations": [{"name": "add", "description": "Add.", "parametersJsonSchema": {
            "type": "object", "properties": {"title": {"enum": ["a"]}, "b": {"anyOf": [{"type": "string"}]}},
        }}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["add"]}},
        "generationConfig": {
            "temperature": 0.5, "thinkingConfig": {"includeThoughts": true, "thinkingLevel": "LOW"},
            "responseMimeType": "application/json", "responseJsonSchema": {"type": "object", "properties": {"a": {"type": "string"}}},
            "topK": 3, "maxOutputTokens": 7,
        },
        "cachedContent": "c",
    });
    assert_eq!(body(&request), expected);
}

#[test]
fn how_much_to_think() {
    let thinking = |effort: &str| {
        body(&request("gemini-3").with_reasoning_effort(effort))["generationConfig"]["thinkingConfig"].clone()
    };
    assert_eq!(thinking("none"), json!({"thinkingBudget": 0}));
    assert_eq!(thinking("512"), json!({"includeThoughts": true, "thinkingBudget": 512}));
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let origin = Origin::new("gemini", WIRE, "m");
    let deep = format!("{}{}", "{\"items\":".repeat(500), "{}".to_owned() + &"}".repeat(500));
    let deep = ToolSpec::new("deep", "").with_parameters(Json::parse(deep).unwrap_or_default());
    let deep = Arc::new(ToolCatalog::new(vec![Arc::new(Nothing(deep)) as _]).unwrap());
    for (request, word) in [
        (request("m").with_extra(Json::parse(r#"{"contents":[]}"#).unwrap()), "contents"),
        (request("m").with_extra(Json::parse(r#"{"generationConfig":[]}"#).unwrap()), "generationConfig"),
        (request("m").with_tool_choice(ToolChoice::Required), "there are none"),
        (request("m").with_tools(tools()).with_tool_choice(ToolChoice::Tool("sub".into())), "sub"),
        (request("m").with_tools(deep), "deep"),
    ] {
        let error = encode(&request, &origin).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}
