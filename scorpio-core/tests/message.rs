//! Messages survive being stored, byte for byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use scorpio_core::{
    DataPart, Json, MediaPart, MediaSource, Message, MessageId, Native, Origin, Part, Provenance,
    ReasoningPart, Role, RunId, SessionId, ToolCallId, ToolCallPart, ToolOutcome, ToolResultPart, Trust,
    Usage,
};

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn every_part() -> Vec<Part> {
    let mut reasoning = ReasoningPart::new("Hm.");
    reasoning.native = Some(Native::new(json(r#"{"signature": "b64==",  "order":[2,1], "n":1.0e2}"#)));
    let mut call = ToolCallPart::new("call_1", "find", r#"{"b":1,  "a":"\u00e9"}"#);
    call.native = Some(Native::new(json(r#"{ "type":"function_call" }"#)));
    let status = ToolOutcome::Interrupted { started: true };
    let provenance = Provenance::Tool { name: "find".into(), trust: Trust::Untrusted };
    let answered =
        ToolResultPart::new(ToolCallId::from("call_1"), "find", json(r#"{"z": 0.10}"#), status, provenance);
    let media = MediaPart::new("image/png", MediaSource::Base64("aGk=".into())).with_filename("hi.png");
    let data: DataPart = serde_json::from_str(r#"{"name":"chart","id":"c1","data":{"k" : [1 ,2]}}"#).unwrap();
    vec![
        Part::text("Plain \u{1F980} \"text\"\n", Provenance::User),
        Part::text("From a server.", Provenance::Mcp { server: "files".into() }),
        Part::Reasoning(reasoning),
        Part::ToolCall(call),
        Part::ToolResult(answered),
        Part::Media(media),
        Part::Source(serde_json::from_str(r#"{"id":"s1","url":"https://example.org"}"#).unwrap()),
        Part::Data(data),
        serde_json::from_str(r#"{"type":"hologram","depth": 3.0, "nested":{"type":"text"}}"#).unwrap(),
    ]
}

#[test]
fn every_part_round_trips_byte_for_byte() {
    let mut message = Message::new(Role::Assistant, every_part());
    message.origin = Some(Origin::new("openai", "openai-chat", "gpt"));
    message.run = Some(RunId::new());
    let mut usage = Usage::new(3, 4);
    usage.raw = Some(json(r#"{"prompt_tokens": 3}"#));
    message.usage = Some(usage);
    message.metadata = Some(json(r#"{"pinned" :true}"#));
    let stored = serde_json::to_string(&message).unwrap();
    let loaded: Message = serde_json::from_str(&stored).unwrap();
    assert_eq!(loaded, message);
    assert_eq!(serde_json::to_string(&loaded).unwrap(), stored);
    for verbatim in
        [r#"{"signature": "b64==",  "order":[2,1], "n":1.0e2}"#, r#"{"z": 0.10}"#, r#""depth": 3.0"#]
    {
        assert!(stored.contains(verbatim), "{verbatim} is not in {stored}");
    }
}

#[test]
fn a_part_must_be_an_object_with_a_type() {
    for wrong in
        ["[]", "3", "{}", r#"{"type": 7}"#, r#"{"type":"text"}"#, r#"{"type":"tool_call","call_id":"x"}"#]
    {
        assert!(serde_json::from_str::<Part>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn ids_that_others_choose_are_checked() {
    for good in ["a", "chat-7", "A_b.c:d|e", &"x".repeat(128)] {
        assert_eq!(SessionId::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", ".", "..", "a/b", "a b", "é", "a\0", &"x".repeat(129)] {
        assert!(SessionId::parse(bad).is_err(), "{bad:?}");
        assert!(serde_json::from_value::<MessageId>(serde_json::json!(bad)).is_err(), "{bad:?}");
    }
}

#[test]
fn ids_that_we_make_rise() {
    let ids: Vec<String> = (0..1_000).map(|_| MessageId::new().to_string()).collect();
    assert!(ids.is_sorted());
}
