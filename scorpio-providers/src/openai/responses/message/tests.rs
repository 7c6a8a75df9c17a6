#![allow(clippy::unwrap_used)]

use scorpio_core::{Json, OpaquePart, Provenance, ReasoningPart, TextPart, ToolOutcome, ToolResultPart};

use super::*;

fn origin() -> Origin {
    Origin::new("openai", "openai-responses", "gpt-5")
}

fn items(message: Message) -> String {
    String::from_utf8(encoded(&Entry::new(message), &origin()).to_vec()).unwrap()
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

const THOUGHT: &str = r#"{"id":"rs_1","type":"reasoning","encrypted_content":"gA","summary":[]}"#;
const SAID: &str = r#"{"id":"msg_1","type":"message","content":[{"type":"output_text","text":"Yes."}]}"#;
const CALLED: &str = r#"{"id":"fc_1","type":"function_call","call_id":"c","name":"add","arguments":"{}"}"#;
const HOSTED: &str = r#"{"id":"ws_1","type":"web_search_call"}"#;

fn answer(thought: &str) -> Message {
    let parts = vec![
        Part::Reasoning(ReasoningPart::new("Hm.").with_native(json(thought))),
        Part::Opaque(OpaquePart::new(Native::new(json(HOSTED)))),
        Part::Text(TextPart::new("Yes.", Provenance::Model).with_native(json(SAID))),
        Part::ToolCall(ToolCallPart::new("c", "add", "{}").with_native(json(CALLED))),
    ];
    Message::new(Role::Assistant, parts)
}

const REBUILT: &str = concat!(
    r#"{"role":"assistant","content":"Yes."},"#,
    r#"{"type":"function_call","call_id":"c","name":"add","arguments":"{}"}"#
);

#[test]
fn everything_goes_back_to_the_model_that_made_it_and_to_no_other() {
    let whole = format!("{THOUGHT},{HOSTED},{SAID},{CALLED}");
    assert_eq!(items(answer(THOUGHT).with_origin(origin())), whole);
    for other in [
        Origin::new("openai", "openai-responses", "gpt-6"),
        Origin::new("azure", "openai-responses", "gpt-5"),
        Origin::new("openai", "openai-chat", "gpt-5"),
    ] {
        assert_eq!(items(answer(THOUGHT).with_origin(other)), REBUILT);
    }
    assert_eq!(items(answer(THOUGHT)), REBUILT);
}

#[test]
fn reasoning_that_is_not_encrypted_cannot_go_back_and_nothing_that_belongs_to_it() {
    for thought in [
        r#"{"id":"rs_1","type":"reasoning","summary":[]}"#,
        r#"{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":null}"#,
    ] {
        assert_eq!(items(answer(thought).with_origin(origin())), REBUILT);
    }
}

#[test]
fn reasoning_that_nothing_follows_is_left_out() {
    let parts = vec![
        Part::Text(TextPart::new("Yes.", Provenance::Model).with_native(json(SAID))),
        Part::Reasoning(ReasoningPart::new("Hm.").with_native(json(THOUGHT))),
    ];
    assert_eq!(items(Message::new(Role::Assistant, parts).with_origin(origin())), SAID);
}

#[test]
fn results_and_users() {
    let result = ToolResultPart::new("c".into(), "add", json("3"), ToolOutcome::Completed, Provenance::User);
    let results = Message::new(Role::Tool, vec![Part::ToolResult(result)]);
    assert_eq!(items(results), r#"{"type":"function_call_output","call_id":"c","output":"3"}"#);
    assert_eq!(items(Message::user("Hi")), r#"{"role":"user","content":"Hi"}"#);
    let image = MediaPart::new("image/png", MediaSource::Base64("AA==".into()));
    let file = MediaPart::new("application/pdf", MediaSource::Base64("AA==".into()));
    let link = MediaPart::new("application/pdf", MediaSource::Url("https://example.com/a.pdf".into()));
    let parts =
        vec![Part::text("See.", Provenance::User), Part::Media(image), Part::Media(file), Part::Media(link)];
    let expected = concat!(
        r#"{"role":"user","content":[{"type":"input_text","text":"See."},"#,
        r#"{"type":"input_image","image_url":"data:image/png;base64,AA==","detail":"auto"},"#,
        r#"{"type":"input_file","filename":"document","file_data":"data:application/pdf;base64,AA=="},"#,
        r#"{"type":"input_file","file_url":"https://example.com/a.pdf"}]}"#
    );
    assert_eq!(items(Message::new(Role::User, parts)), expected);
}
