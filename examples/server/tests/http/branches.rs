//! Edited questions, answers that are written anew, and copies.

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Person, Puppet, TestServer, ok, post, problem};

async fn say(server: &TestServer, model: &mut Puppet, person: &Person, body: &Value, said: &str) {
    let answer = person.sign(server.post("/api/chat").json(body)).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    model.call().await.answer(said);
    answer.text().await.unwrap();
}

fn again(id: &str, text: &str) -> Value {
    let mut body = post("chat-1", id, text);
    body["trigger"] = json!("regenerate-message");
    body["messageId"] = json!(id);
    body
}

async fn branches(server: &TestServer, person: &Person) -> Value {
    ok(person.sign(server.get("/api/chat/chat-1/branches")).send().await.unwrap()).await["branches"].clone()
}

async fn switch(server: &TestServer, person: &Person, to: Value) -> Response {
    person.sign(server.post("/api/chat/chat-1/branch").json(&to)).send().await.unwrap()
}

async fn texts(server: &TestServer, person: &Person, chat: &str) -> Vec<String> {
    let stored = server.messages(person, chat).await;
    let parts =
        stored["messages"].as_array().unwrap().iter().map(|message| message["parts"].as_array().unwrap());
    parts.map(|parts| parts.last().unwrap()["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn nothing_is_lost_by_asking_otherwise() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    say(&server, &mut model, &guest, &post("chat-1", "m1", "One?"), "1").await;
    assert_eq!(branches(&server, &guest).await, json!([]));
    say(&server, &mut model, &guest, &again("m1", "One?"), "uno").await;
    say(&server, &mut model, &guest, &post("chat-1", "m2", "Two?"), "2").await;
    say(&server, &mut model, &guest, &again("m2", "Three?"), "3").await;
    let found = branches(&server, &guest).await;
    assert_eq!(found.as_array().unwrap().len(), 2, "{found}");
    let [answer, question] = [&found[0], &found[1]];
    assert_eq!((&answer["after"], &answer["differs"]), (&json!(0), &json!("answer")));
    assert_eq!(question["differs"], "question");
    let current = |point: &Value| -> Vec<bool> {
        point["ways"].as_array().unwrap().iter().map(|way| way["current"].as_bool().unwrap()).collect()
    };
    assert_eq!((current(answer), current(question)), (vec![false, true], vec![false, true]));
    assert_eq!(texts(&server, &guest, "chat-1").await, ["One?", "uno", "Three?", "3"]);

    let to = json!({"seq": question["ways"][0]["seq"]});
    assert_eq!(ok(switch(&server, &guest, to).await).await["id"], "chat-1");
    assert_eq!(texts(&server, &guest, "chat-1").await, ["One?", "uno", "Two?", "2"]);
    let to = json!({"messageId": answer["ways"][0]["answerId"]});
    ok(switch(&server, &guest, to).await).await;
    assert_eq!(texts(&server, &guest, "chat-1").await, ["One?", "1"]);
    let found = branches(&server, &guest).await;
    assert_eq!(current(&found[0]), [true, false]);
    say(&server, &mut model, &guest, &post("chat-1", "m3", "And?"), "Well.").await;
    assert_eq!(texts(&server, &guest, "chat-1").await, ["One?", "1", "And?", "Well."]);
}

#[tokio::test]
async fn a_way_that_is_none_is_refused() {
    let (server, mut model) = TestServer::puppet().await;
    let (guest, stranger) = (server.guest().await, server.guest().await);
    say(&server, &mut model, &guest, &post("chat-1", "m1", "One?"), "1").await;
    problem(switch(&server, &guest, json!({"seq": 99})).await, 404, "not_found:chat").await;
    problem(switch(&server, &guest, json!({"messageId": "nope"})).await, 404, "not_found:chat").await;
    problem(switch(&server, &guest, json!({})).await, 400, "bad_request:chat").await;
    problem(switch(&server, &guest, json!({"seq": 1, "messageId": "m1"})).await, 400, "bad_request:chat")
        .await;
    problem(switch(&server, &stranger, json!({"seq": 1})).await, 404, "not_found:chat").await;
    let open = server.send(&guest, "chat-1", "m2", "Two?").await;
    let call = model.call().await;
    problem(switch(&server, &guest, json!({"seq": 1})).await, 409, "conflict:chat").await;
    call.answer("2");
    open.text().await.unwrap();
}

#[tokio::test]
async fn a_copy_goes_on_by_itself() {
    let (server, mut model) = TestServer::puppet().await;
    let (guest, stranger) = (server.guest().await, server.guest().await);
    say(&server, &mut model, &guest, &post("chat-1", "m1", "One?"), "1").await;
    say(&server, &mut model, &guest, &post("chat-1", "m2", "Two?"), "2").await;
    let fork = async |person: &Person, id: &Value| {
        let request = server.post("/api/chat/chat-1/fork").json(&json!({"messageId": id}));
        person.sign(request).send().await.unwrap()
    };
    let answer = server.messages(&guest, "chat-1").await["messages"][1]["id"].clone();
    let forked = fork(&guest, &answer).await;
    assert_eq!(forked.status(), StatusCode::CREATED);
    let chat = forked.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!(texts(&server, &guest, &chat).await, ["One?", "1"]);
    say(&server, &mut model, &guest, &post(&chat, "m3", "Other?"), "O").await;
    assert_eq!(texts(&server, &guest, &chat).await, ["One?", "1", "Other?", "O"]);
    assert_eq!(texts(&server, &guest, "chat-1").await, ["One?", "1", "Two?", "2"]);
    problem(fork(&guest, &json!("nope")).await, 404, "not_found:chat").await;
    problem(fork(&stranger, &answer).await, 404, "not_found:chat").await;
}

#[tokio::test]
async fn a_chat_can_be_taken_along() {
    let (server, mut model) = TestServer::puppet().await;
    let (guest, other) = (server.guest().await, server.guest().await);
    say(&server, &mut model, &guest, &post("chat-1", "m1", "One?"), "1").await;
    say(&server, &mut model, &guest, &again("m1", "One?"), "uno").await;
    let export = async |person: &Person, chat: &str| {
        person.sign(server.get(&format!("/api/chat/{chat}/export"))).send().await.unwrap()
    };
    problem(export(&other, "chat-1").await, 404, "not_found:chat").await;
    let exported = export(&guest, "chat-1").await;
    assert_eq!(exported.headers()["content-type"], "application/x-ndjson");
    let lines = exported.text().await.unwrap();
    let import = async |text: String, media_type: &str| {
        let request = server.post("/api/chat/import").header("content-type", media_type).body(text);
        other.sign(request).send().await.unwrap()
    };
    let imported = import(lines.clone(), "application/x-ndjson").await;
    assert_eq!(imported.status(), StatusCode::CREATED);
    let chat = imported.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    assert_ne!(chat, "chat-1");
    assert_eq!(texts(&server, &other, &chat).await, ["One?", "uno"]);
    let again = export(&other, &chat).await.text().await.unwrap();
    assert_eq!(again.lines().skip(1).collect::<Vec<_>>(), lines.lines().skip(1).collect::<Vec<_>>());

    let wrong = import(lines.replace("\"role\"", "\"rule\""), "application/x-ndjson").await;
    let told = problem(wrong, 400, "bad_request:chat").await;
    assert!(told["detail"].as_str().unwrap().starts_with("line 2: "), "{told}");
    let backwards: String = lines.lines().rev().map(|line| format!("{line}\n")).collect();
    problem(import(backwards, "application/x-ndjson").await, 400, "bad_request:chat").await;
    let gap: String =
        lines.lines().enumerate().filter(|(at, _)| *at != 1).map(|(_, line)| format!("{line}\n")).collect();
    problem(import(gap, "application/x-ndjson").await, 400, "bad_request:chat").await;
    problem(import(lines, "application/json").await, 415, "unsupported_media_type:api").await;
}
