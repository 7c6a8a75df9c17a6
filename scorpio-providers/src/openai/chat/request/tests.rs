use std::sync::Arc;

use scorpio_core::{
    Json, Message,
    model::{ModelErrorKind, Transcript},
    tool::{BoxFuture, DynTool, ToolContext, ToolError, ToolOutput},
};

use super::*;

const PLAIN: Dialect = Dialect {
    is_openai: false,
    instructions_role: None,
    reasoning_summaries: false,
    legacy_max_tokens: false,
};

struct Declared(ToolSpec);

impl DynTool for Declared {
    fn spec(&self) -> &ToolSpec {
        &self.0
    }

    fn call<'a>(
        &'a self,
        _cx: &'a ToolContext,
        _arguments: &'a str,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        Box::pin(async { Ok(ToolOutput::text("")) })
    }
}

fn request() -> ModelRequest {
    ModelRequest::new("gpt-5-mini", Transcript::from_iter([Message::user("Hi")]))
}

fn tools() -> Arc<ToolCatalog> {
    let parameters = r#"{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}"#;
    let add = ToolSpec::new("add", "Add.").with_parameters(Json::parse(parameters).unwrap());
    let now = ToolSpec::new("now", "").with_parameters(Json::parse(r#"{"type":"object"}"#).unwrap());
    let tools = [add, now].map(|spec| Arc::new(Declared(spec)) as Arc<dyn DynTool>);
    Arc::new(ToolCatalog::new(tools.to_vec()).unwrap())
}

fn body(request: &ModelRequest, dialect: Dialect) -> String {
    String::from_utf8(encode(request, dialect).unwrap()).unwrap()
}

fn refused(request: &ModelRequest) -> String {
    let error = encode(request, PLAIN).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration);
    error.to_string()
}

#[test]
fn the_least_request() {
    let expected = concat!(
        r#"{"model":"gpt-5-mini","messages":[{"role":"user","content":"Hi"}],"stream":true,"#,
        r#""stream_options":{"include_usage":true}}"#,
    );
    assert_eq!(body(&request(), PLAIN), expected);
}

#[test]
fn everything_at_once() {
    let schema = r#"{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}"#;
    let mut request = request()
        .with_instructions("Be brief.")
        .with_tools(tools())
        .with_tool_choice(ToolChoice::Tool("add".into()))
        .with_output(Arc::new(OutputSchema::new("Person", Json::parse(schema).unwrap())))
        .with_max_output_tokens(200)
        .with_temperature(0.7)
        .with_reasoning_effort("low")
        .with_extra(Json::parse(r#"{"seed": 7, "metadata": {"a": "b"}}"#).unwrap());
    request.parallel_tool_calls = Some(false);
    let expected = concat!(
        r#"{"model":"gpt-5-mini","messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"Hi"}],"#,
        r#""tools":[{"type":"function","function":{"name":"add","description":"Add.","#,
        r#""parameters":{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}}},"#,
        r#"{"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}],"#,
        r#""stream":true,"stream_options":{"include_usage":true},"max_completion_tokens":200,"temperature":0.7,"#,
        r#""reasoning_effort":"low","tool_choice":{"type":"function","function":{"name":"add"}},"#,
        r#""parallel_tool_calls":false,"response_format":{"type":"json_schema","json_schema":{"name":"Person","#,
        r#""schema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"#,
        r#""additionalProperties":false},"strict":true}},"metadata":{"a": "b"},"seed":7}"#,
    );
    assert_eq!(body(&request, Dialect { is_openai: true, ..PLAIN }), expected);
}

#[test]
fn a_turn_only_adds_to_the_one_before() {
    let mut request = request().with_instructions("Be brief.").with_tools(tools());
    let first = body(&request, PLAIN);
    request.transcript.push(Message::assistant("Hello."));
    request.transcript.push(Message::user("Bye"));
    let second = body(&request, PLAIN);
    let (prefix, rest) = first.split_once(r#"],"tools""#).unwrap();
    assert!(second.starts_with(prefix) && second.ends_with(rest), "{second}");
}

#[test]
fn servers_that_know_the_old_name_alone_get_it() {
    let json = body(&request().with_max_output_tokens(9), Dialect { legacy_max_tokens: true, ..PLAIN });
    assert!(json.contains(r#""max_tokens":9"#) && !json.contains("max_completion_tokens"), "{json}");
}

#[test]
fn what_the_program_adds_takes_the_place_of_what_it_would_repeat() {
    let extra =
        r#"{"temperature": 1, "max_completion_tokens": 5, "response_format": {"type":"json_object"}}"#;
    let output = OutputSchema::new("x", Json::parse("{}").unwrap());
    let request = request()
        .with_temperature(0.5)
        .with_max_output_tokens(9)
        .with_output(Arc::new(output))
        .with_extra(Json::parse(extra).unwrap());
    let json = body(&request, PLAIN);
    let end = r#""max_completion_tokens":5,"response_format":{"type":"json_object"},"temperature":1}"#;
    assert!(json.ends_with(end), "{json}");
    for field in ["temperature", "max_completion_tokens", "response_format"] {
        assert_eq!(json.matches(&format!("\"{field}\"")).count(), 1, "{field}");
    }
}

#[test]
fn what_would_make_it_another_conversation_is_refused() {
    for name in ["messages", "model", "stream", "stream_options", "tools"] {
        let extra = Json::parse(format!(r#"{{"seed":1,"{name}":null}}"#)).unwrap();
        assert!(refused(&request().with_extra(extra)).contains(name));
    }
    assert!(refused(&request().with_extra(Json::parse("[1]").unwrap())).contains("object"));
    assert!(refused(&request().with_temperature(f32::NAN)).contains("NaN"));
    assert!(refused(&request().with_tool_choice(ToolChoice::Required)).contains("tool"));
    let unknown = request().with_tools(tools()).with_tool_choice(ToolChoice::Tool("sub".into()));
    assert!(refused(&unknown).contains("`sub`"));
    let shape = |name: &str, schema: &str| Arc::new(OutputSchema::new(name, Json::parse(schema).unwrap()));
    assert!(refused(&request().with_output(shape("a b", r#"{"type":"object"}"#))).contains("`a b`"));
    assert!(
        refused(&request().with_output(shape("List", r#"{"type":"array","items":{"type":"string"}}"#)))
            .contains("`List`")
    );
}

#[test]
fn the_choice_of_a_tool_needs_tools() {
    let json = body(&request().with_tool_choice(ToolChoice::None), PLAIN);
    assert!(!json.contains("tool_choice"), "{json}");
    let json = body(&request().with_tools(tools()).with_tool_choice(ToolChoice::None), PLAIN);
    assert!(json.contains(r#""tool_choice":"none""#), "{json}");
    let json = body(&request().with_tools(tools()).with_tool_choice(ToolChoice::Required), PLAIN);
    assert!(json.contains(r#""tool_choice":"required""#), "{json}");
}
