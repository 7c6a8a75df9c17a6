//! Runs that wait for somebody, go on, and are taken up by another process.

use serde_json::{Value, json};

use super::*;
use crate::{
    Decision, Json, RunId, RunPaused, RunResumed, StopReason, ToolOutcome, ToolResultPart, ToolStarted,
    WaitingForStore,
    model::{FinishReason, ScriptedTurn},
    store::ToolExecution,
    ui,
};

fn echo() -> SharedTool {
    tool("echo", |_| async { Ok("heard".to_owned()) })
}

fn asking() -> Rig {
    let call = ScriptedTurn::new().tool_call("call_1", "echo", r#"{"a": 1}"#);
    Rig::asking(Scripted::new().turn(call).text("Done."), [echo()], Approve::tools(["echo"]))
}

async fn kinds(stream: RunStream) -> Vec<EventKind> {
    stream.map(|event| event.kind.clone()).collect().await
}

/// The call that somebody is asked about.
async fn pending(rig: &Rig) -> ToolExecution {
    let record = rig.store.live_run(&OwnerId::local(), &rig.session).await.unwrap().unwrap();
    record.machine.executions()[0].clone()
}

async fn decide(rig: &Rig, run: RunId, decision: Decision) -> Vec<EventKind> {
    kinds(rig.agent.resume(run).decide("call_1", decision).stream()).await
}

const START: &str = r#"{"type":"start","messageId":"M"}"#;
const LAST_STEP: [&str; 6] = [
    r#"{"type":"start-step"}"#,
    r#"{"type":"text-start","id":"2-0"}"#,
    r#"{"type":"text-delta","id":"2-0","delta":"Done."}"#,
    r#"{"type":"text-end","id":"2-0"}"#,
    r#"{"type":"finish-step"}"#,
    r#"{"type":"finish","finishReason":"stop"}"#,
];

#[tokio::test]
async fn a_paused_run_ends_its_stream_and_goes_on_in_another() {
    let rig = asking();
    let mut all = kinds(rig.begin("Go.")).await;
    let call = pending(&rig).await;
    let asked = format!(
        r#"{{"type":"tool-approval-request","approvalId":"{}","toolCallId":"call_1"}}"#,
        call.approval.as_ref().unwrap().id
    );
    let first = [
        r#"{"type":"start-step"}"#,
        r#"{"type":"tool-input-start","toolCallId":"call_1","toolName":"echo","dynamic":true}"#,
        r#"{"type":"tool-input-delta","toolCallId":"call_1","inputTextDelta":"{\"a\": 1}"}"#,
        r#"{"type":"tool-input-available","toolCallId":"call_1","toolName":"echo","input":{"a": 1},"dynamic":true}"#,
        &asked,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"finish","finishReason":"tool-calls"}"#,
    ];
    let first = whole(first);
    assert_eq!(frames(all.clone()), first);
    let shown = rig.shown().await;
    assert_eq!(shown[1]["metadata"].get("status"), None, "it is not over");

    all.extend(decide(&rig, call.run, Decision::approve()).await);
    let answered =
        r#"{"type":"tool-output-available","toolCallId":"call_1","output":"heard","dynamic":true}"#;
    let second = whole([answered].into_iter().chain(LAST_STEP));
    assert_eq!(frames(all), [first, second].concat());
}

#[tokio::test]
async fn a_denied_call_says_so_and_nothing_more() {
    let rig = asking();
    let mut all = kinds(rig.begin("Go.")).await;
    let before = frames(all.clone()).len();
    let call = pending(&rig).await;
    all.extend(decide(&rig, call.run, Decision::deny("too loud")).await);
    let denied = r#"{"type":"tool-output-denied","toolCallId":"call_1"}"#;
    assert_eq!(frames(all)[before..], whole([denied].into_iter().chain(LAST_STEP)));
    let part = &rig.shown().await[1]["parts"][1];
    let text = "Not run: the user did not allow it (too loud).";
    assert_eq!(part["state"], "output-denied");
    assert_eq!(part["approval"], json!({"id": "call_1", "approved": false, "reason": text}));
}

#[tokio::test]
async fn other_arguments_are_shown_before_the_answer() {
    let rig = asking();
    let mut all = kinds(rig.begin("Go.")).await;
    let before = frames(all.clone()).len();
    let call = pending(&rig).await;
    let decision = Decision::approve_with(Json::parse(r#"{"a": 2}"#).unwrap());
    all.extend(decide(&rig, call.run, decision).await);
    let changed = r#"{"type":"tool-input-available","toolCallId":"call_1","toolName":"echo","input":{"a": 2},"dynamic":true}"#;
    assert_eq!(frames(all)[before..before + 2], [START, changed]);
}

#[tokio::test]
async fn history_tells_what_is_asked_and_what_was_decided() {
    let rig = asking();
    rig.frames("Go.").await;
    let call = pending(&rig).await;
    let approval = call.approval.clone().unwrap().id;
    let shown = |stored: Vec<StoredMessage>, call: &ToolExecution| -> Value {
        let mut messages = ui::messages(&stored);
        messages.iter_mut().for_each(|message| message.tell_of(call));
        serde_json::to_value(&messages[1]).unwrap()["parts"][1].take()
    };
    let part = shown(rig.stored().await, &call);
    assert_eq!(part["state"], "approval-requested");
    assert_eq!(part["approval"], json!({"id": approval}));
    decide(&rig, call.run, Decision::approve_with(Json::parse(r#"{"a": 2}"#).unwrap())).await;
    let executions = rig.store.executions(&OwnerId::local(), &rig.session, 10).await.unwrap();
    let part = shown(rig.stored().await, &executions[0]);
    assert_eq!(part["state"], "output-available");
    assert_eq!(part["approval"], json!({"id": approval, "approved": true}));
    assert_eq!(part["input"], json!({"a": 2}));
}

fn resumed(recovered: bool) -> EventKind {
    EventKind::RunResumed(RunResumed { turn: 1, recovered })
}

fn paused() -> EventKind {
    EventKind::RunPaused(RunPaused { usage: Usage::default() })
}

const RECOVERED: &str = r#"{"type":"data-recovered","data":{"turn":1,"recovered":true},"transient":true}"#;

#[test]
fn a_turn_that_is_asked_for_anew_after_a_crash_is_void() {
    let kinds = [
        started(),
        turn(1),
        part(1, 0, PartKind::Text),
        delta(1, 0, "Hel"),
        resumed(true),
        turn(1),
        part(1, 0, PartKind::Text),
        delta(1, 0, "Hello."),
        finished(1, 0, text("Hello.")),
        over(RunEnd::Done { reason: FinishReason::Stop }),
    ];
    let expected = [
        r#"{"type":"start-step"}"#,
        r#"{"type":"text-start","id":"1-0"}"#,
        r#"{"type":"text-delta","id":"1-0","delta":"Hel"}"#,
        RECOVERED,
        r#"{"type":"text-end","id":"1-0"}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"data-stream-reset","data":{"turn":1},"transient":true}"#,
        r#"{"type":"start-step"}"#,
        r#"{"type":"text-start","id":"1-0"}"#,
        r#"{"type":"text-delta","id":"1-0","delta":"Hello."}"#,
        r#"{"type":"text-end","id":"1-0"}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"finish","finishReason":"stop"}"#,
    ];
    assert_eq!(frames(kinds), whole(expected));
}

/// What a process had streamed and not logged when it died is told when it matters.
#[test]
fn a_call_that_the_log_has_lost_is_told_of_before_its_answer() {
    let name = "echo".into();
    let arguments = Json::parse("{}").unwrap();
    let result = ToolResultPart::new(
        "a".into(),
        "echo",
        Json::string("heard"),
        ToolOutcome::Completed,
        crate::Provenance::System,
    );
    let kinds = [
        started(),
        turn(1),
        resumed(true),
        EventKind::ToolStarted(ToolStarted { call_id: "a".into(), name, arguments }),
        EventKind::ToolFinished(crate::ToolFinished { result, duration_ms: 0 }),
        turn(2),
    ];
    let expected = [
        RECOVERED,
        r#"{"type":"tool-input-available","toolCallId":"a","toolName":"echo","input":{},"dynamic":true}"#,
        r#"{"type":"tool-output-available","toolCallId":"a","output":"heard","dynamic":true}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"start-step"}"#,
    ];
    assert_eq!(frames(kinds)[2..], expected);
}

/// The numbers of what the log has lost are given out again: a client that has seen the lost events misses none of the new ones.
#[test]
fn a_client_that_has_seen_more_than_the_log_misses_nothing() {
    let kinds = [started(), turn(1), resumed(true), turn(1), over(RunEnd::Interrupted)];
    let seen = ui::FrameId { run: RunId::from(uuid::Uuid::nil()), leg: 0, seq: 9, frame: None };
    let (mut encoder, mut body) = (UiStream::new(), String::new());
    for (seq, kind) in (1..).zip(kinds.clone()) {
        encoder.encode_after(&event(seq, 0, kind), seen, &mut body);
    }
    assert_eq!(data(&body), frames(kinds)[2..]);
    let settled = [started(), turn(1), over(RunEnd::Interrupted)];
    let (mut encoder, mut body) = (UiStream::new(), String::new());
    for (seq, kind) in (1..).zip(settled) {
        encoder.encode_after(&event(seq, 0, kind), seen, &mut body);
    }
    assert!(body.ends_with("data: [DONE]\n\n"), "{body}");
}

#[test]
fn a_run_whose_beginning_the_log_has_lost_begins_where_it_goes_on() {
    let mut encoder = UiStream::new().with_message_id(MessageId::parse("M").unwrap());
    let mut body = String::new();
    for (seq, kind) in (1..).zip([resumed(true), turn(2)]) {
        encoder.encode(&event(seq, 0, kind), &mut body);
    }
    assert_eq!(data(&body)[..2], [START, RECOVERED]);
}

#[test]
fn a_run_that_is_stopped_while_it_waits_ends_in_a_stream_of_its_own() {
    let stopped = RunEnd::Stopped { reason: StopReason::Cancelled };
    let kinds =
        [started(), turn(1), part(1, 0, call("a")), finished(1, 0, called("a")), paused(), over(stopped)];
    let frames = frames(kinds);
    let at = frames.iter().position(|frame| frame == "[DONE]").unwrap();
    let [start, closed, abort, done] = &frames[at + 1..] else { panic!("{frames:#?}") };
    assert_eq!(start, START);
    assert!(closed.starts_with(r#"{"type":"tool-output-error","toolCallId":"a""#), "{closed}");
    assert_eq!((abort.as_str(), done.as_str()), (r#"{"type":"abort","reason":"cancelled"}"#, "[DONE]"));
}

#[test]
fn a_store_that_does_not_answer_is_told_to_those_who_watch() {
    let waiting = EventKind::WaitingForStore(WaitingForStore { after_ms: 50 });
    let expected = r#"{"type":"data-waiting-for-store","data":{"after_ms":50},"transient":true}"#;
    assert_eq!(frames([started(), waiting])[1..], [expected]);
}

#[test]
fn ids_are_read_strictly() {
    let run = RunId::new();
    let id: ui::FrameId = format!("{run}:1.7.2").parse().unwrap();
    assert_eq!((id.run, id.leg, id.seq, id.frame), (run, 1, 7, Some(2)));
    assert_eq!(id.to_string(), format!("{run}:1.7.2"));
    let wrong = ["", ":", "7", "x:0.1", "0.7", &format!("{run}"), &format!("{run}:"), &format!("{run}:1")];
    for text in wrong {
        assert!(text.parse::<ui::FrameId>().is_err(), "{text}");
    }
    for place in ["+1.7", "1.-7", "1.7.", "1..7", "1.7.2.3", "1.99999999999999999999", "1.7 ", "0x1.7"] {
        assert!(format!("{run}:{place}").parse::<ui::FrameId>().is_err(), "{place}");
    }
    assert!(format!("{run}:1.{}7", "0".repeat(100)).parse::<ui::FrameId>().is_err());
}
