//! Tool calls: their input as it is written, their answers, and calls that never get one.

use super::*;
use crate::{
    Json, Provenance, ToolFinished, ToolOutcome, ToolResultPart,
    model::{FinishReason, ModelError, ModelErrorKind, ScriptedTurn},
};

fn echo() -> SharedTool {
    tool("echo", |_| async { Ok("heard".to_owned()) })
}

fn answered(id: &str, status: ToolOutcome, duration_ms: u64) -> EventKind {
    let result = ToolResultPart::new(id.into(), "echo", Json::string("heard"), status, Provenance::System);
    EventKind::ToolFinished(ToolFinished { result, duration_ms })
}

#[tokio::test]
async fn a_call_and_its_answer() {
    let call = ScriptedTurn::new().tool_call("call_1", "echo", r#"{"a": 1.0}"#);
    let rig = Rig::new(Scripted::new().turn(call).text("Done."), [echo()]);
    let expected = [
        r#"{"type":"start-step"}"#,
        r#"{"type":"tool-input-start","toolCallId":"call_1","toolName":"echo","dynamic":true}"#,
        r#"{"type":"tool-input-delta","toolCallId":"call_1","inputTextDelta":"{\"a\": 1.0}"}"#,
        r#"{"type":"tool-input-available","toolCallId":"call_1","toolName":"echo","input":{"a": 1.0},"dynamic":true}"#,
        r#"{"type":"tool-output-available","toolCallId":"call_1","output":"heard","dynamic":true}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"start-step"}"#,
        r#"{"type":"text-start","id":"2-0"}"#,
        r#"{"type":"text-delta","id":"2-0","delta":"Done."}"#,
        r#"{"type":"text-end","id":"2-0"}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"finish","finishReason":"stop"}"#,
    ];
    assert_eq!(rig.frames("Go.").await, whole(expected));
}

#[tokio::test]
async fn ids_that_models_use_again_are_told_apart() {
    let call = || ScriptedTurn::new().tool_call("call_1", "echo", "{}");
    let rig = Rig::new(Scripted::new().turn(call()).turn(call()).turn(call()).text("Done."), [echo()]);
    let frames = rig.frames("Go.").await;
    let of_kind = |kind: &str| -> Vec<String> {
        let chunks = frames.iter().filter_map(|frame| serde_json::from_str::<serde_json::Value>(frame).ok());
        let chunks = chunks.filter(|chunk| chunk["type"] == kind);
        chunks.map(|chunk| chunk["toolCallId"].as_str().unwrap().to_owned()).collect()
    };
    let expected = ["call_1", "call_1#2", "call_1#3"];
    for kind in ["tool-input-start", "tool-input-delta", "tool-input-available", "tool-output-available"] {
        assert_eq!(of_kind(kind), expected, "{kind}");
    }
    let shown = rig.shown().await;
    let parts = shown[1]["parts"].as_array().unwrap().iter().filter(|part| part["type"] == "dynamic-tool");
    let ids: Vec<&str> = parts.map(|part| part["toolCallId"].as_str().unwrap()).collect();
    assert_eq!(ids, expected);
}

/// The engine renames the second of them, and it must do so before anybody hears of the call.
#[tokio::test]
async fn two_calls_of_one_id_in_one_answer() {
    let calls = ScriptedTurn::new().tool_call("same", "echo", "{}").tool_call("same", "fails", "{}");
    let fails = tool("fails", |_| async { Err(ToolError::new("No.")) });
    let rig = Rig::new(Scripted::new().turn(calls).text("Done."), [echo(), fails]);
    let frames = rig.frames("Go.").await;
    for expected in [
        r#"{"type":"tool-input-available","toolCallId":"same","toolName":"echo","input":{},"dynamic":true}"#,
        r#"{"type":"tool-input-available","toolCallId":"same-2","toolName":"fails","input":{},"dynamic":true}"#,
        r#"{"type":"tool-output-available","toolCallId":"same","output":"heard","dynamic":true}"#,
        r#"{"type":"tool-output-error","toolCallId":"same-2","errorText":"No.","dynamic":true}"#,
    ] {
        assert!(frames.iter().any(|frame| frame == expected), "{expected} is not in {frames:#?}");
    }
}

#[test]
fn an_answer_tells_how_long_it_took() {
    let kinds = [
        (1, part(1, 0, call("a"))),
        (1, finished(1, 0, called("a"))),
        (1, part(1, 1, call("b"))),
        (1, finished(1, 1, called("b"))),
        (1, answered("b", ToolOutcome::Failed, 12)),
        (1, answered("a", ToolOutcome::Completed, 1_234)),
    ];
    let (mut encoder, mut body) = (UiStream::new(), String::new());
    for (seq, (at, kind)) in (1..).zip(kinds) {
        encoder.encode(&event(seq, at, kind), &mut body);
    }
    let metadata = |ms: u64| format!(r#""providerMetadata":{{"scorpio":{{"durationMs":{ms}}}}}"#);
    let failed = r#"{"type":"tool-output-error","toolCallId":"b","errorText":"heard","dynamic":true,"#;
    let completed = r#"{"type":"tool-output-available","toolCallId":"a","output":"heard","dynamic":true,"#;
    let expected = [format!("{failed}{}}}", metadata(12)), format!("{completed}{}}}", metadata(1_234))];
    assert_eq!(data(&body)[4..], expected);
}

/// One answer that a client cannot place ends the whole stream for it.
#[test]
fn answers_to_unknown_calls_are_not_sent() {
    let kinds = [
        answered("never", ToolOutcome::Completed, 0),
        part(1, 0, call("a")),
        finished(1, 0, called("a")),
        answered("a", ToolOutcome::Completed, 0),
        answered("a", ToolOutcome::Completed, 0),
    ];
    let sent = frames(kinds);
    assert_eq!(sent.len(), 3, "{sent:#?}");
}

const CUT: &str = "The answer ended before the call was whole; the tool was not run.";
const UNANSWERED: &str = "The answer ended before the tool had answered.";

#[tokio::test]
async fn a_call_that_breaks_off_is_closed() {
    let broken = || ScriptedTurn::new().text("Wait.").tool_call("call_1", "echo", "{\"a\":");
    let overloaded = ModelError::new(ModelErrorKind::Overloaded, "secret host 10.0.0.7");
    let half = broken().cut();
    let whole_call = broken().error(overloaded);
    let closed_half = format!(
        r#"{{"type":"tool-input-error","toolCallId":"call_1","toolName":"echo","input":null,"errorText":"{CUT}","dynamic":true}}"#
    );
    let closed_whole = format!(
        r#"{{"type":"tool-output-error","toolCallId":"call_1","errorText":"{UNANSWERED}","dynamic":true}}"#
    );
    for (turn, closed) in [(half, closed_half), (whole_call, closed_whole)] {
        let rig = Rig::new(Scripted::new().turn(turn), [echo()]);
        let frames = rig.frames("Go.").await;
        let [.., before, step, error, done] = frames.as_slice() else { panic!("{frames:#?}") };
        assert_eq!(*before, closed);
        assert_eq!(step, r#"{"type":"finish-step"}"#);
        assert!(
            error.starts_with(r#"{"type":"error","errorText":"#) && !error.contains("10.0.0.7"),
            "{error}"
        );
        assert_eq!(done, "[DONE]");
    }
}

#[tokio::test]
async fn a_call_beyond_the_output_limit_is_told_as_not_run() {
    let cut = ScriptedTurn::new().tool_call("call_1", "echo", r#"{"a": "b"#).finish(FinishReason::Length);
    let rig = Rig::new(Scripted::new().turn(cut), [echo()]);
    let text = "Not run: the answer ended before the tool was started.";
    let error = format!(
        r#"{{"type":"tool-output-error","toolCallId":"call_1","errorText":"{text}","dynamic":true}}"#
    );
    let expected = [
        r#"{"type":"start-step"}"#,
        r#"{"type":"tool-input-start","toolCallId":"call_1","toolName":"echo","dynamic":true}"#,
        r#"{"type":"tool-input-delta","toolCallId":"call_1","inputTextDelta":"{\"a\": \"b"}"#,
        r#"{"type":"tool-input-available","toolCallId":"call_1","toolName":"echo","input":"{\"a\": \"b","dynamic":true}"#,
        &error,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"finish","finishReason":"length"}"#,
    ];
    assert_eq!(rig.frames("Go.").await, whole(expected));
}

#[tokio::test]
async fn data_of_a_running_tool_stands_between_call_and_answer() {
    let talks = |cx: ToolContext| async move {
        cx.progress(Json::string("half way"));
        cx.emit_data("chart", None, Json::string("up"));
        Ok("said".to_owned())
    };
    let call = ScriptedTurn::new().tool_call("call_1", "talks", "");
    let rig = Rig::new(Scripted::new().turn(call).text("Done."), [tool("talks", talks)]);
    let expected = [
        r#"{"type":"tool-input-available","toolCallId":"call_1","toolName":"talks","input":{},"dynamic":true}"#,
        r#"{"type":"data-chart","data":"up","transient":true}"#,
        r#"{"type":"tool-output-available","toolCallId":"call_1","output":"said","dynamic":true}"#,
    ];
    assert_eq!(rig.frames("Go.").await[3..6], expected);
}

/// The process that ran the tool is gone: nobody will answer.
#[test]
fn calls_of_a_process_that_died_are_closed() {
    let kinds = [
        started(),
        turn(1),
        part(1, 0, call("a")),
        finished(1, 0, called("a")),
        part(1, 1, call("b")),
        over(RunEnd::Interrupted),
    ];
    let frames = frames(kinds);
    let of_b = r#"{"type":"tool-input-error","toolCallId":"b","toolName":"echo","input":null,"errorText":""#;
    assert!(frames[5].starts_with(of_b), "{}", frames[5]);
    assert!(
        frames[6].starts_with(r#"{"type":"tool-output-error","toolCallId":"a","errorText":""#),
        "{}",
        frames[6]
    );
    assert_eq!(frames[7], r#"{"type":"finish-step"}"#);
}
