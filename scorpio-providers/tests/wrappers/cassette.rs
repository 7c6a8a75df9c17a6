//! What is written to disk, and what comes back.

use std::{fs, path::PathBuf, time::Duration};

use futures::StreamExt;
use scorpio_core::{
    Agent, Json, Origin, Part, Provenance, ReasoningPart, TextPart, ToolCallPart, Usage,
    model::{
        CallContext, FellBack, FinishReason, LlmProvider, Model, ModelError, ModelErrorKind, ModelEvent,
        ModelRequest, PartKind, Retrying, Scripted, ScriptedTurn,
    },
    tool,
};
use scorpio_providers::{Fallback, Record, Replay};

use crate::support::{Item, KINDS, Puppet, Turn, ask, error_of, items, items_of, request, text_of, whole};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("cassette.jsonl")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }
}

fn json(text: &str) -> Json {
    Json::parse(text).unwrap()
}

/// What a person would have to compare of an error.
fn outline(items: &[Item]) -> Vec<Result<ModelEvent, String>> {
    let outline = |error: &ModelError| {
        format!(
            "{:?} {error} {:?} {:?} {:?} {:?}",
            error.kind(),
            error.status(),
            error.retry_after(),
            error.body(),
            error.retry_advice()
        )
    };
    let of_item = |item: &Item| match item {
        Ok(event) => Ok(event.clone()),
        Err(error) => Err(outline(error)),
    };
    items.iter().map(of_item).collect()
}

/// Records what `puppet` answers to `request`, and replays it.
async fn round_trip(puppet: Puppet, request: ModelRequest) -> String {
    let folder = Folder::new();
    let cx = CallContext::new();
    let recorder = Record::create(puppet.clone(), folder.file()).unwrap();
    let recorded = items_of(&recorder, request.clone(), &cx).await;
    let replay = Replay::open(folder.file()).unwrap();
    assert_eq!((&**replay.id(), replay.wire("any"), replay.remaining()), (&**puppet.id(), "strings", 1));
    let replayed = items_of(&replay, request, &cx).await;
    assert_eq!(outline(&replayed), outline(&recorded));
    assert_eq!(replay.remaining(), 0);
    let text = folder.text();
    assert_eq!((text.matches('\n').count(), text.ends_with('\n')), (1, true), "one exchange is one line");
    text
}

/// Texts that have broken formats of lines, of JSON, or of both.
const HOSTILE: [&str; 12] = [
    "",
    "\n",
    "\r\n\r\n",
    "\u{2028}\u{2029}\u{85}",
    "\0\u{1}\u{1f}\u{7f}",
    "\"\\\"\\\\",
    "{\"scorpio_cassette\":1}\n{\"scorpio_cassette\":2}",
    "\u{feff}bom",
    "\u{10ffff}\u{1f468}\u{200d}\u{1f469}",
    "\u{202e}right to left",
    "data: [DONE]\n\n",
    "</script><!--",
];

#[tokio::test(start_paused = true)]
async fn hostile_answers_come_back_byte_for_byte() {
    let natives = [
        "{\n\r\n \"a\" :\t1e400, \"a\": 00.5}".replace("00.5", "0.50"),
        r#"{"b":123456789012345678901234567890.000,"a":"\u0041\/\ud800"}"#.to_owned(),
        format!("{}{}", "[".repeat(5000), "]".repeat(5000)),
        "\"[\\n]\"".to_owned(),
    ];
    for native in natives {
        for text in HOSTILE {
            let (native, text) = (json(&native), text.to_owned());
            let asked = ask(&text).with_instructions(text.clone());
            let puppet = Puppet::new(move |_| {
                let index = |index, part| ModelEvent::PartEnd { index, part: Box::new(part) };
                let call = PartKind::ToolCall { call_id: text.as_str().into(), name: text.as_str().into() };
                let mut usage = Usage::new(1, 2);
                usage.raw = Some(native.clone());
                Turn::new()
                    .event(ModelEvent::Retrying(Box::new(Retrying::new(
                        2,
                        Duration::from_nanos(1),
                        ModelErrorKind::Timeout,
                    ))))
                    .event(ModelEvent::FellBack(Box::new(FellBack::new(
                        Origin::new("a", "b", &*text),
                        ModelErrorKind::Quota,
                    ))))
                    .event(ModelEvent::Response(Box::default()))
                    .start()
                    .delta(&text)
                    .event(index(
                        0,
                        Part::Text(TextPart::new(&*text, Provenance::Model).with_native(native.clone())),
                    ))
                    .event(ModelEvent::PartStart { index: 1, kind: PartKind::Reasoning })
                    .event(index(1, Part::Reasoning(ReasoningPart::new(&*text).with_native(native.clone()))))
                    .event(ModelEvent::PartStart { index: 2, kind: call })
                    .event(index(
                        2,
                        Part::ToolCall(ToolCallPart::new(&*text, &*text, &*text).with_native(native.clone())),
                    ))
                    .event(ModelEvent::Usage(usage))
                    .event(ModelEvent::Finish { reason: FinishReason::Paused })
            });
            round_trip(puppet, asked).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn errors_come_back_where_they_came() {
    for kind in KINDS {
        let error = move || {
            ModelError::new(kind, "broke\n\"down\"")
                .with_status(529)
                .with_request_id("req\n1")
                .with_retry_after(Duration::new(7, 5))
                .with_retryable(false)
                .with_body(HOSTILE.join("|"))
        };
        let turns: [fn() -> Turn; 3] = [Turn::new, || Turn::new().usage(), || Turn::new().start().delta("x")];
        for turn in turns {
            round_trip(Puppet::new(move |_| turn().fail(error())), request()).await;
        }
        let text = round_trip(Puppet::new(move |_| Turn::refuse(error())), request()).await;
        assert!(text.contains(r#""at_call":true"#));
        round_trip(Puppet::new(move |_| Turn::refuse(kind)), request()).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_cut_is_replayed_as_such() {
    round_trip(Puppet::new(|_| Turn::new()), request()).await;
    round_trip(Puppet::new(|_| Turn::new().start().delta("Hal")), request()).await;
}

#[tokio::test(start_paused = true)]
async fn the_format_is_as_documented() {
    let text = round_trip(Puppet::new(|_| Turn::text("Hi.")), request().with_temperature(0.5)).await;
    let line: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(line["scorpio_cassette"], 1);
    assert_eq!((&line["provider"], &line["wire"]), (&"puppet".into(), &"strings".into()));
    let expected = serde_json::json!({
        "model": "clever", "temperature": 0.5, "messages": [{"role": "user", "parts": [{"text": "Hello?"}]}]
    });
    assert_eq!(line["request"], expected);
    assert_eq!(line["digest"].as_str().unwrap().len(), 64);
    assert_eq!(line["events"][1], serde_json::json!({"delta": {"index": 0, "text": "Hi."}}));
    assert_eq!(line["events"][4], serde_json::json!({"finish": {"reason": "stop"}}));
}

#[tokio::test(start_paused = true)]
async fn the_same_request_gets_its_answers_in_order_and_each_once() {
    let folder = Folder::new();
    let puppet = Puppet::new(|call| Turn::text(&call.to_string()));
    let recorder = Record::create(puppet, folder.file()).unwrap();
    let cx = CallContext::new();
    for text in ["a", "b", "a", "a", "b"] {
        items_of(&recorder, ask(text), &cx).await;
    }
    let replay = Replay::open(folder.file()).unwrap();
    for (text, answer) in [("b", "1"), ("a", "0"), ("b", "4"), ("a", "2"), ("a", "3")] {
        assert_eq!(text_of(&items_of(&replay, ask(text), &cx).await), answer);
    }
    let missed = items_of(&replay, ask("a"), &cx).await;
    assert_eq!(error_of(&missed), Some(ModelErrorKind::Configuration));
    let message = missed[0].as_ref().unwrap_err().to_string();
    assert!(message.ends_with("it was recorded 3 times and is asked for once more"), "{message}");
}

#[tokio::test(start_paused = true)]
async fn a_miss_names_the_nearest_request_and_the_difference() {
    let folder = Folder::new();
    let recorder = Record::create(Puppet::new(|_| Turn::text("x")), folder.file()).unwrap();
    let cx = CallContext::new();
    let long = "We were all so very happy in those days, and nobody thought of the winter, which was long.";
    items_of(&recorder, ask("What time is it?").with_temperature(1.0), &cx).await;
    items_of(&recorder, ask(long), &cx).await;
    let replay = Replay::open(folder.file()).unwrap();
    let missed = items_of(&replay, ask(&long.replace("winter", "summer")), &cx).await;
    let message = missed[0].as_ref().unwrap_err().to_string();
    for piece in ["on line 2", "`messages[0].parts[0].text` was", "winter, which", "and is", "summer, which"]
    {
        assert!(message.contains(piece), "{piece}: {message}");
    }
    let missed = items_of(&replay, ask("What time is it?").with_max_output_tokens(5), &cx).await;
    let message = missed[0].as_ref().unwrap_err().to_string();
    for piece in
        ["on line 1", "`max_output_tokens` was not there and is 5", "`temperature` was 1.0 and is not there"]
    {
        assert!(message.contains(piece), "{piece}: {message}");
    }
    let empty = Folder::new();
    fs::write(empty.file(), "").unwrap();
    let missed = items(&Replay::open(empty.file()).unwrap()).await;
    assert!(missed[0].as_ref().unwrap_err().to_string().ends_with("nothing was recorded"));
}

/// Secrets in the request, in deltas that cut them in two, in items of the provider, in arguments and in errors.
#[tokio::test(start_paused = true)]
async fn no_secret_is_written() {
    const SECRET: &str = "s3cr\"et/ké\ny";
    let folder = Folder::new();
    let escaped = SECRET.replace('"', "\\u0022").replace('/', "\\/").replace('\n', "\\n");
    let native = json(&format!("{{\n\"x\": [\"{escaped}\"], \"Authorization\":\"Basic Zm9vOmJhcg==\"}}"));
    let arguments = serde_json::json!({"query": SECRET}).to_string();
    let puppet = Puppet::new(move |call| {
        if call == 1 {
            return Turn::refuse(
                ModelError::new(ModelErrorKind::Auth, format!("bad key {SECRET}")).with_body(SECRET),
            );
        }
        let mut turn = Turn::new().start();
        for piece in format!("I know {SECRET}!").chars() {
            turn = turn.delta(&piece.to_string());
        }
        let kind = PartKind::ToolCall { call_id: "c".into(), name: "find".into() };
        let (head, tail) = arguments.split_at(arguments.len() / 2);
        let part = TextPart::new(format!("I know {SECRET}!"), Provenance::Model).with_native(native.clone());
        let delta = |text: &str| ModelEvent::Delta { index: 1, text: text.into() };
        turn.event(ModelEvent::PartEnd { index: 0, part: Box::new(Part::Text(part)) })
            .event(ModelEvent::PartStart { index: 1, kind })
            .event(delta(head))
            .event(delta(tail))
            .event(ModelEvent::PartEnd {
                index: 1,
                part: Box::new(Part::ToolCall(ToolCallPart::new("c", "find", &*arguments))),
            })
            .finish()
    });
    let recorder = Record::create(puppet, folder.file()).unwrap().with_secret(SECRET);
    let asked =
        |secret: &str| ask(&format!("My key is {secret}.")).with_instructions(format!("Hide {secret}."));
    let cx = CallContext::new();
    let first = items_of(&recorder, asked(SECRET), &cx).await;
    assert!(text_of(&first).contains(SECRET), "the caller gets everything");
    items_of(&recorder, asked(SECRET), &cx).await;
    assert!(!format!("{recorder:?}").contains("s3cr"));

    let text = folder.text();
    for piece in ["s3cr", "ké", "u0022et", "Zm9v"] {
        assert!(!text.contains(piece), "{piece}: {text}");
    }
    assert!(text.matches("[redacted]").count() >= 9, "{text}");

    // With another key in place of the first, the request is the same.
    let replay = Replay::open(folder.file()).unwrap().with_secret("another key");
    let replayed = items_of(&replay, asked("another key"), &cx).await;
    let text = text_of(&replayed);
    assert_eq!(text, r#"I know [redacted]!{"query":"[redacted]"}"#);
    let parts = whole(replayed);
    let ends = parts.iter().filter_map(|event| match event {
        ModelEvent::PartEnd { part, .. } => Some(&**part),
        _ => None,
    });
    let [Part::Text(said), Part::ToolCall(call)] = ends.collect::<Vec<_>>()[..] else { panic!("{parts:?}") };
    assert_eq!((said.text.as_str(), &*call.arguments), ("I know [redacted]!", r#"{"query":"[redacted]"}"#));
    let refused = items_of(&replay, asked("another key"), &cx).await;
    assert_eq!(refused[0].as_ref().unwrap_err().body(), Some("[redacted]"));
}

#[tokio::test(start_paused = true)]
async fn recordings_can_go_on_and_be_shared() {
    let folder = Folder::new();
    let cx = CallContext::new();
    let named = |name: &'static str| Puppet::named(name, move |_, _| Turn::text(name));
    let first = Record::create(named("first"), folder.file()).unwrap();
    items_of(&first, ask("1"), &cx).await;
    let second = Record::append(named("second"), folder.file()).unwrap();
    items_of(&second, ask("2"), &cx).await;
    items_of(&first, ask("3"), &cx).await;
    let replay = Replay::open(folder.file()).unwrap();
    assert_eq!(replay.remaining(), 3);
    for (text, answer) in [("1", "first"), ("2", "second"), ("3", "first")] {
        assert_eq!(text_of(&items_of(&replay, ask(text), &cx).await), answer);
    }
    drop(Record::create(named("first"), folder.file()).unwrap());
    assert_eq!(folder.text(), "");
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_is_dropped_is_not_written_and_a_whole_one_is_before_its_finish_arrives() {
    let folder = Folder::new();
    let recorder = Record::create(Puppet::new(|_| Turn::text("Hi.")), folder.file()).unwrap();
    for events in 0..=5 {
        let mut stream = recorder.stream(request(), &CallContext::new()).await.unwrap();
        for _ in 0..events {
            stream.next().await.unwrap().unwrap();
        }
        drop(stream);
        assert_eq!(folder.text().lines().count(), usize::from(events == 5), "{events} events");
    }
}

#[test]
fn files_that_are_no_cassettes_are_refused() {
    let folder = Folder::new();
    let open = || Replay::open(folder.file()).unwrap_err();
    assert!(open().to_string().contains("cannot be read"));
    let cases = [
        ("\n{\"scorpio_cassette\":2}\n", "line 2: it has version 2"),
        ("hello", "line 1: it is no whole exchange"),
        ("{\"scorpio_cassette\":1,\"digest\":\"x\"", "line 1: it is no whole exchange"),
        (
            r#"{"scorpio_cassette":1,"digest":"x","provider":"p","wire":"w","request":{},"events":[{"sing":1}]}"#,
            "line 1: it has an event that is none",
        ),
    ];
    for (text, says) in cases {
        fs::write(folder.file(), text).unwrap();
        let error = open();
        assert_eq!(error.kind(), ModelErrorKind::Configuration);
        assert!(error.to_string().contains(says), "{error}");
    }
    let nowhere = folder.0.path().join("no/such/folder");
    let error = Record::create(Puppet::new(|_| Turn::new()), nowhere).unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration);
}

/// Add two numbers.
#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

#[tokio::test(start_paused = true)]
async fn whole_runs_of_agents_are_replayed() {
    let folder = Folder::new();
    let script = Scripted::new()
        .turn(
            ScriptedTurn::new().reasoning("Sums.").tool_call("c1", "add", r#"{"a": 2, "b": 40}"#).tool_call(
                "c1",
                "add",
                r#"{"a": 1, "b": 1}"#,
            ),
        )
        .text("They are 42 and 2.");
    let agent = |provider: Model| Agent::builder("adder").with_model(provider).tool(add).build().unwrap();
    let recorder = Record::create(script, folder.file()).unwrap();
    let recorded = agent(Model::new(recorder, "any")).run("Add them.").await.unwrap();
    for _ in 0..2 {
        let replay = Replay::open(folder.file()).unwrap();
        let replayed = agent(Model::new(replay.clone(), "any")).run("Add them.").await.unwrap();
        assert_eq!(replayed.text(), recorded.text());
        assert_eq!(replay.remaining(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn what_fell_back_is_replayed_with_who_answered() {
    let folder = Folder::new();
    let fails = Puppet::named("first", |_, _| Turn::refuse(ModelErrorKind::Quota));
    let answers = Puppet::named("second", |_, _| Turn::text("Hi."));
    let chain = Fallback::new(Model::new(fails, "clever")).or(Model::new(answers, "small"));
    let recorder = Record::create(chain, folder.file()).unwrap();
    let recorded = whole(items(&recorder).await);
    let replayed = whole(items(&Replay::open(folder.file()).unwrap()).await);
    assert_eq!(replayed, recorded);
    assert!(replayed.iter().any(|event| matches!(event, ModelEvent::FellBack(_))));
}
