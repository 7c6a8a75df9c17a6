#![allow(clippy::unwrap_used)]

use scorpio_core::{
    Json, Native, OpaquePart, Provenance, ReasoningPart, TextPart, ToolOutcome, ToolResultPart,
};

use super::*;

fn origin() -> Origin {
    Origin::new("anthropic", "anthropic-messages", "claude")
}

fn blocks(message: Message) -> String {
    String::from_utf8(encoded(&Entry::new(message), &origin()).blocks.to_vec()).unwrap()
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

fn thought() -> Message {
    let thinking = r#"{"type":"thinking","thinking":"Hm.","signature":"s"}"#;
    let redacted = r#"{"type":"redacted_thinking","data":"d"}"#;
    Message::new(
        Role::Assistant,
        vec![
            Part::Reasoning(ReasoningPart::new("Hm.").with_native(json(thinking))),
            Part::Opaque(OpaquePart::new(Native::new(json(redacted)))),
            Part::Text(TextPart::new("Yes.", Provenance::Model)),
            Part::ToolCall(ToolCallPart::new("toolu_1", "add", "{\"a\": 1}")),
        ],
    )
}

#[test]
fn thinking_goes_back_to_the_model_that_thought_and_to_no_other() {
    let rest =
        r#"{"type":"text","text":"Yes."},{"type":"tool_use","id":"toolu_1","name":"add","input":{"a": 1}}"#;
    let whole = format!(
        r#"{{"type":"thinking","thinking":"Hm.","signature":"s"}},{{"type":"redacted_thinking","data":"d"}},{rest}"#
    );
    assert_eq!(blocks(thought().with_origin(origin())), whole);
    for other in [
        Origin::new("anthropic", "anthropic-messages", "claude-2"),
        Origin::new("other", "anthropic-messages", "claude"),
        Origin::new("anthropic", "openai-chat", "claude"),
    ] {
        assert_eq!(blocks(thought().with_origin(other)), rest);
    }
    // What broke off has no origin.
    assert_eq!(blocks(thought()), rest);
}

#[test]
fn both_forms_of_one_entry_are_kept_apart() {
    let entry = Entry::new(thought().with_origin(origin()));
    let foreign = Origin::new("anthropic", "anthropic-messages", "other");
    let of = |origin: &Origin| encoded(&entry, origin).blocks.len();
    let (native, other) = (of(&origin()), of(&foreign));
    assert!(native > other);
    assert_eq!((of(&origin()), of(&foreign)), (native, other));
}

#[test]
fn results_come_first_and_tell_of_failure() {
    let result = |id: &str, output: &str, status| {
        let provenance = Provenance::User;
        Part::ToolResult(ToolResultPart::new(id.into(), "add", json(output), status, provenance))
    };
    let parts = vec![
        Part::text("And?", Provenance::User),
        result("call:1", "\"3\"", ToolOutcome::Completed),
        result("toolu_2", "\"\"", ToolOutcome::Failed),
    ];
    let told = blocks(Message::new(Role::Tool, parts));
    let call =
        blocks(Message::new(Role::Assistant, vec![Part::ToolCall(ToolCallPart::new("call:1", "add", ""))]));
    let id = call.split('"').nth(7).unwrap();
    assert!(id.starts_with("call_1_") && id.is_ascii(), "{id}");
    let expected = format!(
        r#"{{"type":"tool_result","tool_use_id":"{id}","content":"3"}},{{"type":"tool_result","tool_use_id":"toolu_2","is_error":true}},{{"type":"text","text":"And?"}}"#
    );
    assert_eq!(told, expected);
}

#[test]
fn arguments_are_objects() {
    let call = |arguments: &str| {
        let call = blocks(Message::new(
            Role::Assistant,
            vec![Part::ToolCall(ToolCallPart::new("t", "f", arguments))],
        ));
        call.split_once(r#""input":"#).unwrap().1.trim_end_matches('}').to_owned()
    };
    assert_eq!(call("  "), "{");
    assert_eq!(call("{\"a\": [1 ]}"), "{\"a\": [1 ]");
    assert_eq!(call("{\"a\":"), r#"{"invalid_arguments":"{\"a\":""#);
    assert_eq!(call("[1]"), r#"{"invalid_arguments":"[1]""#);
}

#[test]
fn media() {
    let media = |media_type: &str, source| MediaPart::new(media_type, source).with_filename("a b");
    let data = |data: &str| MediaSource::Base64(data.to_owned());
    let url = || MediaSource::Url("https://example.com/x".to_owned());
    for (part, expected) in [
        (
            media("image/png", data("AA==")),
            r#"{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}}"#,
        ),
        (
            media("image/png", url()),
            r#"{"type":"image","source":{"type":"url","url":"https://example.com/x"}}"#,
        ),
        (
            media("application/pdf", data("AA==")),
            r#"{"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"AA=="},"title":"a b"}"#,
        ),
        (
            media("application/pdf", url()),
            r#"{"type":"document","source":{"type":"url","url":"https://example.com/x"},"title":"a b"}"#,
        ),
        (
            media("text/csv", data("YSxi")),
            r#"{"type":"document","source":{"type":"text","media_type":"text/plain","data":"a,b"},"title":"a b"}"#,
        ),
        (media("image/tiff", data("AA==")), r#"{"type":"text","text":"[image/tiff a b]"}"#),
        (media("audio/wav", data("AA==")), r#"{"type":"text","text":"[audio/wav a b]"}"#),
        (media("audio/wav", url()), r#"{"type":"text","text":"[audio/wav a b: https://example.com/x]"}"#),
    ] {
        assert_eq!(blocks(Message::new(Role::User, vec![Part::Media(part)])), expected);
    }
}

#[test]
fn nothing_to_read_is_left_out() {
    assert_eq!(blocks(Message::user(" \n")), "");
    assert_eq!(blocks(Message::new(Role::Assistant, vec![Part::Reasoning(ReasoningPart::new("Hm."))])), "");
}

#[test]
fn names_that_no_tool_can_have_are_told_in_letters_that_the_wire_takes() {
    for (name, expected) in [("add", "add"), ("functions.add", "functions_add"), ("", "unknown")] {
        let call =
            blocks(Message::new(Role::Assistant, vec![Part::ToolCall(ToolCallPart::new("t", name, ""))]));
        assert_eq!(call, format!(r#"{{"type":"tool_use","id":"t","name":"{expected}","input":{{}}}}"#));
    }
    let long = "é".repeat(200);
    let call = blocks(Message::new(
        Role::Assistant,
        vec![Part::ToolCall(ToolCallPart::new("t", long.as_str(), ""))],
    ));
    assert!(call.contains(&format!(r#""name":"{}""#, "_".repeat(128))), "{call}");
}
