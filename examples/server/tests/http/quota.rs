//! So many messages in 24 hours, exactly.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::harness::{Person, TestServer, ok, problem};

async fn send(server: &TestServer, person: &Person, number: usize) -> reqwest::Response {
    server.send(person, &format!("chat-{number}"), &format!("m{number}"), "Why is the sky blue?").await
}

async fn quota(server: &TestServer, person: &Person) -> Value {
    ok(person.sign(server.get("/api/auth/me")).send().await.unwrap()).await["quota"].clone()
}

#[tokio::test]
async fn of_thirty_at_once_with_fifteen_used_five_pass() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    for number in 0..15 {
        assert_eq!(send(&server, &guest, number).await.status(), StatusCode::OK);
    }
    let answers = futures::future::join_all((15..45).map(|number| send(&server, &guest, number))).await;
    let passed = answers.iter().filter(|answer| answer.status() == StatusCode::OK).count();
    assert_eq!(passed, 5);
    for answer in answers.into_iter().filter(|answer| answer.status() != StatusCode::OK) {
        problem(answer, 429, "rate_limit:chat").await;
    }
    let history = ok(guest.sign(server.get("/api/history?limit=100")).send().await.unwrap()).await;
    assert_eq!(history["chats"].as_array().unwrap().len(), 20, "a refused message leaves no chat");
    let quota = quota(&server, &guest).await;
    assert_eq!((&quota["used"], &quota["remaining"]), (&json!(20), &json!(0)));
}

#[tokio::test]
async fn the_refusal_says_when_and_then_it_is_true() {
    const DAY: i64 = 24 * 60 * 60;
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    send(&server, &guest, 0).await;
    server.clock.advance(600);
    for number in 1..20 {
        send(&server, &guest, number).await;
    }
    let refused = send(&server, &guest, 20).await;
    let told = problem(refused, 429, "rate_limit:chat").await;
    assert_eq!(told["retry_after"], DAY - 600);
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.starts_with(
        "You have used your 20 messages of the last 24 hours. Sign up for more, or come back at "
    ));
    // What was counted is streamed again, also now.
    assert_eq!(send(&server, &guest, 3).await.status(), StatusCode::OK);

    server.clock.advance(DAY - 600);
    let fresh = Person::of(server.refresh(&guest.cookie).await, StatusCode::OK).await;
    assert_eq!(quota(&server, &fresh).await["used"], 19);
    assert_eq!(send(&server, &fresh, 20).await.status(), StatusCode::OK);
    problem(send(&server, &fresh, 21).await, 429, "rate_limit:chat").await;
}

#[tokio::test]
async fn deleting_chats_gives_nothing_back() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    for number in 0..20 {
        send(&server, &guest, number).await.text().await.unwrap();
    }
    let delete = guest.sign(server.request(Method::DELETE, "/api/chat?id=chat-7"));
    ok(delete.send().await.unwrap()).await;
    problem(send(&server, &guest, 30).await, 429, "rate_limit:chat").await;
    // Not even the same message in a chat of the same name.
    problem(send(&server, &guest, 7).await, 429, "rate_limit:chat").await;
}

#[tokio::test]
async fn who_registers_may_send_more() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    for number in 0..20 {
        send(&server, &guest, number).await;
    }
    problem(send(&server, &guest, 20).await, 429, "rate_limit:chat").await;
    let body = json!({"email": "ada@example.com", "password": "kq7!vT2p-long"});
    let ada = guest.sign(server.post("/api/auth/register").json(&body)).send().await.unwrap();
    let ada = Person::of(ada, StatusCode::CREATED).await;
    let answer = send(&server, &ada, 20).await;
    assert_eq!(answer.headers()["x-ratelimit-limit"], "100");
    assert_eq!(answer.headers()["x-ratelimit-remaining"], "79");
}

#[tokio::test]
async fn what_is_malformed_costs_nothing() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    for body in [json!({}), json!({"id": "c", "message": {"id": "m", "role": "user", "parts": []}})] {
        let answer = guest.sign(server.post("/api/chat").json(&body)).send().await.unwrap();
        problem(answer, 400, "bad_request:api").await;
    }
    assert_eq!(quota(&server, &guest).await["used"], 0);
}
