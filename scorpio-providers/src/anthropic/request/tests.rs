#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use scorpio_core::{
    Json, Message, Part, Provenance, Role, ToolCallPart, ToolOutcome, ToolResultPart,
    model::{ModelErrorKind, Transcript},
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

fn settings() -> Settings<'static> {
    Settings {
        origin: Origin::new("anthropic", "anthropic-messages", "claude-sonnet-5-5"),
        version: "2026-10-21",
        vertex: false,
        max_output_tokens: None,
        strict_tools: false,
        drop_unbound: false,
    }
}

fn request() -> ModelRequest {
    ModelRequest::new("claude-sonnet-5-5", Transcript::from_iter([Message::user("Hi")]))
}

fn body(request: &ModelRequest) -> Value {
    serde_json::from_slice(&encode(request, &settings()).unwrap()).unwrap()
}

fn tools() -> Arc<ToolCatalog> {
    let add = ToolSpec::new("add", "Add.").with_parameters(Json::parse(r#"{"properties":{}}"#).unwrap());
    Arc::new(ToolCatalog::new(vec![Arc::new(Nothing(add)) as _]).unwrap())
}

#[test]
fn the_least() {
    let expected = json!({
        "model": "claude-sonnet-5-5", "max_tokens": 32_000, "stream": true,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "cache_control": {"type": "ephemeral"},
    });
    assert_eq!(body(&request()), expected);
}

#[test]
fn everything_at_once() {
    let schema =
        Json::parse(r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#).unwrap();
    let request = request()
        .with_instructions("Be brief.")
        .with_tools(tools())
        .with_tool_choice(ToolChoice::Tool("add".into()))
        .with_parallel_tool_calls(false)
        .with_output(Arc::new(OutputSchema::new("Person", schema)))
        .with_reasoning_effort("high")
        .with_temperature(0.5)
        .with_max_output_tokens(99)
        .with_prompt_cache(PromptCache::Long)
        .with_extra(Json::parse(r#"{"metadata":{"user_id":"u"}}"#).unwrap());
    let expected = json!({
        "model": "claude-sonnet-5-5", "max_tokens": 99, "stream": true, "system": "Be brief.",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "tools": [{"name": "add", "description": "Add.", "input_schema": {"type": "object", "properties": {}}}],
        "tool_choice": {"type": "tool", "name": "add", "disable_parallel_tool_use": true},
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {
            "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false,
        }}},
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
        "metadata": {"user_id": "u"},
    });
    assert_eq!(body(&request), expected);
}

#[test]
fn how_much_to_think() {
    let thinking = |effort: &str| body(&request().with_reasoning_effort(effort))["thinking"].clone();
    assert_eq!(thinking("none"), json!({"type": "disabled"}));
    assert_eq!(thinking("2048"), json!({"type": "enabled", "budget_tokens": 2048}));
    assert_eq!(thinking("low"), json!({"type": "adaptive"}));
    assert_eq!(body(&request().with_reasoning_effort("2048")).get("output_config"), None);
    let error = encode(&request().with_reasoning_effort("5"), &settings()).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration);
    let dropping = Settings { drop_unbound: true, ..settings() };
    let body: Value = serde_json::from_slice(&encode(&request(), &dropping).unwrap()).unwrap();
    let expected = json!({"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}});
    assert_eq!(body["thinking"], expected);
}

#[test]
fn sampling_is_a_matter_of_the_version() {
    let request = request().with_temperature(0.5);
    assert_eq!(body(&request).get("temperature"), None);
    let old = Settings { version: "2023-06-01", ..settings() };
    let body: Value = serde_json::from_slice(&encode(&request, &old).unwrap()).unwrap();
    assert_eq!(body["temperature"], 0.5);
}

#[test]
fn vertex_has_the_version_in_the_body_and_the_model_in_the_address() {
    let vertex = Settings { vertex: true, version: "vertex-2023-10-16", ..settings() };
    let body: Value = serde_json::from_slice(&encode(&request(), &vertex).unwrap()).unwrap();
    assert_eq!((body.get("model"), &body["anthropic_version"]), (None, &json!("vertex-2023-10-16")));
}

#[test]
fn roles_alternate() {
    let call = |id: &str| Part::ToolCall(ToolCallPart::new(id, "add", "{}"));
    let result = |id: &str| {
        let output = Json::string("3");
        Part::ToolResult(ToolResultPart::new(
            id.into(),
            "add",
            output,
            ToolOutcome::Completed,
            Provenance::User,
        ))
    };
    let native = |message: Message| message.with_origin(settings().origin);
    let transcript = [
        Message::user("a"),
        Message::user("b"),
        native(Message::new(Role::Assistant, vec![call("1"), call("2")])),
        Message::new(Role::Tool, vec![result("1"), result("2")]),
        Message::user("c"),
        native(Message::assistant("One, ")),
        native(Message::assistant("two.")),
        Message::assistant("Broken"),
        native(Message::assistant("Mended.")),
        Message::new(Role::Assistant, vec![]),
    ];
    let request = ModelRequest::new("claude-sonnet-5-5", Transcript::from_iter(transcript));
    let body = body(&request);
    let shape: Vec<(String, usize)> = body["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| {
            (message["role"].as_str().unwrap().to_owned(), message["content"].as_array().unwrap().len())
        })
        .collect();
    let shape: Vec<(&str, usize)> = shape.iter().map(|(role, count)| (role.as_str(), *count)).collect();
    let expected = [
        ("user", 2),
        ("assistant", 2),
        ("user", 3),
        ("assistant", 2),
        ("user", 1),
        ("assistant", 1),
        ("user", 1),
        ("assistant", 1),
    ];
    assert_eq!(shape, expected);
}

#[test]
fn a_turn_only_adds_to_the_one_before() {
    let answer = Message::assistant("Yes?").with_origin(settings().origin);
    let mut transcript = Transcript::from_iter([Message::user("Hi"), answer]);
    let encoded = |transcript: &Transcript| {
        let request = ModelRequest::new("claude-sonnet-5-5", transcript.clone()).with_tools(tools());
        String::from_utf8(encode(&request, &settings()).unwrap()).unwrap()
    };
    let before = encoded(&transcript);
    transcript.push(Message::user("Never mind."));
    let after = encoded(&transcript);
    let history = before.split_once("]}],\"stream\"").unwrap().0;
    assert!(after.starts_with(history), "{before}\n{after}");
}

#[test]
fn what_cannot_be_asked_is_refused() {
    for (request, word) in [
        (request().with_extra(Json::parse(r#"{"messages":[]}"#).unwrap()), "messages"),
        (request().with_extra(Json::parse("[]").unwrap()), "object"),
        (request().with_tool_choice(ToolChoice::Required), "there are none"),
        (request().with_tools(tools()).with_tool_choice(ToolChoice::Tool("sub".into())), "sub"),
    ] {
        let error = encode(&request, &settings()).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
}

fn with_settings(request: &ModelRequest, settings: &Settings<'_>) -> Value {
    serde_json::from_slice(&encode(request, settings).unwrap()).unwrap()
}

#[test]
fn vertex_is_told_what_to_keep() {
    let vertex = Settings { vertex: true, version: "vertex-2023-10-16", ..settings() };
    let body = with_settings(&request().with_instructions("Be brief."), &vertex);
    let mark = json!({"type": "ephemeral"});
    assert_eq!(body.get("cache_control"), None);
    assert_eq!(body["system"], json!([{"type": "text", "text": "Be brief.", "cache_control": mark}]));
    assert_eq!(
        body["messages"][0]["content"],
        json!([{"type": "text", "text": "Hi", "cache_control": mark}])
    );
    let off = with_settings(&request().with_prompt_cache(PromptCache::Off), &vertex).to_string();
    assert!(!off.contains("cache_control"), "{off}");
    // A paused answer may end with thinking, which cannot be marked.
    let paused = [Message::user("Hi"), Message::assistant("Hm").with_origin(settings().origin)];
    let paused = ModelRequest::new("claude-sonnet-5-5", Transcript::from_iter(paused));
    assert!(!with_settings(&paused, &vertex).to_string().contains("cache_control"));
}

#[test]
fn the_user_speaks_first_and_last_unless_the_model_paused() {
    let said = |messages: Vec<Message>| {
        let body = body(&ModelRequest::new("claude-sonnet-5-5", Transcript::from_iter(messages)));
        let turn = |turn: &Value| format!("{} {}", turn["role"], turn["content"][0]["text"]).replace('"', "");
        body["messages"].as_array().unwrap().iter().map(turn).collect::<Vec<_>>()
    };
    let broken = || Message::assistant("Half ");
    let own = || Message::assistant("Whole").with_origin(settings().origin);
    let unfinished = ["user Hi", "assistant Half ", "user Please go on."];
    assert_eq!(said(vec![Message::user("Hi"), broken()]), unfinished);
    // The answer to that is bound to the very same words.
    let later = said(vec![Message::user("Hi"), broken(), own()]);
    assert_eq!(
        (&later[..3], later[3].as_str()),
        (unfinished.map(String::from).as_slice(), "assistant Whole")
    );
    assert_eq!(said(vec![Message::user("Hi"), own()]), ["user Hi", "assistant Whole"]);
    assert_eq!(said(vec![own(), Message::user("Hi")]), ["user Please begin.", "assistant Whole", "user Hi"]);
}

#[test]
fn a_budget_of_thinking_fits_into_the_answer() {
    let tokens = |request: ModelRequest| body(&request)["max_tokens"].clone();
    assert_eq!(tokens(request().with_reasoning_effort("2048")), 32_000);
    assert_eq!(tokens(request().with_reasoning_effort("32000")), 64_000);
    assert_eq!(tokens(request().with_reasoning_effort("2048").with_max_output_tokens(2049)), 2049);
    let error = encode(&request().with_reasoning_effort("2048").with_max_output_tokens(2048), &settings());
    assert_eq!(error.unwrap_err().kind(), ModelErrorKind::Configuration);
}

#[test]
fn unbound_thinking_is_dropped_whoever_set_the_thinking() {
    let dropping = Settings { drop_unbound: true, ..settings() };
    let binding = json!({"prefix_mismatch_behavior": "drop_block"});
    let extra = Json::parse(r#"{"thinking":{"type":"enabled","budget_tokens":4096}}"#).unwrap();
    let expected = json!({"type": "enabled", "budget_tokens": 4096, "block_binding": binding});
    assert_eq!(with_settings(&request().with_extra(extra), &dropping)["thinking"], expected);
    let none = with_settings(&request().with_reasoning_effort("none"), &dropping);
    assert_eq!(none["thinking"], json!({"type": "disabled"}));
}

#[test]
fn tools_are_strict_if_asked_and_if_they_can_be() {
    let spec = |name: &str, schema: &str| {
        let spec = ToolSpec::new(name, "").with_parameters(Json::parse(schema.to_owned()).unwrap());
        Arc::new(Nothing(spec)) as Arc<dyn DynTool>
    };
    let can = r#"{"type":"object","properties":{"a":{"type":"string"}},"required":["a"]}"#;
    let cannot = r#"{"type":"object","additionalProperties":{"type":"string"}}"#;
    let names: Vec<String> = (0..20).map(|place| format!("tool_{place}")).collect();
    let mut tools = vec![spec("free", cannot)];
    tools.extend(names.iter().map(|name| spec(name, can)));
    let request = request().with_tools(Arc::new(ToolCatalog::new(tools).unwrap()));
    let strict = with_settings(&request, &Settings { strict_tools: true, ..settings() });
    let count =
        |body: &Value| body["tools"].as_array().unwrap().iter().filter(|tool| tool["strict"] == true).count();
    assert_eq!((count(&strict), strict["tools"][0].get("strict")), (19, None));
    assert_eq!(strict["tools"][1]["input_schema"]["additionalProperties"], false);
    // The same catalog, asked for without.
    assert_eq!(count(&body(&request)), 0);
}

#[test]
fn instructions_at_the_beginning_are_instructions() {
    let told = |text: &str| Message::new(Role::System, vec![Part::text(text, Provenance::System)]);
    let transcript = [told("One."), told(" "), told("Two."), Message::user("Hi"), told("Later.")];
    let request = ModelRequest::new("claude-sonnet-5-5", Transcript::from_iter(transcript));
    assert_eq!(body(&request)["system"], "One.\n\nTwo.");
    let with = body(&request.with_instructions("Be brief."));
    assert_eq!(with["system"], "Be brief.\n\nOne.\n\nTwo.");
    let texts = json!([{"type": "text", "text": "Hi"}, {"type": "text", "text": "Later."}]);
    assert_eq!(with["messages"], json!([{"role": "user", "content": texts}]));
}
