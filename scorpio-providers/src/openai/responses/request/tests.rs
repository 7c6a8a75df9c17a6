#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use scorpio_core::{
    Json, Message,
    model::Transcript,
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

const PLAIN: Dialect = Dialect {
    is_openai: true,
    instructions_role: None,
    reasoning_summaries: false,
    legacy_max_tokens: false,
};

fn request(model: &str) -> ModelRequest {
    ModelRequest::new(model, Transcript::from_iter([Message::user("Hi")]))
}

fn encoded_by(request: &ModelRequest, dialect: Dialect) -> Result<Value, ModelError> {
    let origin = Origin::new("openai", "openai-responses", Arc::clone(&request.model));
    Ok(serde_json::from_slice(&encode(request, dialect, &origin)?).unwrap())
}

fn body(request: &ModelRequest) -> Value {
    encoded_by(request, PLAIN).unwrap()
}

#[test]
fn the_least() {
    let expected = json!({
        "model": "gpt-5-mini", "input": [{"role": "user", "content": "Hi"}], "stream": true, "store": false,
        "include": ["reasoning.encrypted_content"],
    });
    assert_eq!(body(&request("gpt-5-mini")), expected);
    // A model that cannot reason refuses to be asked for it.
    assert_eq!(body(&request("gpt-4o")).get("include"), None);
}

#[test]
fn everything_at_once() {
    let schema =
        Json::parse(r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#).unwrap();
    let add = ToolSpec::new("add", "Add.").with_parameters(Json::parse(r#"{"type":"object"}"#).unwrap());
    let tools = Arc::new(ToolCatalog::new(vec![Arc::new(Nothing(add)) as _]).unwrap());
    let request = request("gpt-5-mini")
        .with_instructions("Be brief.")
        .with_tools(tools)
        .with_tool_choice(ToolChoice::Tool("add".into()))
        .with_parallel_tool_calls(false)
        .with_output(Arc::new(OutputSchema::new("Person", schema)))
        .with_reasoning_effort("low")
        .with_temperature(0.5)
        .with_max_output_tokens(99)
        .with_prompt_cache(PromptCache::Long)
        .with_extra(Json::parse(r#"{"store":true,"prompt_cache_key":"k"}"#).unwrap());
    let expected = json!({
        "model": "gpt-5-mini", "instructions": "Be brief.", "input": [{"role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "name": "add", "description": "Add.", "parameters": {"type": "object", "properties": {}}, "strict": false}],
        "tool_choice": {"type": "function", "name": "add"}, "parallel_tool_calls": false,
        "text": {"format": {"type": "json_schema", "name": "Person", "strict": true, "schema": {
            "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false,
        }}},
        "reasoning": {"effort": "low", "summary": "auto"}, "temperature": 0.5, "max_output_tokens": 99,
        "prompt_cache_options": {"mode": "implicit", "ttl": "30m"},
        "include": ["reasoning.encrypted_content"], "stream": true, "store": true, "prompt_cache_key": "k",
    });
    let summaries = Dialect { reasoning_summaries: true, ..PLAIN };
    assert_eq!(encoded_by(&request, summaries).unwrap(), expected);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    for (request, word) in [
        (request("m").with_extra(Json::parse(r#"{"input":[]}"#).unwrap()), "input"),
        (request("m").with_tool_choice(ToolChoice::Required), "there are none"),
        (request("m").with_temperature(f32::NAN), "temperature"),
    ] {
        assert!(encoded_by(&request, PLAIN).unwrap_err().to_string().contains(word), "{word}");
    }
}
