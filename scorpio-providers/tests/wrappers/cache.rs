//! Which requests are the same, and which answers are kept.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use futures::StreamExt;
use scorpio_core::{
    Json, MediaPart, MediaSource, Message, MessageId, Native, OpaquePart, Origin, Part, Provenance,
    ReasoningPart, Role, RunId, TextPart, ToolCallPart, ToolOutcome, ToolResultPart,
    model::{
        CallContext, FinishReason, LlmProvider, ModelErrorKind, ModelEvent, ModelRequest, OutputSchema,
        PromptCache, ToolChoice, Transcript,
    },
    tool::{ToolCatalog, erase},
};
use scorpio_providers::{AnswerCache, Cache, CacheKey, CachedAnswer, MemoryCache, Retry};
use tokio::time::{advance, sleep};

use crate::support::{Puppet, Turn, ask, items, items_of, request, retries, text_of, whole};

fn counting() -> Puppet {
    Puppet::new(|call| Turn::text(&format!("Answer {call}.")))
}

/// Whether the answer to the one is given to the other.
async fn are_same(one: ModelRequest, other: ModelRequest) -> bool {
    let puppet = counting();
    let cache = Cache::new(puppet.clone());
    let cx = CallContext::new();
    let first = whole(items_of(&cache, one, &cx).await);
    let second = whole(items_of(&cache, other, &cx).await);
    assert_eq!(first == second, puppet.calls() == 1);
    puppet.calls() == 1
}

fn of_parts(role: Role, parts: Vec<Part>) -> ModelRequest {
    of_message(Message::new(role, parts))
}

fn of_message(message: Message) -> ModelRequest {
    ModelRequest::new("clever", Transcript::from_iter([message]))
}

#[tokio::test(start_paused = true)]
async fn the_same_request_gets_the_same_events() {
    let puppet = counting();
    let cache = Cache::new(puppet.clone());
    let first = whole(items(&cache).await);
    for _ in 0..3 {
        assert_eq!(whole(items(&cache.clone()).await), first);
    }
    assert_eq!(puppet.calls(), 1);
    assert_eq!(text_of(&items_of(&cache, ask("Else?"), &CallContext::new()).await), "Answer 1.");
}

/// Add two numbers.
#[scorpio_core::tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

/// Add three numbers.
#[scorpio_core::tool(name = "add")]
fn add_three(a: f64, b: f64, c: f64) -> f64 {
    a + b + c
}

#[tokio::test(start_paused = true)]
async fn everything_that_the_model_sees_counts() {
    let json = |text: &str| Json::parse(text).unwrap();
    let schema = |name| Arc::new(OutputSchema::new(name, json("{}")));
    let tools = |tool| Arc::new(ToolCatalog::new(vec![tool]).unwrap());
    let mut other_model = request();
    other_model.model = "simple".into();
    let mut variants = vec![
        request(),
        other_model,
        ask("Hello!"),
        of_message(Message::assistant("Hello?")),
        request().with_instructions("Be brief."),
        request().with_instructions("Be very brief."),
        request().with_tools(tools(erase(add))),
        request().with_tools(tools(erase(add_three))),
        request().with_tool_choice(ToolChoice::None),
        request().with_tool_choice(ToolChoice::Required),
        request().with_tool_choice(ToolChoice::Tool("add".to_owned())),
        request().with_parallel_tool_calls(true),
        request().with_parallel_tool_calls(false),
        request().with_output(schema("a")),
        request().with_output(schema("b")),
        request().with_max_output_tokens(10),
        request().with_temperature(0.0),
        request().with_temperature(0.5),
        request().with_reasoning_effort("low"),
        request().with_extra(json(r#"{"seed":1}"#)),
        request().with_extra(json(r#"{"seed":2}"#)),
    ];
    let text = |text: &str| TextPart::new(text, Provenance::Model);
    let call = |name: &str, arguments: &str| Part::ToolCall(ToolCallPart::new("c", name, arguments));
    let result = |output: &str, status| {
        Part::ToolResult(ToolResultPart::new("c".into(), "add", json(output), status, Provenance::User))
    };
    let media = |source| Part::Media(MediaPart::new("image/png", source));
    for part in [
        Part::Text(text("x")),
        Part::Text(text("x").with_native(json("1"))),
        Part::Text(text("x").with_native(json("2"))),
        Part::Reasoning(ReasoningPart::new("x")),
        Part::Reasoning(ReasoningPart::new("x").with_native(json("1"))),
        Part::Opaque(OpaquePart::new(Native::new(json("1")))),
        call("add", "{}"),
        call("add", "{ }"),
        call("sub", "{}"),
        result("1", ToolOutcome::Completed),
        result("2", ToolOutcome::Completed),
        result("1", ToolOutcome::Failed),
        media(MediaSource::Base64("AAAA".to_owned())),
        media(MediaSource::Base64("BBBB".to_owned())),
        media(MediaSource::Url("AAAA".to_owned())),
        Part::Media(MediaPart::new("image/png", MediaSource::Base64("AAAA".to_owned())).with_filename("a")),
    ] {
        variants.push(of_parts(Role::Assistant, vec![part]));
    }
    // One message of two texts is not two messages of one, and pieces do not run into each other.
    let texts = |texts: &[&str]| texts.iter().map(|x| Part::Text(text(x))).collect::<Vec<_>>();
    variants.push(of_parts(Role::User, texts(&["a", "b"])));
    variants.push(of_parts(Role::User, texts(&["ab"])));
    variants
        .push(ModelRequest::new("clever", Transcript::from_iter([Message::user("a"), Message::user("b")])));
    // Verbatim items go back to where they came from.
    let native = Message::new(Role::Assistant, vec![Part::Text(text("y").with_native(json("1")))]);
    for wire in ["a", "b"] {
        variants.push(of_message(native.clone().with_origin(Origin::new("p", wire, "m"))));
    }
    // Which call a result answers.
    for (one, two) in [("c", "d"), ("d", "c")] {
        let parts = [("c", "1"), ("d", "2")].map(|(id, a)| Part::ToolCall(ToolCallPart::new(id, "add", a)));
        let results = [one, two].map(|id| {
            Part::ToolResult(ToolResultPart::new(
                id.into(),
                "add",
                json("1"),
                ToolOutcome::Completed,
                Provenance::User,
            ))
        });
        let messages =
            [Message::new(Role::Assistant, parts.into()), Message::new(Role::Tool, results.into())];
        variants.push(ModelRequest::new("clever", Transcript::from_iter(messages)));
    }

    let puppet = counting();
    let cache = Cache::new(puppet.clone());
    for (number, variant) in variants.iter().enumerate() {
        let items = items_of(&cache, variant.clone(), &CallContext::new()).await;
        assert_eq!(
            text_of(&items),
            format!("Answer {number}."),
            "variant {number} is the same as one before"
        );
    }
    for (number, variant) in variants.iter().enumerate() {
        let items = items_of(&cache, variant.clone(), &CallContext::new()).await;
        assert_eq!(text_of(&items), format!("Answer {number}."));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_model_does_not_see_does_not_count() {
    let json = |text: &str| Json::parse(text).unwrap();
    let message = || Message::user("Hello?");
    let plain = || of_message(message());
    assert!(are_same(plain(), plain()).await, "ids and times are different");
    assert!(are_same(plain(), of_message(message().with_id(MessageId::new()))).await);
    assert!(are_same(plain(), of_message(message().with_run(RunId::new()))).await);
    assert!(are_same(plain(), of_message(message().with_metadata(json("{}")))).await);
    assert!(are_same(plain(), plain().with_prompt_cache(PromptCache::Long)).await);
    let answer = |id: &str| {
        let call = Part::ToolCall(ToolCallPart::new(id, "add", "{}"));
        let result =
            ToolResultPart::new(id.into(), "add", json("1"), ToolOutcome::Completed, Provenance::User);
        let messages = [
            Message::new(Role::Assistant, vec![call]),
            Message::new(Role::Tool, vec![Part::ToolResult(result)]),
        ];
        ModelRequest::new("clever", Transcript::from_iter(messages))
    };
    assert!(are_same(answer("call_1"), answer("call_2")).await);
    let data: Part = serde_json::from_str(r#"{"type":"data","name":"n","data":1}"#).unwrap();
    let shown = Part::text("Hello?", Provenance::User);
    assert!(are_same(plain(), of_parts(Role::User, vec![data, shown])).await);
}

#[tokio::test(start_paused = true)]
async fn providers_and_wires_do_not_share_answers() {
    let answers: Arc<dyn AnswerCache> = Arc::new(MemoryCache::default());
    let cached = |id: &'static str| {
        Cache::new(Puppet::named(id, move |_, _| Turn::text(id))).with_shared_answers(Arc::clone(&answers))
    };
    assert_eq!(text_of(&items(&cached("a")).await), "a");
    assert_eq!(text_of(&items(&cached("b")).await), "b");
    assert_eq!(text_of(&items(&cached("a")).await), "a");
}

#[tokio::test(start_paused = true)]
async fn only_whole_answers_are_kept() {
    let turns: [fn() -> Turn; 4] = [
        || Turn::refuse(ModelErrorKind::Overloaded),
        || Turn::new().start().delta("x").fail(ModelErrorKind::Truncated),
        || Turn::new().start().delta("x").end("x"),
        Turn::new,
    ];
    for turn in turns {
        let puppet = Puppet::new(move |call| if call == 0 { turn() } else { Turn::text("Whole.") });
        let cache = Cache::new(puppet.clone());
        items(&cache).await;
        assert_eq!(text_of(&items(&cache).await), "Whole.");
        assert_eq!(text_of(&items(&cache).await), "Whole.");
        assert_eq!(puppet.calls(), 2);
    }
    // Dropped before the finish, after each number of events.
    for events in 0..5 {
        let puppet = counting();
        let cache = Cache::new(puppet.clone());
        let mut stream = cache.stream(request(), &CallContext::new()).await.unwrap();
        for _ in 0..events {
            let event = stream.next().await.unwrap().unwrap();
            assert!(!matches!(event, ModelEvent::Finish { .. }) || events == 5);
        }
        drop(stream);
        items(&cache).await;
        assert_eq!(puppet.calls(), if events == 5 { 1 } else { 2 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_replayed_answer_announces_no_retries() {
    let puppet =
        Puppet::new(
            |call| if call == 0 { Turn::refuse(ModelErrorKind::Overloaded) } else { Turn::text("x") },
        );
    let cache = Cache::new(Retry::new(puppet));
    let first = items(&cache).await;
    assert_eq!(retries(&first).len(), 1);
    let first: Vec<_> =
        whole(first).into_iter().filter(|event| !matches!(event, ModelEvent::Retrying(_))).collect();
    assert_eq!(whole(items(&cache).await), first);
}

#[tokio::test(start_paused = true)]
async fn answers_grow_old() {
    let puppet = counting();
    let cache = Cache::new(puppet.clone()).with_answers(MemoryCache::new(1 << 20, Duration::from_secs(10)));
    items(&cache).await;
    advance(Duration::from_millis(9_999)).await;
    items(&cache).await;
    assert_eq!(puppet.calls(), 1);
    advance(Duration::from_millis(1)).await;
    items(&cache).await;
    assert_eq!(puppet.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn memory_is_bounded_and_keeps_what_is_asked_for() {
    let text = "x".repeat(1000);
    let puppet = Puppet::new(move |_| Turn::text(&text));
    let memory = Arc::new(MemoryCache::new(40_000, Duration::from_secs(3600)));
    let cache = Cache::new(puppet.clone()).with_shared_answers(Arc::clone(&memory) as Arc<dyn AnswerCache>);
    let cx = CallContext::new();
    for number in 0..100 {
        items_of(&cache, ask(&number.to_string()), &cx).await;
        items_of(&cache, ask("0"), &cx).await;
        assert!(memory.len() <= 40, "{}", memory.len());
    }
    assert!(memory.len() > 5, "{}", memory.len());
    assert_eq!(puppet.calls(), 100, "the one that is asked for all the time stays");
    items_of(&cache, ask("1"), &cx).await;
    assert_eq!(puppet.calls(), 101, "the oldest has gone");

    let large = "x".repeat(10_000);
    let puppet = Puppet::new(move |_| Turn::text(&large));
    let cache = Cache::new(puppet.clone()).with_shared_answers(memory);
    items_of(&cache, ask("large"), &cx).await;
    items_of(&cache, ask("large"), &cx).await;
    assert_eq!(puppet.calls(), 2, "what would take too much of the room is not kept");
}

/// A shared store that takes its time, and keeps the JSON of what it is given.
#[derive(Debug, Default)]
struct Slow(Mutex<Vec<(String, String)>>);

#[async_trait]
impl AnswerCache for Slow {
    async fn get(&self, key: &CacheKey) -> Option<CachedAnswer> {
        sleep(Duration::from_millis(5)).await;
        let kept = self.0.lock().unwrap();
        let (_, json) = kept.iter().find(|(known, _)| *known == key.to_string())?;
        let events: Vec<ModelEvent> = serde_json::from_str(json).unwrap();
        Some(events.into())
    }

    async fn put(&self, key: CacheKey, answer: CachedAnswer) {
        sleep(Duration::from_millis(5)).await;
        self.0.lock().unwrap().push((key.to_string(), serde_json::to_string(&*answer).unwrap()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_of_ones_own_can_stand_behind_it() {
    let puppet = counting();
    let cache = Cache::new(puppet.clone()).with_answers(Slow::default());
    let first = whole(items(&cache).await);
    assert_eq!(first.last(), Some(&ModelEvent::Finish { reason: FinishReason::Stop }));
    assert_eq!(whole(items(&cache).await), first);
    assert_eq!(puppet.calls(), 1);
}
