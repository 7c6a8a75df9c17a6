//! Coming back to an answer from wherever the connection broke: the same bytes, none missing and none twice.

use std::sync::Arc;

use jiff::Timestamp;
use reqwest::StatusCode;
use scorpio_core::{
    model::{FinishReason, Model, ModelError, ModelErrorKind, Scripted, ScriptedTurn},
    tool,
};
use scorpio_server::{App, AppBuilder, Stores};
use scorpio_store::SqliteStore;
use serde_json::json;

use crate::harness::{Person, TestServer, problem};

/// Say it back.
#[tool(pure)]
fn echo(text: String) -> String {
    text
}

/// Say it out loud.
#[tool(approval)]
fn shout(text: String) -> String {
    text.to_uppercase()
}

/// Fail.
#[tool(pure)]
fn fail() -> Result<String, std::fmt::Error> {
    Err(std::fmt::Error)
}

fn turn() -> ScriptedTurn {
    ScriptedTurn::new()
}

fn call(id: &str, tool: &str) -> ScriptedTurn {
    turn().tool_call(id, tool, r#"{"text": "a\n\nb"}"#)
}

/// The turns of twenty answers, all unlike.
fn recorded() -> Vec<Vec<ScriptedTurn>> {
    let broken = || ModelError::new(ModelErrorKind::Auth, "no");
    vec![
        vec![turn().text("One word after the other.")],
        vec![turn().reasoning("Let me think.").text("Yes.")],
        vec![turn().text("")],
        vec![turn().text("Line\n\nafter \r line \u{2028} \"quoted\" 🦂")],
        vec![call("a", "echo"), turn().text("Done.")],
        vec![turn().text("First").tool_call("a", "echo", r#"{"text": "x"}"#), turn().text("then.")],
        vec![call("a", "echo").tool_call("b", "echo", r#"{"text": "y"}"#), turn().text("Both.")],
        vec![call("a", "echo"), call("a", "echo"), call("a", "echo"), turn().text("Three times.")],
        vec![turn().tool_call("a", "fail", "{}"), turn().text("It failed.")],
        vec![turn().tool_call("a", "nothing", "{}"), turn().text("There is none.")],
        vec![turn().tool_call("a", "echo", "{"), turn().text("That was no JSON.")],
        vec![turn().text("Too long").finish(FinishReason::Length)],
        vec![turn().text("Not that").finish(FinishReason::ContentFilter)],
        vec![turn().text("Half").error(broken())],
        vec![turn().tool_call("a", "echo", "{\"te").error(broken())],
        vec![turn().refuse(broken())],
        vec![turn().text("Broken").cut(), turn().text("off and whole.")],
        vec![call("a", "echo"), turn().text("Broken").cut(), turn().reasoning("Again").text("whole.")],
        vec![turn().deltas(["a", "", "b", "c", "d", "e", "f", "g"])],
        vec![
            call("a", "fail").tool_call("b", "echo", r#"{"text": "y"}"#),
            call("a", "echo"),
            turn().text("Mixed."),
        ],
    ]
}

fn app(script: Scripted, stores: Stores) -> AppBuilder {
    let builder = App::builder(Model::new(script, "any")).title_model(None).stores(stores);
    builder.tool(echo).tool(shout).tool(fail)
}

async fn stores() -> Stores {
    Stores::of(Arc::new(SqliteStore::in_memory().await.unwrap()))
}

/// What a client is sent that has the answer up to the frame `seen`.
async fn rest(server: &TestServer, person: &Person, chat: &str, seen: &str) -> String {
    let request = server.get(&format!("/api/chat/{chat}/stream")).header("last-event-id", seen);
    let answer = person.sign(request).send().await.unwrap();
    match answer.status() {
        StatusCode::NO_CONTENT => String::new(),
        status => {
            assert_eq!(status, StatusCode::OK);
            answer.text().await.unwrap()
        }
    }
}

/// Checks each frame behind which the connection may have broken.
async fn expect_same_bytes(server: &TestServer, person: &Person, chat: &str, whole: &str) -> usize {
    let mut read = 0;
    let mut cuts = 0;
    for frame in whole.split_inclusive("\n\n") {
        read += frame.len();
        cuts += 1;
        let seen = frame.strip_prefix("id: ").unwrap().lines().next().unwrap();
        let resumed = rest(server, person, chat, seen).await;
        assert_eq!(resumed, whole[read..], "{chat}, behind {seen}");
    }
    cuts
}

#[tokio::test]
async fn every_place_where_the_connection_of_twenty_answers_may_break() {
    let recorded = recorded();
    assert_eq!(recorded.len(), 20);
    let script = recorded.into_iter().flatten().fold(Scripted::new(), Scripted::turn);
    let stores = stores().await;
    let server = TestServer::start(app(script, stores.clone())).await;
    let guest = server.guest().await;
    let mut answers = Vec::new();
    for number in 0..20 {
        let chat = format!("chat-{number}");
        let whole = server.send(&guest, &chat, "m1", "Go.").await.text().await.unwrap();
        assert!(whole.ends_with("data: [DONE]\n\n"), "{whole}");
        answers.push((chat, whole));
    }
    let mut cuts = 0;
    for (chat, whole) in &answers {
        cuts += expect_same_bytes(&server, &guest, chat, whole).await;
    }
    assert!(cuts > 200, "{cuts} places are few");
    // Another server on the same stores, as after a restart, says the same.
    server.stop().await;
    let next = TestServer::start(app(Scripted::new(), stores)).await;
    for (chat, whole) in &answers {
        expect_same_bytes(&next, &guest, chat, whole).await;
    }
}

#[tokio::test]
async fn an_answer_that_paused_is_one_stream_for_whoever_comes_back() {
    let script = Scripted::new().turn(call("a", "shout")).turn(turn().text("Said."));
    let server = TestServer::start(app(script, stores().await)).await;
    let guest = server.guest().await;
    let first = server.send(&guest, "chat-1", "m1", "Go.").await.text().await.unwrap();
    expect_same_bytes(&server, &guest, "chat-1", &first).await;
    let message = server.messages(&guest, "chat-1").await["messages"][1].clone();
    let body = json!({"id": "chat-1", "messages": [approved(message)], "trigger": "submit-message"});
    let answer = guest.sign(server.post("/api/chat").json(&body)).send().await.unwrap();
    let second = answer.text().await.unwrap();
    assert!(second.contains("A\\n\\nB") && second.contains(r#""finishReason":"stop""#), "{second}");
    expect_same_bytes(&server, &guest, "chat-1", &format!("{first}{second}")).await;
}

fn approved(mut message: serde_json::Value) -> serde_json::Value {
    for part in message["parts"].as_array_mut().unwrap() {
        if part["state"] == "approval-requested" {
            part["state"] = json!("approval-responded");
            part["approval"]["approved"] = json!(true);
        }
    }
    message
}

#[tokio::test]
async fn what_is_no_place_in_an_answer_of_ones_own_is_refused() {
    let stores = stores().await;
    let log = stores.log.clone();
    let script = Scripted::new().text("Mine.").text("Theirs.");
    let server = TestServer::start(app(script, stores)).await;
    let (owner, other) = (server.guest().await, server.guest().await);
    let mine = server.send(&owner, "chat-1", "m1", "Go.").await.text().await.unwrap();
    server.send(&other, "chat-2", "m1", "Go.").await.text().await.unwrap();
    let seen = mine.strip_prefix("id: ").unwrap().lines().next().unwrap().to_owned();
    let run = seen.split(':').next().unwrap();
    let ask = async |person: &Person, chat: &str, id: &str| {
        let request = server.get(&format!("/api/chat/{chat}/stream")).header("last-event-id", id);
        person.sign(request).send().await.unwrap()
    };
    let garbage = ["", "x", "17", "-1", run, &format!("{run}:"), &format!("{run}:0"), &format!("{run}:0.-1")];
    for id in garbage {
        problem(ask(&owner, "chat-1", id).await, 400, "bad_request:stream").await;
    }
    for huge in [format!("{run}:0.18446744073709551615"), format!("{run}:0.{}", "9".repeat(4_000))] {
        problem(ask(&owner, "chat-1", &huge).await, 400, "bad_request:stream").await;
    }
    let unknown = format!("{}:0.1", scorpio_core::RunId::new());
    problem(ask(&owner, "chat-1", &unknown).await, 404, "not_found:stream").await;
    problem(ask(&other, "chat-1", &seen).await, 404, "not_found:chat").await;
    problem(ask(&other, "chat-2", &seen).await, 404, "not_found:stream").await;
    assert_eq!(ask(&owner, "chat-1", &seen).await.status(), StatusCode::OK);
    log.expire(Timestamp::MAX).await.unwrap();
    problem(ask(&owner, "chat-1", &seen).await, 410, "gone:stream").await;
}
