//! Text, reasoning, data, sources and files.

use super::*;
use crate::{
    DataPart, DataSent, Json, MediaPart, MediaSource, ReasoningPart, SourcePart, Steered, ToolProgress,
    ToolStarted, TurnFinished,
    model::{Demo, FinishReason, ScriptedTurn},
};

const DONE: RunEnd = RunEnd::Done { reason: FinishReason::Stop };

#[tokio::test(start_paused = true)]
async fn why_is_the_sky_blue() {
    let agent = Agent::builder("demo").with_model(Model::new(Demo::new(), "demo")).build().unwrap();
    let events: Vec<Arc<Event>> = agent.run("Why is the sky blue?").stream().collect().await;
    let body = body(events.iter().map(|event| event.kind.clone()));
    let expected = "\
        id: 00000000-0000-0000-0000-000000000000:0.1\ndata: {\"type\":\"start\",\"messageId\":\"M\"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.2\ndata: {\"type\":\"start-step\"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.4.1\ndata: {\"type\":\"text-start\",\"id\":\"1-0\"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.4\ndata: {\"type\":\"text-delta\",\"id\":\"1-0\",\"delta\":\"It's \"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.5\ndata: {\"type\":\"text-delta\",\"id\":\"1-0\",\"delta\":\"just \"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.6\ndata: {\"type\":\"text-delta\",\"id\":\"1-0\",\"delta\":\"blue \"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.7\ndata: {\"type\":\"text-delta\",\"id\":\"1-0\",\"delta\":\"duh!\"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.8\ndata: {\"type\":\"text-end\",\"id\":\"1-0\"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.10.1\ndata: {\"type\":\"finish-step\"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.10.2\ndata: {\"type\":\"finish\",\"finishReason\":\"stop\"}\n\n\
        id: 00000000-0000-0000-0000-000000000000:0.10\ndata: [DONE]\n\n";
    assert_eq!(body, expected);
}

/// Cut off behind any frame, a client that comes back with the last id it has seen is sent the rest, to the byte.
#[tokio::test(start_paused = true)]
async fn no_frame_is_lost_or_sent_twice_by_coming_back() {
    let agent = Agent::builder("demo").with_model(Model::new(Demo::new(), "demo")).build().unwrap();
    let events: Vec<Arc<Event>> = agent.run("Think about the sea.").stream().collect().await;
    let (mut encoder, mut whole) = (UiStream::new(), String::new());
    events.iter().for_each(|event| encoder.encode(event, &mut whole));
    let frames: Vec<&str> = whole.split_inclusive("\n\n").collect();
    assert!(frames.len() > events.len(), "some event must have several frames");
    for cut in 1..=frames.len() {
        let seen = frames[cut - 1].strip_prefix("id: ").unwrap().lines().next().unwrap().parse().unwrap();
        let mut body = frames[..cut].concat();
        let mut encoder = UiStream::new();
        events.iter().for_each(|event| encoder.encode_after(event, seen, &mut body));
        assert_eq!(body, whole, "cut behind frame {cut}");
    }
}

#[tokio::test]
async fn reasoning_goes_before_the_answer() {
    let rig = Rig::new(Scripted::new().turn(ScriptedTurn::new().reasoning("Let me").text("Yes.")), []);
    let expected = [
        r#"{"type":"start-step"}"#,
        r#"{"type":"reasoning-start","id":"1-0"}"#,
        r#"{"type":"reasoning-delta","id":"1-0","delta":"Let "}"#,
        r#"{"type":"reasoning-delta","id":"1-0","delta":"me"}"#,
        r#"{"type":"reasoning-end","id":"1-0"}"#,
        r#"{"type":"text-start","id":"1-1"}"#,
        r#"{"type":"text-delta","id":"1-1","delta":"Yes."}"#,
        r#"{"type":"text-end","id":"1-1"}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"finish","finishReason":"stop"}"#,
    ];
    assert_eq!(rig.frames("Think.").await, whole(expected));
}

#[test]
fn reasoning_tells_how_long_it_took() {
    let (mut encoder, mut body) = (UiStream::new(), String::new());
    let kinds = [
        (0, part(1, 0, PartKind::Reasoning)),
        (1_000, delta(1, 0, "Hm.")),
        (2_500, finished(1, 0, Part::Reasoning(ReasoningPart::new("Hm.")))),
    ];
    for (seq, (at, kind)) in (1..).zip(kinds) {
        encoder.encode(&event(seq, at, kind), &mut body);
    }
    let end = r#"{"type":"reasoning-end","id":"1-0","providerMetadata":{"scorpio":{"durationMs":2500}}}"#;
    assert_eq!(data(&body)[2], end);
}

/// Models open a text before a call and leave it empty, and think without telling what.
#[test]
fn parts_without_a_word_are_not_shown() {
    let kinds = [
        started(),
        part(1, 0, PartKind::Reasoning),
        finished(1, 0, Part::Reasoning(ReasoningPart::new(""))),
        part(1, 1, PartKind::Text),
        delta(1, 1, ""),
        finished(1, 1, text("")),
        part(1, 2, PartKind::Text),
        over(DONE),
    ];
    assert_eq!(frames(kinds), whole([r#"{"type":"finish","finishReason":"stop"}"#]));
}

#[test]
fn text_that_comes_whole_is_shown_whole() {
    let kinds = [started(), part(1, 0, PartKind::Text), finished(1, 0, text("All at once.")), over(DONE)];
    let expected = [
        r#"{"type":"text-start","id":"1-0"}"#,
        r#"{"type":"text-delta","id":"1-0","delta":"All at once."}"#,
        r#"{"type":"text-end","id":"1-0"}"#,
        r#"{"type":"finish","finishReason":"stop"}"#,
    ];
    assert_eq!(frames(kinds), whole(expected));
}

#[test]
fn parts_may_interleave() {
    let kinds = [
        started(),
        part(1, 0, PartKind::Text),
        part(1, 1, PartKind::Text),
        delta(1, 1, "b"),
        delta(1, 0, "a"),
        finished(1, 1, text("b")),
        finished(1, 0, text("a")),
        over(DONE),
    ];
    let expected = [
        r#"{"type":"text-start","id":"1-1"}"#,
        r#"{"type":"text-delta","id":"1-1","delta":"b"}"#,
        r#"{"type":"text-start","id":"1-0"}"#,
        r#"{"type":"text-delta","id":"1-0","delta":"a"}"#,
        r#"{"type":"text-end","id":"1-1"}"#,
        r#"{"type":"text-end","id":"1-0"}"#,
        r#"{"type":"finish","finishReason":"stop"}"#,
    ];
    assert_eq!(frames(kinds), whole(expected));
}

#[test]
fn what_is_unknown_to_a_client_is_not_sent() {
    let kinds = [
        delta(1, 0, "of no part"),
        finished(1, 0, text("of no part")),
        EventKind::TurnFinished(TurnFinished {
            turn: 1,
            usage: Usage::default(),
            reason: FinishReason::Stop,
        }),
        EventKind::ToolStarted(ToolStarted {
            call_id: "a".into(),
            name: "echo".into(),
            arguments: Json::null(),
        }),
        EventKind::ToolProgress(ToolProgress { call_id: "a".into(), progress: Json::null() }),
        EventKind::Steered(Steered { message_id: MessageId::new() }),
        EventKind::Unknown(Json::parse(r#"{"type":"hologram"}"#).unwrap()),
    ];
    assert_eq!(body(kinds), "");
}

#[test]
fn data_of_a_tool_passes_by() {
    let data = |id: Option<&str>| {
        let (id, data) = (id.map(str::to_owned), Json::parse(r#"{"b": 1.0}"#).unwrap());
        EventKind::Data(DataSent { name: "chart".to_owned(), id, data })
    };
    let expected = [
        r#"{"type":"data-chart","data":{"b": 1.0},"transient":true}"#,
        r#"{"type":"data-chart","id":"7","data":{"b": 1.0},"transient":true}"#,
    ];
    assert_eq!(frames([data(None), data(Some("7"))]), expected);
}

#[test]
fn sources_files_and_data_are_parts_of_the_answer() {
    let source = |title: Option<&str>| {
        let (id, url, title) = ("s1".to_owned(), "https://example.com/".to_owned(), title.map(str::to_owned));
        Part::Source(SourcePart { id, url, title })
    };
    let data = DataPart { name: "chart".to_owned(), id: None, data: Json::string("up") };
    let parts = [
        source(None),
        source(Some("An example")),
        Part::Media(MediaPart::new("image/png", MediaSource::Base64("iVBO".to_owned()))),
        Part::Media(MediaPart::new("image/png", MediaSource::Url("https://example.com/a.png".to_owned()))),
        Part::Data(data),
        Part::Unknown(Json::parse(r#"{"type":"hologram"}"#).unwrap()),
    ];
    let kinds = (0..)
        .zip(parts)
        .flat_map(|(index, whole)| [part(1, index, PartKind::Text), finished(1, index, whole)]);
    let expected = [
        r#"{"type":"source-url","sourceId":"s1","url":"https://example.com/"}"#,
        r#"{"type":"source-url","sourceId":"s1","url":"https://example.com/","title":"An example"}"#,
        r#"{"type":"file","url":"data:image/png;base64,iVBO","mediaType":"image/png"}"#,
        r#"{"type":"file","url":"https://example.com/a.png","mediaType":"image/png"}"#,
        r#"{"type":"data-chart","data":"up","transient":false}"#,
    ];
    assert_eq!(frames(kinds), expected);
}

#[test]
fn text_before_a_source_is_closed_first() {
    let source = SourcePart { id: "s1".to_owned(), url: "https://example.com/".to_owned(), title: None };
    let kinds = [part(1, 0, PartKind::Text), delta(1, 0, "See"), finished(1, 0, Part::Source(source))];
    let expected = [
        r#"{"type":"text-start","id":"1-0"}"#,
        r#"{"type":"text-delta","id":"1-0","delta":"See"}"#,
        r#"{"type":"text-end","id":"1-0"}"#,
        r#"{"type":"source-url","sourceId":"s1","url":"https://example.com/"}"#,
    ];
    assert_eq!(frames(kinds), expected);
}

#[test]
fn line_ends_stay_inside_their_frame() {
    let kinds = [part(1, 0, PartKind::Text), delta(1, 0, "a\n\nb\r\u{2028}\"")];
    assert_eq!(
        frames(kinds)[1],
        "{\"type\":\"text-delta\",\"id\":\"1-0\",\"delta\":\"a\\n\\nb\\r\u{2028}\\\"\"}"
    );
}

#[test]
fn another_try_and_another_model_are_told_to_those_who_watch() {
    use crate::{FellBack, Retrying, model::ModelErrorKind};
    let retrying = Retrying { turn: 1, attempt: 2, after_ms: 3_000, error: ModelErrorKind::RateLimited };
    let fell_back = FellBack {
        turn: 1,
        provider: "openai".into(),
        model: "small".into(),
        error: ModelErrorKind::Overloaded,
    };
    let kinds =
        [started(), turn(1), EventKind::Retrying(retrying), EventKind::FellBack(fell_back), over(DONE)];
    let expected = [
        r#"{"type":"start-step"}"#,
        r#"{"type":"data-retrying","data":{"turn":1,"attempt":2,"after_ms":3000,"error":"rate_limited"},"transient":true}"#,
        r#"{"type":"data-fell-back","data":{"turn":1,"provider":"openai","model":"small","error":"overloaded"},"transient":true}"#,
        r#"{"type":"finish-step"}"#,
        r#"{"type":"finish","finishReason":"stop"}"#,
    ];
    assert_eq!(frames(kinds), whole(expected));
}

#[test]
fn a_message_begins_with_the_metadata_that_was_set() {
    let metadata = Json::parse(r#"{"model":{"id":"deep"}}"#).unwrap();
    let (mut encoder, mut body) = (UiStream::new().with_metadata(metadata), String::new());
    encoder.encode(&event(1, 0, started()), &mut body);
    assert_eq!(
        body,
        "id: 00000000-0000-0000-0000-000000000000:0.1\ndata: {\"type\":\"start\",\"messageId\":\"M\",\"messageMetadata\":{\"model\":{\"id\":\"deep\"}}}\n\n"
    );
}
