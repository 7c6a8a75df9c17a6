//! Appending and reading.

use std::sync::Arc;

use scorpio_core::{Event, RunId, store::EventLog};

use super::{Run, seqs};

/// Events of one run, from the JSON of their kinds.
fn events(kinds: &[&str]) -> (RunId, Vec<Arc<Event>>) {
    let run = Run::new();
    let event = |(kind, seq): (&&str, u64)| run.event(seq, serde_json::from_str(kind).unwrap());
    (run.id, kinds.iter().zip(1..).map(event).collect())
}

async fn round_trip(log: &dyn EventLog, run: RunId, events: &[Arc<Event>]) {
    log.append(run, events).await.unwrap();
    let read = log.read(run, 0, usize::MAX).await.unwrap();
    assert_eq!(read, events);
    let text = |events: &[Arc<Event>]| serde_json::to_string(events).unwrap();
    assert_eq!(text(&read), text(events), "byte for byte");
}

pub(super) async fn every_kind_of_event_comes_back_byte_for_byte(log: Arc<dyn EventLog>) {
    let usage = r#"{"input":1,"cache_read":2,"cache_write":3,"output":4,"reasoning":5,"raw":{"a" : 1.0}}"#;
    let (run, events) = events(&[
        r#"{"type":"run_started","message_id":"m"}"#,
        r#"{"type":"turn_started","turn":1,"message_id":"m"}"#,
        r#"{"type":"part_started","turn":1,"index":0,"part":{"kind":"text"}}"#,
        r#"{"type":"part_started","turn":1,"index":1,"part":{"kind":"tool_call","call_id":"c","name":"n"}}"#,
        r#"{"type":"part_delta","turn":1,"index":0,"text":"é\u0000\n\u001b \"]},{"}"#,
        r#"{"type":"part_finished","turn":1,"index":0,"part":{"type":"text","text":"t","provenance":{"from":"model"},"native":{"item":{"b":1,  "a":1.0}}}}"#,
        &format!(r#"{{"type":"turn_finished","turn":1,"usage":{usage},"reason":"stop"}}"#),
        "{\"type\":\"tool_started\",\"call_id\":\"c\",\"name\":\"n\",\"arguments\":{\"a\" :\n 1e400}}",
        r#"{"type":"tool_progress","call_id":"c","progress":[ 0.50 ]}"#,
        r#"{"type":"tool_finished","result":{"call_id":"c","name":"n","output":"o","status":{"outcome":"failed"},"provenance":{"from":"system"}},"duration_ms":12}"#,
        r#"{"type":"data","name":"weather","id":"1","data":{"t" : 1.0},"transient":true}"#,
        r#"{"type":"steered","message_id":"m2"}"#,
        r#"{"type":"error","code":"offline:model","message":"The model does not answer."}"#,
        &format!(
            r#"{{"type":"run_finished","outcome":{{"end":"stopped","reason":"turns"}},"usage":{usage}}}"#
        ),
    ]);
    round_trip(&*log, run, &events).await;
}

pub(super) async fn unknown_events_survive(log: Arc<dyn EventLog>) {
    let (run, events) = events(&[r#"{"type":"teleported","to": [1.0,  "é"]}"#, r#"{"type":"slept"}"#]);
    round_trip(&*log, run, &events).await;
}

pub(super) async fn what_was_appended_is_read_at_once(log: Arc<dyn EventLog>) {
    let run = Run::new();
    for seq in 1..=20 {
        log.append(run.id, &[run.delta(seq)]).await.unwrap();
        assert_eq!(seqs(&log.read(run.id, 0, usize::MAX).await.unwrap()), Vec::from_iter(1..=seq));
    }
}

pub(super) async fn after_and_limit_make_pages(log: Arc<dyn EventLog>) {
    let run = Run::new();
    run.log_all(&*log, 10).await;
    let page = async |after, limit| seqs(&log.read(run.id, after, limit).await.unwrap());
    assert_eq!(page(0, 3).await, [1, 2, 3]);
    assert_eq!(page(3, 3).await, [4, 5, 6]);
    assert_eq!(page(8, 3).await, [9, 10]);
    assert_eq!(page(10, 3).await, [0; 0]);
    assert_eq!(page(u64::MAX, 3).await, [0; 0]);
    assert_eq!(page(0, 0).await, [0; 0]);
    assert_eq!(page(6, usize::MAX).await, [7, 8, 9, 10]);
}

pub(super) async fn an_unknown_run_has_no_events(log: Arc<dyn EventLog>) {
    assert_eq!(log.read(RunId::new(), 0, 10).await.unwrap(), []);
}

pub(super) async fn runs_are_kept_apart(log: Arc<dyn EventLog>) {
    let (one, two) = (Run::new(), Run::new());
    let first = one.log_all(&*log, 4).await;
    let second = two.log_all(&*log, 6).await;
    assert_eq!(log.read(one.id, 0, 10).await.unwrap(), first);
    assert_eq!(log.read(two.id, 0, 10).await.unwrap(), second);
}

pub(super) async fn events_that_are_there_are_left_as_they_are(log: Arc<dyn EventLog>) {
    let run = Run::new();
    let first = run.deltas(1..=3);
    log.append(run.id, &first).await.unwrap();
    log.append(run.id, &[run.finish(2), run.finish(3)]).await.unwrap();
    assert_eq!(log.read(run.id, 0, 10).await.unwrap(), first);
}

pub(super) async fn an_overlap_adds_only_what_is_new(log: Arc<dyn EventLog>) {
    let run = Run::new();
    log.append(run.id, &run.deltas(1..=3)).await.unwrap();
    log.append(run.id, &run.deltas(2..=5)).await.unwrap();
    // Also before anything is written to disk.
    assert_eq!(seqs(&log.read(run.id, 0, 10).await.unwrap()), [1, 2, 3, 4, 5]);
    log.append(run.id, &[run.delta(5), run.delta(5), run.finish(6)]).await.unwrap();
    log.append(run.id, &run.deltas(1..=6)).await.unwrap();
    let read = log.read(run.id, 0, 10).await.unwrap();
    assert_eq!(seqs(&read), [1, 2, 3, 4, 5, 6]);
    assert!(read[5].is_last());
}

pub(super) async fn appending_nothing_changes_nothing(log: Arc<dyn EventLog>) {
    let run = Run::new();
    log.append(run.id, &[]).await.unwrap();
    assert_eq!(log.read(run.id, 0, 10).await.unwrap(), []);
    let events = run.log_all(&*log, 2).await;
    log.append(run.id, &[]).await.unwrap();
    assert_eq!(log.read(run.id, 0, 10).await.unwrap(), events);
}

pub(super) async fn many_small_appends_are_all_kept(log: Arc<dyn EventLog>) {
    let run = Run::new();
    let events = run.deltas(1..=3_000);
    for event in &events {
        log.append(run.id, std::slice::from_ref(event)).await.unwrap();
    }
    assert_eq!(log.read(run.id, 0, usize::MAX).await.unwrap(), events);
    assert_eq!(log.read(run.id, 1_234, 500).await.unwrap(), events[1_234..1_734]);
    log.append(run.id, &[run.finish(3_001)]).await.unwrap();
    assert_eq!(log.read(run.id, 1_234, 500).await.unwrap(), events[1_234..1_734]);
}

pub(super) async fn one_large_append_is_kept(log: Arc<dyn EventLog>) {
    let run = Run::new();
    let events = run.log_all(&*log, 5_000).await;
    assert_eq!(log.read(run.id, 0, usize::MAX).await.unwrap(), events);
    assert_eq!(log.read(run.id, 4_990, 100).await.unwrap(), events[4_990..]);
}

pub(super) async fn many_runs_at_once_do_not_mix(log: Arc<dyn EventLog>) {
    let tasks: Vec<_> = (0..30)
        .map(|index| {
            let log = log.clone();
            tokio::spawn(async move {
                let run = Run::new();
                let mut events = run.deltas(1..=50 + index);
                events.push(run.finish(51 + index));
                for chunk in events.chunks(7) {
                    log.append(run.id, chunk).await.unwrap();
                }
                (run.id, events)
            })
        })
        .collect();
    for task in tasks {
        let (run, events) = task.await.unwrap();
        assert_eq!(log.read(run, 0, usize::MAX).await.unwrap(), events);
    }
}
