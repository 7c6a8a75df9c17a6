//! What a client begins with.

use serde_json::{Value, json};

use super::*;
use crate::{
    DataPart, Json, MediaPart, MediaSource, MessageStatus, Provenance, ReasoningPart, Role, SourcePart,
    model::{FinishReason, ModelError, ModelErrorKind, ScriptedTurn},
    ui,
};

fn echo() -> SharedTool {
    tool("echo", |_| async { Ok("heard".to_owned()) })
}

/// Without what differs from run to run.
fn plain(mut shown: Value) -> Value {
    for message in shown.as_array_mut().unwrap() {
        let message = message.as_object_mut().unwrap();
        assert!(message.remove("id").is_some_and(|id| id.is_string()));
        let created = message["metadata"].as_object_mut().unwrap().remove("createdAt").unwrap();
        assert!(created.as_str().unwrap().parse::<Timestamp>().is_ok());
    }
    shown
}

fn show(messages: impl IntoIterator<Item = Message>) -> Value {
    let stored: Vec<_> =
        (1..).zip(messages).map(|(seq, message)| StoredMessage::new(seq, seq - 1, message)).collect();
    plain(serde_json::to_value(ui::messages(&stored)).unwrap())
}

fn user(text: &str) -> Value {
    json!({"role": "user", "metadata": {"status": "complete"}, "parts": [{"type": "text", "text": text, "state": "done"}]})
}

#[tokio::test]
async fn all_turns_of_a_run_are_one_message() {
    let first =
        ScriptedTurn::new().reasoning("Hm.").text("Let me see.").tool_call("a", "echo", r#"{"n": 1}"#);
    let second = ScriptedTurn::new().tool_call("b", "fails", "");
    let fails = tool("fails", |_| async { Err(ToolError::new("No.")) });
    let rig = Rig::new(Scripted::new().turn(first).turn(second).text("Well."), [echo(), fails]);
    let frames = rig.frames("Go.").await;
    rig.frames("And?").await;
    let shown = rig.shown().await;
    let expected = json!([
        user("Go."),
        {"role": "assistant", "metadata": {"status": "complete"}, "parts": [
            {"type": "step-start"},
            {"type": "reasoning", "text": "Hm.", "state": "done"},
            {"type": "text", "text": "Let me see.", "state": "done"},
            {"type": "dynamic-tool", "toolCallId": "a", "toolName": "echo", "state": "output-available",
                "input": {"n": 1}, "output": "heard"},
            {"type": "step-start"},
            {"type": "dynamic-tool", "toolCallId": "b", "toolName": "fails", "state": "output-error",
                "input": {}, "errorText": "No."},
            {"type": "step-start"},
            {"type": "text", "text": "Well.", "state": "done"},
        ]},
        user("And?"),
    ]);
    assert_eq!(plain(shown), expected, "the last run failed: its script was over");
    assert!(frames[0].contains("messageId"));
}

#[tokio::test]
async fn the_message_has_the_id_that_was_streamed() {
    let call = ScriptedTurn::new().tool_call("a", "echo", "{}");
    let rig = Rig::new(Scripted::new().turn(call).text("Well."), [echo()]);
    let mut streamed = None;
    let mut run = rig.begin("Go.");
    while let Some(event) = run.next().await {
        if let EventKind::RunStarted(start) = &event.kind {
            streamed = Some(start.message_id.clone());
        }
    }
    assert_eq!(rig.shown().await[1]["id"], json!(streamed));
}

#[tokio::test]
async fn a_message_that_joined_the_run_stands_where_it_joined() {
    let call = ScriptedTurn::new().tool_call("a", "echo", "{}");
    let rig = Rig::new(Scripted::new().turn(call).text("Blue, then."), [echo()]);
    let mut run = rig.begin("Paint it red.");
    let handle = run.handle();
    while let Some(event) = run.next().await {
        if let EventKind::ToolStarted(_) = event.kind {
            assert!(handle.steer("No, blue."));
        }
    }
    let expected = json!([
        user("Paint it red."),
        {"role": "assistant", "metadata": {}, "parts": [
            {"type": "step-start"},
            {"type": "dynamic-tool", "toolCallId": "a", "toolName": "echo", "state": "output-available",
                "input": {}, "output": "heard"},
        ]},
        user("No, blue."),
        {"role": "assistant", "metadata": {"status": "complete"}, "parts": [
            {"type": "step-start"},
            {"type": "text", "text": "Blue, then.", "state": "done"},
        ]},
    ]);
    assert_eq!(plain(rig.shown().await), expected);
}

#[tokio::test]
async fn a_failed_answer_is_kept_and_marked() {
    let broken = ModelError::new(ModelErrorKind::Overloaded, "broken");
    let half = ScriptedTurn::new().text("Half an ans").tool_call("a", "echo", "{}").error(broken);
    let rig = Rig::new(Scripted::new().turn(half), [echo()]);
    rig.frames("Go.").await;
    let expected = json!([
        user("Go."),
        {"role": "assistant", "metadata": {"status": "failed"}, "parts": [
            {"type": "step-start"},
            {"type": "text", "text": "Half an ans", "state": "done"},
        ]},
    ]);
    assert_eq!(plain(rig.shown().await), expected);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_answer_is_kept_and_marked() {
    let slow = ScriptedTurn::new().paced(Duration::from_millis(50)).text("one two three");
    let rig = Rig::new(Scripted::new().turn(slow), []);
    let mut run = rig.begin("Count.");
    let handle = run.handle();
    while let Some(event) = run.next().await {
        if let EventKind::PartDelta(_) = event.kind {
            handle.cancel();
        }
    }
    let shown = rig.shown().await;
    assert_eq!(shown[1]["metadata"]["status"], "stopped");
    assert_eq!(shown[1]["parts"][1]["text"], "one ");
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_without_a_status_until_it_is_over() {
    let call = || ScriptedTurn::new().tool_call("a", "echo", "{}");
    let wait = ScriptedTurn::new().delay(Duration::from_secs(60)).text("Well.");
    let rig = Rig::new(Scripted::new().turn(call()).turn(wait), [echo()]);
    let mut run = rig.begin("Go.");
    let status = async || rig.shown().await[1]["metadata"].get("status").cloned();
    let mut seen = Vec::new();
    while let Some(event) = run.next().await {
        if matches!(
            event.kind,
            EventKind::ToolStarted(_) | EventKind::ToolFinished(_) | EventKind::RunFinished(_)
        ) {
            seen.push(status().await);
        }
    }
    assert_eq!(seen, [None, None, Some(json!("complete"))]);
}

#[tokio::test]
async fn a_call_that_the_output_limit_cut_ends_the_answer() {
    let cut = ScriptedTurn::new().tool_call("a", "echo", r#"{"n": "#).finish(FinishReason::Length);
    let rig = Rig::new(Scripted::new().turn(cut), [echo()]);
    rig.frames("Go.").await;
    let shown = rig.shown().await;
    assert_eq!(shown[1]["metadata"]["status"], "complete");
    assert_eq!(shown[1]["parts"][1]["state"], "output-error");
    assert_eq!(shown[1]["parts"][1]["input"], r#"{"n":"#);
}

#[tokio::test]
async fn an_answer_that_was_dropped_is_kept_and_marked() {
    let script = Scripted::new().turn(ScriptedTurn::new().tool_call("a", "hangs", "{}")).text("Still here.");
    let rig = Rig::new(script, [tool("hangs", |_| std::future::pending())]);
    let mut run = rig.begin("Go.");
    while !matches!(run.next().await.unwrap().kind, EventKind::ToolStarted(_)) {}
    drop(run);
    // The next run waits until the one before is settled.
    rig.frames("And?").await;
    let shown = rig.shown().await;
    assert_eq!(shown[1]["metadata"]["status"], "interrupted");
    let text = "Interrupted while it ran. It is not known whether it took effect.";
    assert_eq!(shown[1]["parts"][1]["errorText"], text);
}

#[test]
fn answers_of_two_runs_stay_apart() {
    let (one, two) = (RunId::new(), RunId::new());
    let shown = show([
        Message::assistant("One.").with_run(one),
        Message::assistant("Two.").with_run(two),
        Message::assistant("Still two.").with_run(two),
    ]);
    let steps: Vec<usize> =
        shown.as_array().unwrap().iter().map(|m| m["parts"].as_array().unwrap().len()).collect();
    assert_eq!(steps, [2, 4]);
}

#[test]
fn every_part_that_can_be_shown_is() {
    let source = SourcePart { id: "s1".to_owned(), url: "https://example.com/".to_owned(), title: None };
    let media = MediaPart::new("image/png", MediaSource::Base64("iVBO".to_owned())).with_filename("a.png");
    let data = DataPart { name: "chart".to_owned(), id: Some("1".to_owned()), data: Json::string("up") };
    let parts = vec![
        Part::text("", Provenance::Model),
        Part::Reasoning(ReasoningPart::new("")),
        Part::Source(source),
        Part::Media(media),
        Part::Data(data),
        Part::Unknown(Json::parse(r#"{"type":"hologram"}"#).unwrap()),
    ];
    let shown = show([Message::new(Role::Assistant, parts).with_status(MessageStatus::Complete)]);
    let expected = json!([
        {"type": "step-start"},
        {"type": "source-url", "sourceId": "s1", "url": "https://example.com/"},
        {"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,iVBO", "filename": "a.png"},
        {"type": "data-chart", "id": "1", "data": "up"},
    ]);
    assert_eq!(shown[0]["parts"], expected);
}

/// Clients validate a history as a whole and refuse messages without parts.
#[test]
fn messages_without_parts_are_left_out() {
    let of_a_tool = Message::new(Role::Tool, Vec::new());
    let unknown =
        Message::new(Role::User, vec![Part::Unknown(Json::parse(r#"{"type":"hologram"}"#).unwrap())]);
    assert_eq!(show([of_a_tool, unknown]), json!([]));
}

#[test]
fn a_message_tells_its_model_and_takes_more_metadata() {
    use crate::{Origin, RunId};
    let run = RunId::new();
    let origin = |model: &str| Origin::new("openai", "openai-chat", model);
    let call = Message::assistant("Let me see.").with_run(run).with_origin(origin("large"));
    let answer = Message::assistant("Well.").with_run(run).with_origin(origin("small"));
    let stored: Vec<_> =
        (1..).zip([call, answer]).map(|(seq, one)| StoredMessage::new(seq, seq - 1, one)).collect();
    let mut shown = ui::messages(&stored);
    assert_eq!(shown.len(), 1);
    assert_eq!((shown[0].run, shown[0].origin.clone()), (Some(run), Some(origin("small"))));
    shown[0].set_metadata("model", Json::parse(r#"{"id":"deep"}"#).unwrap());
    let shown = plain(serde_json::to_value(shown).unwrap());
    assert_eq!(shown[0]["metadata"], json!({"status": "complete", "model": {"id": "deep"}}));
}
