//! Answers: streamed, resumed, repeated, stopped, abandoned and failed.

use std::time::Duration;

use reqwest::StatusCode;
use scorpio_core::{
    model::{Model, ModelError, ModelErrorKind, Scripted},
    ui::FrameId,
};
use scorpio_server::{App, Settings, Stores};
use serde_json::{Value, json};

use crate::harness::{PATIENCE, Person, Puppet, Reader, TestServer, chunks, ok, post, problem, text};

async fn resume(server: &TestServer, person: &Person, chat: &str) -> reqwest::Response {
    person.sign(server.get(&format!("/api/chat/{chat}/stream"))).send().await.unwrap()
}

async fn stop(server: &TestServer, person: &Person, chat: &str) -> Value {
    ok(person.sign(server.post(&format!("/api/chat/{chat}/stop"))).send().await.unwrap()).await
}

fn types(body: &str) -> Vec<String> {
    chunks(body).iter().map(|chunk| chunk["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn why_is_the_sky_blue() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let answer = server.send(&guest, "chat-1", "m1", "Why is the sky blue?").await;
    let headers = answer.headers().clone();
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["x-vercel-ai-ui-message-stream"], "v1");
    assert_eq!(headers["cache-control"], "no-cache");
    assert_eq!(headers["x-ratelimit-limit"], "20");
    assert_eq!(headers["x-ratelimit-remaining"], "19");
    let reset: i64 = headers["x-ratelimit-reset"].to_str().unwrap().parse().unwrap();
    assert_eq!(reset, server.clock.now().as_second() + 24 * 60 * 60);
    let body = answer.text().await.unwrap();
    let expected = [
        "start",
        "start-step",
        "text-start",
        "text-delta",
        "text-delta",
        "text-delta",
        "text-delta",
        "text-end",
        "finish-step",
        "finish",
    ];
    assert_eq!(types(&body), expected);
    let deltas: Vec<_> =
        chunks(&body).into_iter().filter_map(|chunk| chunk["delta"].as_str().map(str::to_owned)).collect();
    assert_eq!(deltas, ["It's ", "just ", "blue ", "duh!"]);
    assert!(body.ends_with("data: [DONE]\n\n"));
    let ids: Vec<FrameId> = body.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    let order = |id: &FrameId| (id.leg, id.seq, id.frame.unwrap_or(u32::MAX));
    assert!(ids.is_sorted_by(|a, b| a.run == b.run && order(a) < order(b)), "{ids:?}");
    assert_eq!(ids.len(), body.matches("data: ").count(), "each frame has one");

    let stored = server.messages(&guest, "chat-1").await;
    assert_eq!(stored["chat"]["title"], "Why is the sky blue?");
    let (asked, said) = (&stored["messages"][0], &stored["messages"][1]);
    assert_eq!((asked["id"].as_str(), asked["role"].as_str()), (Some("m1"), Some("user")));
    assert_eq!(said["id"], chunks(&body)[0]["messageId"]);
    assert_eq!(said["metadata"]["status"], "complete");
    assert_eq!(said["parts"][1], json!({"type": "text", "text": "It's just blue duh!", "state": "done"}));
}

#[tokio::test]
async fn the_whole_form_of_the_sdk_is_taken_and_its_last_question_counts() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let body = json!({
        "id": "chat-1",
        "messages": [
            {"id": "old", "role": "user", "parts": [{"type": "text", "text": "Ignored"}], "metadata": {"x": 1}},
            {"id": "a", "role": "assistant", "parts": [{"type": "step-start"}, {"type": "text", "text": "?"}]},
            {"id": "m1", "role": "user", "parts": [{"type": "text", "text": "Hello?", "state": "done"}]},
        ],
        "trigger": "submit-message",
        "messageId": null,
        "selectedChatModel": "chat-model",
    });
    let answer = guest.sign(server.post("/api/chat").json(&body)).send().await.unwrap();
    let call = model.call().await;
    assert_eq!(
        call.request.transcript.messages().map(|message| message.text()).collect::<Vec<_>>(),
        ["Hello?"]
    );
    call.answer("Hello!");
    assert_eq!(text(&answer.text().await.unwrap()), "Hello!");
}

#[tokio::test]
async fn whoever_comes_back_gets_the_same_bytes() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let first = server.send(&guest, "chat-1", "m1", "Hello?").await;
    let call = model.call().await;
    call.begin_text();
    call.say("Hel");
    let mut first = Reader::new(first);
    first.until("Hel").await;
    let mut second = Reader::new(resume(&server, &guest, "chat-1").await);
    second.until("Hel").await;
    let seen =
        first.read.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap().to_owned();
    let third =
        guest.sign(server.get("/api/chat/chat-1/stream")).header("last-event-id", seen).send().await.unwrap();
    let third = Reader::new(third);
    let cut = first.read.len();
    call.say("lo!");
    call.finish("Hello!");
    let first = first.rest().await;
    assert_eq!(first, second.rest().await);
    assert_eq!(first[cut..], third.rest().await);
    assert_eq!(text(&first), "Hello!");
    assert_eq!(resume(&server, &guest, "chat-1").await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_message_that_is_posted_again_is_the_same_message() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let first = server.send(&guest, "chat-1", "m1", "Hello?").await;
    let call = model.call().await;
    let while_it_runs = server.send(&guest, "chat-1", "m1", "Hello?").await;
    assert_eq!(while_it_runs.headers()["x-ratelimit-remaining"], "19");
    call.answer("Hello!");
    let first = first.text().await.unwrap();
    assert_eq!(while_it_runs.text().await.unwrap(), first);
    let afterwards = server.send(&guest, "chat-1", "m1", "Hello?").await;
    assert_eq!(afterwards.headers()["x-ratelimit-remaining"], "19");
    assert_eq!(afterwards.text().await.unwrap(), first);
    assert_eq!(server.messages(&guest, "chat-1").await["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn of_the_same_message_posted_ten_times_at_once_there_is_one() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let posts = futures::future::join_all((0..10).map(|_| server.send(&guest, "chat-1", "m1", "Hello?")));
    let (answers, call) = tokio::join!(posts, model.call());
    call.answer("Hello!");
    let mut bodies = Vec::new();
    for answer in answers {
        assert_eq!(answer.status(), StatusCode::OK);
        bodies.push(answer.text().await.unwrap());
    }
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!(server.messages(&guest, "chat-1").await["messages"].as_array().unwrap().len(), 2);
    let quota = ok(guest.sign(server.get("/api/auth/me")).send().await.unwrap()).await;
    assert_eq!(quota["quota"]["used"], 1);
}

#[tokio::test]
async fn an_answer_whose_events_are_gone_is_told_from_the_store() {
    let stores = Stores::memory();
    let log = stores.log.clone();
    let script =
        Scripted::new().turn(scorpio_core::model::ScriptedTurn::new().reasoning("Hm.").text("Hello there!"));
    let server = TestServer::start(App::builder(Model::new(script, "any")).stores(stores)).await;
    let guest = server.guest().await;
    let first = server.send(&guest, "chat-1", "m1", "Hello?").await.text().await.unwrap();
    log.expire(jiff::Timestamp::MAX).await.unwrap();
    let again = server.send(&guest, "chat-1", "m1", "Hello?").await.text().await.unwrap();
    assert_eq!(text(&again), text(&first));
    let mut expected = types(&first);
    expected.dedup();
    assert_eq!(types(&again), expected);
    assert_eq!(chunks(&again)[0], chunks(&first)[0]);
}

#[tokio::test]
async fn stopping_keeps_what_there_is_and_frees_the_chat() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let mut answer = Reader::new(server.send(&guest, "chat-1", "m1", "Hello?").await);
    let call = model.call().await;
    call.begin_text();
    call.say("Half of ");
    answer.until("Half of ").await;
    problem(server.send(&guest, "chat-1", "m2", "And?").await, 409, "conflict:chat").await;
    assert_eq!(stop(&server, &guest, "chat-1").await, json!({"stopped": true}));
    call.dropped().await;
    let body = answer.rest().await;
    assert_eq!(types(&body).last().unwrap(), "abort");
    assert!(body.ends_with("data: [DONE]\n\n"));
    let stored = server.messages(&guest, "chat-1").await;
    assert_eq!(stored["messages"][1]["metadata"]["status"], "stopped");
    assert_eq!(stored["messages"][1]["parts"][1]["text"], "Half of ");
    assert_eq!(stop(&server, &guest, "chat-1").await, json!({"stopped": false}));

    // The message that was refused while the first ran has been counted, and costs nothing now.
    let next = server.send(&guest, "chat-1", "m2", "And?").await;
    assert_eq!(next.headers()["x-ratelimit-remaining"], "18");
    model.call().await.answer("The rest.");
    assert_eq!(text(&next.text().await.unwrap()), "The rest.");
}

#[tokio::test]
async fn going_away_stops_nothing() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let mut answer = Reader::new(server.send(&guest, "chat-1", "m1", "Hello?").await);
    let call = model.call().await;
    call.begin_text();
    call.say("Hel");
    answer.until("Hel").await;
    drop(answer);
    let back = Reader::new(resume(&server, &guest, "chat-1").await);
    call.say("lo!");
    call.finish("Hello!");
    assert_eq!(text(&back.rest().await), "Hello!");
    let stored = server.messages(&guest, "chat-1").await;
    assert_eq!(stored["messages"][1]["metadata"]["status"], "complete");
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_nobody_up() {
    let (puppet, mut model) = Puppet::new();
    let settings = Settings::new().with_slow_reader(PATIENCE);
    let server = TestServer::start(App::builder(puppet).title_model(None).settings(settings)).await;
    let guest = server.guest().await;
    let unread = server.send(&guest, "chat-1", "m1", "Hello?").await;
    let call = model.call().await;
    call.begin_text();
    let piece = "x".repeat(10_000);
    for _ in 0..2_000 {
        call.say(&piece);
    }
    call.finish(&piece.repeat(2_000));
    // The run ends although nobody reads; this reader follows it to its end.
    while resume(&server, &guest, "chat-1").await.status() == StatusCode::OK {
        tokio::task::yield_now().await;
    }
    assert_eq!(text(&unread.text().await.unwrap()).len(), 20_000_000);
}

#[tokio::test]
async fn a_reader_that_never_reads_is_cut_off_and_the_answer_goes_on() {
    let (puppet, mut model) = Puppet::new();
    let settings = Settings::new().with_slow_reader(Duration::from_millis(50));
    let server = TestServer::start(App::builder(puppet).title_model(None).settings(settings)).await;
    let guest = server.guest().await;
    let unread = server.send(&guest, "chat-1", "m1", "Hello?").await;
    let call = model.call().await;
    call.begin_text();
    let piece = "x".repeat(10_000);
    for _ in 0..2_000 {
        call.say(&piece);
    }
    call.finish(&piece.repeat(2_000));
    while resume(&server, &guest, "chat-1").await.status() == StatusCode::OK {
        tokio::task::yield_now().await;
    }
    // Long after its patience is over there is nothing more for it than what was underway.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(unread.bytes().await.is_err(), "the connection breaks, for the reader to come back");
    let stored = server.messages(&guest, "chat-1").await;
    assert_eq!(stored["messages"][1]["metadata"]["status"], "complete");
}

#[tokio::test]
async fn a_silent_answer_keeps_its_connection() {
    let (model, mut puppet) = Puppet::new();
    let settings = Settings::new().with_keep_alive(Duration::from_millis(20));
    let server = TestServer::start(App::builder(model).title_model(None).settings(settings)).await;
    let guest = server.guest().await;
    let mut answer = Reader::new(server.send(&guest, "chat-1", "m1", "Hello?").await);
    let call = puppet.call().await;
    answer.until(": keep-alive\n\n").await;
    call.answer("Hello!");
    assert_eq!(text(&answer.rest().await), "Hello!");
}

#[tokio::test]
async fn a_model_that_fails_says_so_without_saying_why() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let answer = server.send(&guest, "chat-1", "m1", "Hello?").await;
    let call = model.call().await;
    call.begin_text();
    call.say("Hel");
    call.fail(ModelError::new(ModelErrorKind::Auth, "canary: sk-12345 at internal-host"));
    let body = answer.text().await.unwrap();
    let last = chunks(&body).pop().unwrap();
    assert_eq!(
        last,
        json!({"type": "error", "errorText": "The model's service refused the key that it was given."})
    );
    assert!(!body.contains("canary"));
    let stored = server.messages(&guest, "chat-1").await;
    assert_eq!(stored["messages"][1]["metadata"]["status"], "failed");
    assert!(!stored.to_string().contains("canary"));
    let next = server.send(&guest, "chat-1", "m2", "Again?").await;
    model.call().await.answer("Yes.");
    assert_eq!(text(&next.text().await.unwrap()), "Yes.");
}

#[tokio::test]
async fn an_answer_is_written_anew() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    for (id, asked, said) in [("m1", "One?", "1"), ("m2", "Two?", "2")] {
        let answer = server.send(&guest, "chat-1", id, asked).await;
        model.call().await.answer(said);
        answer.text().await.unwrap();
    }
    let before = server.messages(&guest, "chat-1").await;
    let again = async |body: Value| guest.sign(server.post("/api/chat").json(&body)).send().await.unwrap();

    // As `regenerate()` of the SDK does it: the answer is named, and the last message is the question.
    let mut body = post("chat-1", "m2", "Two?");
    body["trigger"] = json!("regenerate-message");
    body["messageId"] = before["messages"][3]["id"].clone();
    let answer = again(body).await;
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "17");
    let call = model.call().await;
    assert_eq!(
        call.request.transcript.messages().map(|message| message.text()).collect::<Vec<_>>(),
        ["One?", "1", "Two?"]
    );
    call.answer("zwei");
    assert_eq!(text(&answer.text().await.unwrap()), "zwei");
    let after = server.messages(&guest, "chat-1").await;
    assert_eq!(after["messages"].as_array().unwrap().len(), 4);
    assert_eq!(after["messages"][3]["parts"][1]["text"], "zwei");
    assert_ne!(after["messages"][3]["id"], before["messages"][3]["id"]);

    // An edited question drops what came after it.
    let mut body = post("chat-1", "m1", "Eins?");
    body["trigger"] = json!("regenerate-message");
    body["messageId"] = json!("m1");
    let answer = again(body).await;
    let call = model.call().await;
    assert_eq!(
        call.request.transcript.messages().map(|message| message.text()).collect::<Vec<_>>(),
        ["Eins?"]
    );
    call.answer("one");
    answer.text().await.unwrap();
    let edited = server.messages(&guest, "chat-1").await;
    assert_eq!(edited["messages"].as_array().unwrap().len(), 2);
    assert_eq!(
        (&edited["messages"][0]["id"], &edited["messages"][0]["parts"][0]["text"]),
        (&json!("m1"), &json!("Eins?"))
    );

    // Without a name it is the last one; an unknown name is told.
    let answer = again(json!({"id": "chat-1", "trigger": "regenerate-message"})).await;
    model.call().await.answer("uno");
    answer.text().await.unwrap();
    assert_eq!(server.messages(&guest, "chat-1").await["messages"][1]["parts"][1]["text"], "uno");
    let unknown = again(json!({"id": "chat-1", "trigger": "regenerate-message", "messageId": "nope"})).await;
    problem(unknown, 404, "not_found:chat").await;
}

#[tokio::test]
async fn a_message_joins_an_answer_that_is_being_written() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let steer = async |chat: &str, id: &str| {
        let body = json!({"message": post(chat, id, "In French, please.")["message"]});
        guest.sign(server.post(&format!("/api/chat/{chat}/steer")).json(&body)).send().await.unwrap()
    };
    problem(steer("chat-1", "s1").await, 404, "not_found:chat").await;
    let answer = server.send(&guest, "chat-1", "m1", "Hello?").await;
    let call = model.call().await;
    assert_eq!(steer("chat-1", "s1").await.status(), StatusCode::ACCEPTED);
    call.answer("Hello!");
    let call = model.call().await;
    let told: Vec<String> = call.request.transcript.messages().map(|message| message.text()).collect();
    assert_eq!(told, ["Hello?", "Hello!", "In French, please."]);
    call.answer("Bonjour !");
    assert_eq!(text(&answer.text().await.unwrap()), "Hello!Bonjour !");
    let quota = ok(guest.sign(server.get("/api/auth/me")).send().await.unwrap()).await;
    assert_eq!(quota["quota"]["used"], 2);
    problem(steer("chat-1", "s2").await, 409, "conflict:chat").await;
}

#[tokio::test]
async fn a_chat_that_is_deleted_while_it_is_answered_is_gone() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let answer = Reader::new(server.send(&guest, "chat-1", "m1", "Hello?").await);
    let call = model.call().await;
    let deleted =
        guest.sign(server.request(reqwest::Method::DELETE, "/api/chat?id=chat-1")).send().await.unwrap();
    assert_eq!(ok(deleted).await["id"], "chat-1");
    call.dropped().await;
    assert!(answer.rest().await.ends_with("data: [DONE]\n\n"));
    problem(resume(&server, &guest, "chat-1").await, 404, "not_found:chat").await;
}

#[tokio::test]
async fn an_image_reaches_the_model() {
    let (server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let mut body = post("chat-1", "m1", "What is this?");
    let image = json!({"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,iVBORw0KGgo=", "filename": "a.png"});
    body["message"]["parts"].as_array_mut().unwrap().push(image.clone());
    let answer = guest.sign(server.post("/api/chat").json(&body)).send().await.unwrap();
    let call = model.call().await;
    let asked = call.request.transcript.messages().next().unwrap().clone();
    assert!(matches!(&asked.parts[1], scorpio_core::Part::Media(media) if media.media_type == "image/png"));
    call.answer("A picture.");
    answer.text().await.unwrap();
    assert_eq!(server.messages(&guest, "chat-1").await["messages"][0]["parts"][1], image);
}
