//! Conversations of an agent over many turns: what the model thought goes back as it came, and nothing in the history ever changes.

use std::sync::Arc;

use scorpio_core::{
    Agent, AgentBuilder, SessionId,
    model::{Model, Scripted, ScriptedTurn},
    store::MemoryStore,
    tool,
};
use scorpio_providers::{Anthropic, AnthropicBuilder};
use scorpio_testkit::{Asked, Part, Refusal, Rule, Script, Stop, StrictProvider, Turn, Verdict};
use serde_json::json;

use crate::strict::Strict;

/// Add two numbers.
#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

/// The time.
#[tool]
fn now() -> &'static str {
    "noon"
}

fn server(turns: impl IntoIterator<Item = Turn>) -> StrictProvider {
    StrictProvider::new(Script::in_order(turns))
}

fn anthropic(server: &StrictProvider) -> AnthropicBuilder {
    Anthropic::builder()
        .base_url("http://anthropic.example")
        .api_key("sk-ant-0123456789")
        .transport(Strict(server.clone()))
}

fn agent(model: Model, store: &Arc<MemoryStore>) -> AgentBuilder {
    let agent = Agent::builder("test").instructions("Be brief.").store(Arc::clone(store) as _);
    agent.with_model(model).tool(add).tool(now)
}

fn claude(provider: &Anthropic) -> Model {
    Model::new(provider.clone(), "claude-sonnet-5-5")
}

/// A turn that thinks and calls two tools at once, and one that thinks again and answers.
fn round(number: usize) -> [Turn; 2] {
    let calls = Turn::new().reasoning(format!("Two calls, {number}.\n\"Both\" at once.")).hidden_reasoning();
    let calls = calls.and_text("Let me look.").call("add", json!({"a": number, "b": 0.5}));
    [calls.call("now", json!({})), Turn::new().reasoning("").and_text(format!("Answer {number}."))]
}

/// A request as it was sent.
fn text(asked: &Asked) -> &str {
    std::str::from_utf8(asked.request.bytes()).unwrap()
}

/// The messages of a request as they were sent, without the end of the list.
fn history(asked: &Asked) -> &str {
    let (_, messages) = text(asked).split_once("\"messages\":[").unwrap();
    messages.split_once("]}],\"stream\"").unwrap().0
}

#[tokio::test]
async fn ten_rounds_of_thinking_and_parallel_tools_only_ever_add_to_the_history() {
    let server = server((0..10).flat_map(round));
    let store = Arc::new(MemoryStore::new());
    let agent = agent(claude(&anthropic(&server).build().unwrap()), &store).build().unwrap();
    let session = SessionId::new();
    for number in 0..10 {
        let outcome = agent.run(format!("Question {number}")).session(&session).await.unwrap();
        assert!(outcome.text().ends_with(&format!("Answer {number}.")), "{}", outcome.text());
    }
    assert_eq!(server.refusals(), []);
    let asked = server.asked();
    assert_eq!((asked.len(), server.turns_left()), (20, 0));
    for pair in asked.windows(2) {
        assert!(text(&pair[1]).contains(history(&pair[0])), "{}\n{}", text(&pair[0]), text(&pair[1]));
    }
    let last = asked.last().unwrap();
    assert_eq!(last.request.body()["messages"].as_array().unwrap().len(), 39);
    let results = &last.request.body()["messages"][38]["content"];
    assert_eq!((&results[0]["content"], &results[1]["content"]), (&json!("9.5"), &json!("noon")));
    assert_eq!(text(last).matches("\"type\":\"thinking\"").count(), 19);
}

#[tokio::test]
async fn thinking_that_has_lost_its_conversation_is_dropped() {
    let server = server((0..3).flat_map(round));
    let store = Arc::new(MemoryStore::new());
    let provider = anthropic(&server).beta("other-beta").build().unwrap();
    let session = SessionId::new();
    let before = agent(claude(&provider), &store).build().unwrap();
    before.run("Question 0").session(&session).await.unwrap();
    assert_eq!(server.refusals(), []);

    let after = agent(claude(&provider), &store).instructions("Be long.").build().unwrap();
    for number in 1..3 {
        let outcome = after.run("And now?").session(&session).await.unwrap();
        assert!(outcome.text().ends_with(&format!("Answer {number}.")));
    }
    // Each request is refused once, and asked again with the old thinking left to be dropped.
    assert_eq!(server.refusals().len(), 4);
    let asked = server.asked();
    let again: Vec<&Asked> =
        asked.iter().filter(|asked| asked.request.body()["thinking"].is_object()).collect();
    assert_eq!(again.len(), 4);
    for asked in again {
        assert_eq!(
            asked.request.headers()["anthropic-beta"],
            "other-beta,thinking-binding-controls-2026-08-01"
        );
        assert!(
            matches!(&asked.verdict, Verdict::Answered { transformations, .. } if !transformations.is_empty()),
            "{:?}",
            asked.verdict
        );
    }
    assert_eq!(asked[2].request.headers()["anthropic-beta"], "other-beta");
    assert_eq!((history(&asked[2]), server.turns_left()), (history(&asked[3]), 0));
}

#[tokio::test]
async fn unless_it_is_to_fail() {
    let server = server(round(0));
    let store = Arc::new(MemoryStore::new());
    let provider = anthropic(&server).drop_unbound_thinking(false).build().unwrap();
    let session = SessionId::new();
    agent(claude(&provider), &store).build().unwrap().run("Question 0").session(&session).await.unwrap();
    let after = agent(claude(&provider), &store).instructions("Be long.").build().unwrap();
    after.run("And now?").session(&session).await.unwrap_err();
    let refusals: Vec<Refusal> = server.refusals();
    assert_eq!((refusals.len(), refusals[0].rule), (1, Some(Rule::ThinkingKept)));
    assert!(refusals[0].message.contains("bound to a different conversation"));
}

#[tokio::test]
async fn a_conversation_may_come_from_another_vendor_and_go_on_with_another_model() {
    let calls = ScriptedTurn::new().reasoning("Secret.").tool_call("call:1", "add", r#"{"a":1,"b":2}"#);
    let broken = calls.tool_call("call.1", "functions.add", r#"{"a":"#).tool_call("call 1", "now", "");
    let other = Model::new(Scripted::new().turn(broken).text("Three."), "other");
    let server = server(round(1).into_iter().chain(round(2)));
    let provider = anthropic(&server).build().unwrap();
    let (store, session) = (Arc::new(MemoryStore::new()), SessionId::new());
    agent(other, &store).build().unwrap().run("One?").session(&session).await.unwrap();
    agent(claude(&provider), &store).build().unwrap().run("Two?").session(&session).await.unwrap();
    let opus = Model::new(provider, "claude-opus-5-5");
    agent(opus, &store).build().unwrap().run("Three?").session(&session).await.unwrap();
    assert_eq!(server.refusals(), []);
    let asked = server.asked();
    assert!(asked.iter().all(|asked| !text(asked).contains("Secret.")));
    // What Sonnet thought is its own.
    assert!(text(&asked[1]).contains("Two calls, 1.") && !text(&asked[2]).contains("Two calls, 1."));
    assert!(text(&asked[2]).contains("Let me look."));
}

#[tokio::test]
async fn a_model_that_pauses_goes_on_with_what_it_said() {
    let server = server([
        Turn::new().reasoning("Hm.").part(Part::ServerSearch { query: "x".into() }).stop(Stop::Pause),
        Turn::text("Found."),
    ]);
    let store = Arc::new(MemoryStore::new());
    let agent = agent(claude(&anthropic(&server).build().unwrap()), &store).build().unwrap();
    assert_eq!(agent.run("Search.").await.unwrap().text(), "Found.");
    assert_eq!(server.refusals(), []);
    let asked = server.asked();
    let last = &asked[1].request.body()["messages"][1];
    assert_eq!(last["role"], "assistant");
    assert_eq!(last["content"][1]["input"], json!({"query": "x"}));
}
