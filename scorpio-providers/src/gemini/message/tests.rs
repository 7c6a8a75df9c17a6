#![allow(clippy::unwrap_used)]

use scorpio_core::{Native, OpaquePart, Provenance, ReasoningPart, TextPart, ToolOutcome};

use super::*;

fn origin() -> Origin {
    Origin::new("gemini", "gemini-generate-content", "gemini-3")
}

fn parts(message: Message) -> String {
    String::from_utf8(encoded(&Entry::new(message), &origin()).parts.to_vec()).unwrap()
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

const FIRST: &str = r#"{"functionCall":{"name":"add","args":{"a": 1}},"thoughtSignature":"c2ln"}"#;
const SECOND: &str = r#"{"functionCall":{"name":"now","args":{}}}"#;
const SIGNED: &str = r#"{"text":"","thoughtSignature":"ZW5k"}"#;

fn answer() -> Message {
    let parts = vec![
        Part::Reasoning(ReasoningPart::new("Hm.")),
        Part::Text(TextPart::new("Yes.", Provenance::Model)),
        Part::ToolCall(
            ToolCallPart::new("call_0123456789abcdef_0", "add", "{\"a\": 1}").with_native(json(FIRST)),
        ),
        Part::ToolCall(ToolCallPart::new("call_0123456789abcdef_1", "now", "{}").with_native(json(SECOND))),
        Part::Opaque(OpaquePart::new(Native::new(json(SIGNED)))),
    ];
    Message::new(Role::Assistant, parts)
}

#[test]
fn signatures_go_back_to_the_model_that_signed_and_to_no_other() {
    let own = parts(answer().with_origin(origin()));
    assert_eq!(own, format!(r#"{{"text":"Yes."}},{FIRST},{SECOND},{SIGNED}"#));
    let foreign = concat!(
        r#"{"text":"Yes."},"#,
        r#"{"functionCall":{"name":"add","args":{"a": 1}},"thoughtSignature":"skip_thought_signature_validator"},"#,
        r#"{"functionCall":{"name":"now","args":{}}}"#
    );
    for other in [
        Origin::new("gemini", "gemini-generate-content", "gemini-4"),
        Origin::new("gemini-vertex", "gemini-generate-content", "gemini-3"),
        Origin::new("anthropic", "anthropic-messages", "claude"),
    ] {
        assert_eq!(parts(answer().with_origin(other)), foreign);
    }
}

#[test]
fn results_match_their_calls() {
    let result = |id: &str, output: &str, status| {
        Part::ToolResult(ToolResultPart::new(id.into(), "add", json(output), status, Provenance::User))
    };
    let results = vec![
        result("call_0123456789abcdef_0", "3", ToolOutcome::Completed),
        result("toolu_1", r#"{"sum": 3}"#, ToolOutcome::Completed),
        result("fc-1", "\"no\"", ToolOutcome::Failed),
    ];
    let expected = concat!(
        r#"{"functionResponse":{"name":"add","response":{"result":3}}},"#,
        r#"{"functionResponse":{"id":"toolu_1","name":"add","response":{"sum": 3}}},"#,
        r#"{"functionResponse":{"id":"fc-1","name":"add","response":{"error":"no"}}}"#
    );
    assert_eq!(parts(Message::new(Role::Tool, results)), expected);
}

#[test]
fn media_and_texts() {
    let message = Message::new(
        Role::User,
        vec![
            Part::text("See.", Provenance::User),
            Part::Media(MediaPart::new("image/png", MediaSource::Base64("AA==".into()))),
            Part::Media(MediaPart::new("application/pdf", MediaSource::Url("https://example.com/a".into()))),
        ],
    );
    let expected = concat!(
        r#"{"text":"See."},{"inlineData":{"mimeType":"image/png","data":"AA=="}},"#,
        r#"{"fileData":{"mimeType":"application/pdf","fileUri":"https://example.com/a"}}"#
    );
    assert_eq!(parts(message), expected);
    assert_eq!(parts(Message::user("")), "");
}

#[test]
fn where_a_long_answer_goes_on() {
    let item = json(r#"{"continuationToken":"tok"}"#);
    let paused = Message::new(
        Role::Assistant,
        vec![Part::text("One, ", Provenance::Model), Part::Opaque(OpaquePart::new(Native::new(item)))],
    );
    let entry = Entry::new(paused.with_origin(origin()));
    assert_eq!(continuation(&entry, &origin()), Some("\"tok\""));
    assert_eq!(&encoded(&entry, &origin()).parts[..], br#"{"text":"One, "}"#);
    let other = Origin::new("gemini", "gemini-generate-content", "gemini-4");
    assert_eq!(continuation(&entry, &other), None);
}
