//! Every way that a run can end. A client is always told: a stream that just stops looks complete to it.

use super::*;
use crate::{
    Limits, RunError, StopReason,
    model::{FinishReason, ModelError, ModelErrorKind, ScriptedTurn},
};

#[test]
fn each_ending_has_its_chunk() {
    let done = |reason| RunEnd::Done { reason };
    let stopped = |reason| RunEnd::Stopped { reason };
    let interrupted = "The answer was interrupted. What there was of it is kept; please ask again.";
    let failed = "The answer failed. What there was of it is kept; please ask again.";
    let error = |text: &str| format!(r#"{{"type":"error","errorText":"{text}"}}"#);
    let finish = |reason: &str| format!(r#"{{"type":"finish","finishReason":"{reason}"}}"#);
    let abort = |reason: &str| format!(r#"{{"type":"abort","reason":"{reason}"}}"#);
    for (end, expected) in [
        (done(FinishReason::Stop), finish("stop")),
        (done(FinishReason::ToolCalls), finish("tool-calls")),
        (done(FinishReason::Length), finish("length")),
        (done(FinishReason::ContentFilter), finish("content-filter")),
        (done(FinishReason::Other), finish("other")),
        (stopped(StopReason::Cancelled), abort("cancelled")),
        (stopped(StopReason::Turns), abort("turns")),
        (stopped(StopReason::ToolCalls), abort("tool_calls")),
        (stopped(StopReason::Tokens), abort("tokens")),
        (stopped(StopReason::Cost), abort("cost")),
        (stopped(StopReason::WallClock), abort("wall_clock")),
        (RunEnd::Interrupted, error(interrupted)),
        (RunEnd::Failed, error(failed)),
    ] {
        let kinds = [started(), turn(1), part(1, 0, PartKind::Text), delta(1, 0, "Half"), over(end)];
        let expected = [
            r#"{"type":"start-step"}"#,
            r#"{"type":"text-start","id":"1-0"}"#,
            r#"{"type":"text-delta","id":"1-0","delta":"Half"}"#,
            r#"{"type":"text-end","id":"1-0"}"#,
            r#"{"type":"finish-step"}"#,
            &expected,
        ];
        assert_eq!(frames(kinds), whole(expected), "{end:?}");
    }
}

#[test]
fn an_error_is_told_once() {
    let error = RunError { code: "offline:model".to_owned(), message: "Try again.".to_owned() };
    let frames = frames([started(), turn(1), EventKind::Error(error), over(RunEnd::Failed)]);
    let expected = [
        r#"{"type":"start-step"}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"error","errorText":"Try again."}"#,
    ];
    assert_eq!(frames, whole(expected));
}

#[tokio::test]
async fn a_model_that_refuses() {
    let busy = ModelError::new(ModelErrorKind::RateLimited, "secret host 10.0.0.7 says no").with_status(429);
    let rig = Rig::new(Scripted::new().turn(ScriptedTurn::new().refuse(busy)), []);
    let frames = rig.frames("Go.").await;
    let [_, step, end, error, done] = frames.as_slice() else { panic!("{frames:#?}") };
    assert_eq!([step.as_str(), end], [r#"{"type":"start-step"}"#, r#"{"type":"finish-step"}"#]);
    assert!(error.starts_with(r#"{"type":"error","errorText":"#) && !error.contains("10.0.0.7"), "{error}");
    assert_eq!(done, "[DONE]");
}

#[tokio::test]
async fn reaching_the_limit_of_turns_is_an_abort() {
    let again = || ScriptedTurn::new().tool_call("call_1", "echo", "{}");
    let rig = Rig::new(
        Scripted::new().turn(again()).turn(again()),
        [tool("echo", |_| async { Ok(String::new()) })],
    );
    let run = rig.agent.run("Go.").session(&rig.session).limits(Limits::new().turns(1)).stream();
    let events: Vec<Arc<Event>> = run.collect().await;
    let frames = frames(events.iter().map(|event| event.kind.clone()));
    let expected = [
        r#"{"type":"tool-output-available","toolCallId":"call_1","output":"","dynamic":true}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"abort","reason":"turns"}"#,
        "[DONE]",
    ];
    assert!(frames.ends_with(&expected.map(str::to_owned)), "{frames:#?}");
    assert_eq!(rig.shown().await[1]["metadata"]["status"], "stopped");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_tool_is_answered_before_the_abort() {
    let calls = ScriptedTurn::new().tool_call("call_1", "hangs", "{}");
    let rig = Rig::new(Scripted::new().turn(calls), [tool("hangs", |_| std::future::pending())]);
    let mut run = rig.begin("Go.");
    let handle = run.handle();
    let mut kinds = Vec::new();
    while let Some(event) = run.next().await {
        if let EventKind::ToolStarted(_) = event.kind {
            handle.cancel();
        }
        kinds.push(event.kind.clone());
    }
    let text = "Interrupted while it ran. It is not known whether it took effect.";
    let error = format!(
        r#"{{"type":"tool-output-error","toolCallId":"call_1","errorText":"{text}","dynamic":true}}"#
    );
    let expected =
        [&error, r#"{"type":"finish-step"}"#, r#"{"type":"abort","reason":"cancelled"}"#, "[DONE]"];
    let frames = frames(kinds);
    assert!(frames.ends_with(&expected.map(str::to_owned)), "{frames:#?}");
    assert_eq!(rig.shown().await[1]["metadata"]["status"], "stopped");
}

/// A stream that is resumed repeats what was sent before, whoever encodes it.
#[tokio::test]
async fn the_same_events_give_the_same_bytes() {
    let script =
        Scripted::new().turn(ScriptedTurn::new().reasoning("Hm.").tool_call("a", "echo", "{}")).text("Ok.");
    let rig = Rig::new(script, [tool("echo", |_| async { Ok(String::new()) })]);
    let events: Vec<Arc<Event>> = rig.begin("Go.").collect().await;
    let encode = |events: &[Arc<Event>]| {
        let (mut encoder, mut body) = (UiStream::new(), String::new());
        events.iter().for_each(|event| encoder.encode(event, &mut body));
        body
    };
    let all = encode(&events);
    for known in 0..events.len() {
        assert!(all.starts_with(&encode(&events[..known])));
    }
    let stored: Vec<Arc<Event>> = events
        .iter()
        .map(|event| Arc::new(serde_json::from_str(&serde_json::to_string(event).unwrap()).unwrap()))
        .collect();
    assert_eq!(encode(&stored), all);
}

#[test]
fn what_broke_off_is_closed_and_declared_void() {
    let reset = crate::StreamReset { turn: 1, error: ModelErrorKind::Truncated };
    let kinds = [
        started(),
        turn(1),
        part(1, 0, PartKind::Text),
        delta(1, 0, "Half"),
        EventKind::StreamReset(reset),
        part(1, 0, PartKind::Text),
        delta(1, 0, "Whole"),
        over(RunEnd::Done { reason: FinishReason::Stop }),
    ];
    let expected = [
        r#"{"type":"start-step"}"#,
        r#"{"type":"text-start","id":"1-0"}"#,
        r#"{"type":"text-delta","id":"1-0","delta":"Half"}"#,
        r#"{"type":"text-end","id":"1-0"}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"data-stream-reset","data":{"turn":1,"error":"truncated"},"transient":true}"#,
        r#"{"type":"start-step"}"#,
        r#"{"type":"text-start","id":"1-0"}"#,
        r#"{"type":"text-delta","id":"1-0","delta":"Whole"}"#,
        r#"{"type":"text-end","id":"1-0"}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"finish","finishReason":"stop"}"#,
    ];
    assert_eq!(frames(kinds), whole(expected));
}
