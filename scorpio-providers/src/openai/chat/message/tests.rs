use scorpio_core::{
    DataPart, Json, Provenance, ReasoningPart, ToolCallId, ToolOutcome, ToolResultPart,
    model::{ModelRequest, Transcript},
};

use super::*;

fn json(message: Message) -> String {
    let entry = Entry::new(message);
    String::from_utf8(encoded(&entry, InstructionsRole::System).to_vec()).unwrap()
}

fn assistant(parts: Vec<Part>) -> String {
    json(Message::new(Role::Assistant, parts))
}

fn text(text: &str) -> Part {
    Part::text(text, Provenance::Model)
}

fn call(arguments: &str) -> Part {
    Part::ToolCall(ToolCallPart::new("call_1", "add", arguments))
}

#[test]
fn a_text_of_the_user_is_a_string() {
    assert_eq!(json(Message::user("Say \"hi\"\n🦂")), r#"{"role":"user","content":"Say \"hi\"\n🦂"}"#);
}

#[test]
fn media_are_parts() {
    let parts = vec![
        Part::text("Look", Provenance::User),
        Part::Media(MediaPart::new("image/png", MediaSource::Base64("iVBO".into()))),
        Part::Media(MediaPart::new("image/jpeg", MediaSource::Url("https://example.com/a.jpg".into()))),
        Part::Media(
            MediaPart::new("application/pdf", MediaSource::Base64("JVBE".into())).with_filename("a.pdf"),
        ),
        Part::Media(MediaPart::new("text/csv", MediaSource::Base64("YSxi".into()))),
        Part::Media(MediaPart::new("audio/mpeg", MediaSource::Base64("SUQz".into()))),
        Part::Media(
            MediaPart::new("application/pdf", MediaSource::Url("https://example.com/b.pdf".into()))
                .with_filename("b"),
        ),
        Part::Data(serde_json::from_str::<DataPart>(r#"{"name":"x","data":1}"#).unwrap()),
    ];
    let expected = concat!(
        r#"{"role":"user","content":[{"type":"text","text":"Look"},"#,
        r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}},"#,
        r#"{"type":"image_url","image_url":{"url":"https://example.com/a.jpg"}},"#,
        r#"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}},"#,
        r#"{"type":"file","file":{"filename":"document","file_data":"data:text/csv;base64,YSxi"}},"#,
        r#"{"type":"input_audio","input_audio":{"data":"SUQz","format":"mp3"}},"#,
        r#"{"type":"text","text":"[application/pdf b: https://example.com/b.pdf]"}]}"#,
    );
    assert_eq!(json(Message::new(Role::User, parts)), expected);
}

#[test]
fn a_message_of_the_user_without_anything_to_send_is_empty() {
    assert_eq!(json(Message::new(Role::User, vec![])), r#"{"role":"user","content":""}"#);
}

#[test]
fn an_answer_holds_text_and_calls_but_no_reasoning() {
    let parts = vec![
        Part::Reasoning(ReasoningPart::new("Hm.")),
        text("Let me add."),
        call(r#"{"a": 1}"#),
        text("Done."),
    ];
    let expected = concat!(
        r#"{"role":"assistant","content":"Let me add.\n\nDone.","tool_calls":[{"id":"call_1","type":"function","#,
        r#""function":{"name":"add","arguments":"{\"a\": 1}"}}]}"#,
    );
    assert_eq!(assistant(parts), expected);
}

#[test]
fn calls_alone_have_null_content_and_nothing_alone_is_left_out() {
    let expected = concat!(
        r#"{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","#,
        r#""function":{"name":"add","arguments":"{}"}}]}"#,
    );
    assert_eq!(assistant(vec![call("")]), expected);
    assert_eq!(assistant(vec![Part::Reasoning(ReasoningPart::new("Hm.")), text("")]), "");
    let transcript = [Message::user("a"), Message::new(Role::Assistant, vec![]), Message::user("b")];
    let request = ModelRequest::new("m", Transcript::from_iter(transcript));
    let dialect = crate::openai::Dialect {
        is_openai: false,
        instructions_role: None,
        reasoning_summaries: false,
        legacy_max_tokens: false,
    };
    let body = String::from_utf8(crate::openai::chat::encode(&request, dialect).unwrap()).unwrap();
    assert!(
        body.contains(r#""messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]"#),
        "{body}"
    );
}

#[test]
fn a_broken_answer_is_sent_as_the_text_that_there_is() {
    let message = Message::assistant("Half of a").with_status(scorpio_core::MessageStatus::Failed);
    assert_eq!(json(message), r#"{"role":"assistant","content":"Half of a"}"#);
}

#[test]
fn arguments_that_are_no_object_are_wrapped_in_one() {
    for (arguments, sent) in [
        ("{\"a\":", r#"{\"invalid_arguments\":\"{\\\"a\\\":\"}"#),
        ("[1]", r#"{\"invalid_arguments\":\"[1]\"}"#),
        (" {\"a\":1} ", r#" {\"a\":1} "#),
        ("  ", "{}"),
    ] {
        let json = assistant(vec![call(arguments)]);
        assert!(json.contains(&format!(r#""arguments":"{sent}""#)), "{arguments}: {json}");
    }
}

#[test]
fn every_result_is_a_message() {
    let result = |id: &str, output: Json, status| {
        let tool = Provenance::Tool { name: "add".into(), trust: scorpio_core::Trust::Untrusted };
        Part::ToolResult(ToolResultPart::new(ToolCallId::from(id), "add", output, status, tool))
    };
    let parts = vec![
        result("call_1", Json::string("plain \"text\""), ToolOutcome::Completed),
        result("call_2", Json::parse(r#"{"sum": 42}"#).unwrap(), ToolOutcome::Failed),
    ];
    let expected = concat!(
        r#"{"role":"tool","tool_call_id":"call_1","content":"plain \"text\""},"#,
        r#"{"role":"tool","tool_call_id":"call_2","content":"{\"sum\": 42}"}"#,
    );
    assert_eq!(json(Message::new(Role::Tool, parts)), expected);
}

#[test]
fn instructions_in_the_history_keep_to_the_role_of_the_others() {
    let entry = Entry::new(Message::new(Role::System, vec![Part::text("Be brief.", Provenance::System)]));
    let text = |role| String::from_utf8(encoded(&entry, role).to_vec()).unwrap();
    assert_eq!(text(InstructionsRole::System), r#"{"role":"system","content":"Be brief."}"#);
    assert_eq!(text(InstructionsRole::Developer), r#"{"role":"developer","content":"Be brief."}"#);
}

#[test]
fn a_message_is_written_once() {
    let entry = Entry::new(Message::user("Hello."));
    let (first, second) =
        (encoded(&entry, InstructionsRole::System), encoded(&entry, InstructionsRole::System));
    assert_eq!(first.as_ptr(), second.as_ptr());
}
