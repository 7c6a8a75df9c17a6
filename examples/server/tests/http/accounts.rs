//! Guests, registered users, sign-ins and what ends them.

use std::{collections::HashSet, time::Duration};

use reqwest::StatusCode;
use scorpio_core::{
    model::{Demo, Model},
    store::RateQuota,
};
use scorpio_server::{App, Settings};
use serde_json::{Value, json};

use crate::harness::{Person, TestServer, body_of, ok, problem};

const PASSWORD: &str = "kq7!vT2p-long";

async fn me(server: &TestServer, person: &Person) -> reqwest::Response {
    person.sign(server.get("/api/auth/me")).send().await.unwrap()
}

async fn login(server: &TestServer, email: &str, password: &str) -> reqwest::Response {
    server.post("/api/auth/login").json(&json!({"email": email, "password": password})).send().await.unwrap()
}

#[tokio::test]
async fn a_guest_is_signed_in_at_once() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let body = ok(me(&server, &guest).await).await;
    assert_eq!(body["user"]["id"], guest.id.as_str());
    assert_eq!(body["user"]["kind"], "guest");
    assert_eq!(body["user"]["email"], Value::Null);
    assert!(body["user"]["created_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(body["quota"], json!({"limit": 20, "used": 0, "remaining": 20, "resets_at": null}));
    assert!(guest.set_cookie.starts_with("scorpio-refresh="), "{}", guest.set_cookie);
    assert!(
        guest.set_cookie.ends_with("; Max-Age=604800; Path=/; HttpOnly; SameSite=Strict"),
        "{}",
        guest.set_cookie
    );
    let with_body = server.post("/api/auth/guest").json(&json!({})).send().await.unwrap();
    assert_eq!(with_body.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn over_tls_the_cookie_is_secure_and_bound_to_the_host() {
    let settings = Settings::new().with_public_url("https://chat.example.com".parse().unwrap());
    let server = TestServer::start(App::builder(Model::new(Demo::new(), "demo")).settings(settings)).await;
    let guest = server.guest().await;
    assert!(guest.set_cookie.starts_with("__Host-refresh="), "{}", guest.set_cookie);
    assert!(
        guest.set_cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"),
        "{}",
        guest.set_cookie
    );
    let refreshed = server.refresh(&guest.cookie).await;
    assert!(
        refreshed.headers()["strict-transport-security"].to_str().unwrap().starts_with("max-age=31536000")
    );
    Person::of(refreshed, StatusCode::OK).await;
}

#[tokio::test]
async fn somebody_registers_signs_in_and_out() {
    let server = TestServer::demo().await;
    let ada = server.register(" Ada@Example.com ", PASSWORD).await;
    let body = ok(me(&server, &ada).await).await;
    assert_eq!(
        (body["user"]["kind"].as_str(), body["user"]["email"].as_str()),
        (Some("registered"), Some("ada@example.com"))
    );
    assert_eq!(body["quota"]["limit"], 100);

    let again = Person::of(login(&server, "ADA@example.com", PASSWORD).await, StatusCode::OK).await;
    assert_eq!(again.id, ada.id);
    let logout =
        || server.post("/api/auth/logout").header("cookie", &again.cookie).header("x-scorpio-request", "1");
    let out = logout().send().await.unwrap();
    assert_eq!(out.status(), StatusCode::NO_CONTENT);
    assert!(out.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    problem(me(&server, &again).await, 401, "unauthorized:auth").await;
    problem(server.refresh(&again.cookie).await, 401, "unauthorized:auth").await;
    assert_eq!(logout().send().await.unwrap().status(), StatusCode::NO_CONTENT);
    // The other sign-in stands.
    ok(me(&server, &ada).await).await;
}

#[tokio::test]
async fn a_password_is_stored_as_argon2id() {
    let (accounts, stores) = {
        let stores = scorpio_server::Stores::memory();
        (stores.accounts.clone(), stores)
    };
    let server = TestServer::start(App::builder(Model::new(Demo::new(), "demo")).stores(stores)).await;
    server.register("ada@example.com", PASSWORD).await;
    let (_, hash) = accounts.user_by_email("ada@example.com").await.unwrap().unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
}

#[tokio::test]
async fn what_cannot_be_registered_is_told_field_by_field() {
    let server = TestServer::demo().await;
    server.register("ada@example.com", PASSWORD).await;
    let register = |body: Value| server.post("/api/auth/register").json(&body).send();
    problem(
        register(json!({"email": "ADA@example.com", "password": PASSWORD})).await.unwrap(),
        409,
        "conflict:auth",
    )
    .await;
    let both = register(json!({"email": "ada", "password": "short"})).await.unwrap();
    let both = problem(both, 400, "bad_request:auth").await;
    let paths: Vec<_> =
        both["errors"].as_array().unwrap().iter().map(|error| error["path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["email", "password"]);
    for password in ["password123", "12345678", "aaaaaaaa", "bob.smith", &"x1y2".repeat(33)] {
        let answer = register(json!({"email": "bob.smith@example.com", "password": password})).await.unwrap();
        let told = problem(answer, 400, "bad_request:auth").await;
        assert_eq!(told["errors"][0]["path"], "password", "{password}");
    }
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let server = TestServer::demo().await;
    server.register("ada@example.com", PASSWORD).await;
    let mut told = Vec::new();
    for (email, password) in
        [("ada@example.com", "wrong-password"), ("eve@example.com", PASSWORD), ("no address", "x")]
    {
        let mut problem = problem(login(&server, email, password).await, 401, "unauthorized:auth").await;
        problem.as_object_mut().unwrap().remove("instance");
        told.push(problem);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0], told[2]);
}

#[tokio::test]
async fn the_sixth_try_in_fifteen_minutes_has_to_wait() {
    let server = TestServer::demo().await;
    server.register("ada@example.com", PASSWORD).await;
    for _ in 0..5 {
        problem(login(&server, "ada@example.com", "wrong-password").await, 401, "unauthorized:auth").await;
    }
    let told = problem(login(&server, "ada@example.com", PASSWORD).await, 429, "rate_limit:auth").await;
    assert_eq!(told["retry_after"], 180);
    server.clock.advance(180);
    assert_eq!(login(&server, "ada@example.com", PASSWORD).await.status(), StatusCode::OK);
    // Who knows the password starts anew.
    problem(login(&server, "ada@example.com", "wrong-password").await, 401, "unauthorized:auth").await;
}

#[tokio::test]
async fn one_address_can_not_start_guests_without_end() {
    let limit = RateQuota::new(2, Duration::from_secs(3600));
    let settings = Settings::new().with_guests(limit).with_registrations(limit);
    let server = TestServer::start(App::builder(Model::new(Demo::new(), "demo")).settings(settings)).await;
    server.guest().await;
    server.guest().await;
    problem(server.post("/api/auth/guest").send().await.unwrap(), 429, "rate_limit:auth").await;
    server.register("a@example.com", PASSWORD).await;
    server.register("b@example.com", PASSWORD).await;
    let third =
        server.post("/api/auth/register").json(&json!({"email": "c@example.com", "password": PASSWORD}));
    problem(third.send().await.unwrap(), 429, "rate_limit:auth").await;
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_a_copy_of_it_ends_the_sign_in() {
    let server = TestServer::demo().await;
    let first = server.guest().await;
    let second = Person::of(server.refresh(&first.cookie).await, StatusCode::OK).await;
    assert_eq!(second.id, first.id);
    assert_ne!(second.cookie, first.cookie);
    ok(me(&server, &second).await).await;
    let reused = server.refresh(&first.cookie).await;
    assert!(reused.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    problem(reused, 401, "unauthorized:auth").await;
    problem(server.refresh(&second.cookie).await, 401, "unauthorized:auth").await;
    problem(me(&server, &second).await, 401, "unauthorized:auth").await;
}

#[tokio::test]
async fn of_twenty_refreshes_at_once_one_wins() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let refreshes = (0..20).map(|_| server.refresh(&guest.cookie));
    let answers = futures::future::join_all(refreshes).await;
    let won: Vec<_> = answers.into_iter().filter(|answer| answer.status() == StatusCode::OK).collect();
    assert_eq!(won.len(), 1);
}

#[tokio::test]
async fn tokens_and_sign_ins_end_when_they_should() {
    const DAY: i64 = 24 * 60 * 60;
    let server = TestServer::demo().await;
    let mut person = server.guest().await;
    server.clock.advance(15 * 60 + 29);
    ok(me(&server, &person).await).await;
    server.clock.advance(1);
    problem(me(&server, &person).await, 401, "unauthorized:auth").await;
    // Refreshed every six days it lasts for thirty.
    for _ in 0..4 {
        server.clock.advance(6 * DAY);
        person = Person::of(server.refresh(&person.cookie).await, StatusCode::OK).await;
    }
    let max_age = person.set_cookie.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap();
    assert!(max_age.parse::<i64>().unwrap() < 7 * DAY, "the cookie outlives the sign-in: {max_age}");
    server.clock.advance(6 * DAY);
    problem(server.refresh(&person.cookie).await, 401, "unauthorized:auth").await;

    let idle = server.guest().await;
    server.clock.advance(7 * DAY + 1);
    problem(server.refresh(&idle.cookie).await, 401, "unauthorized:auth").await;
}

#[tokio::test]
async fn a_guest_who_registers_keeps_the_chats_and_not_the_tokens() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    server.send(&guest, "chat-1", "m1", "Why is the sky blue?").await.text().await.unwrap();
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let upgrade = guest.sign(server.post("/api/auth/register").json(&body)).send().await.unwrap();
    let ada = Person::of(upgrade, StatusCode::CREATED).await;
    assert_eq!(ada.id, guest.id);
    let profile = ok(me(&server, &ada).await).await;
    assert_eq!(profile["user"]["kind"], "registered");
    assert_eq!(profile["quota"]["used"], 1);
    assert_eq!(server.messages(&ada, "chat-1").await["messages"].as_array().unwrap().len(), 2);
    problem(me(&server, &guest).await, 401, "unauthorized:auth").await;
    problem(server.refresh(&guest.cookie).await, 401, "unauthorized:auth").await;

    let other = json!({"email": "other@example.com", "password": PASSWORD});
    let twice = ada.sign(server.post("/api/auth/register").json(&other)).send().await.unwrap();
    problem(twice, 409, "conflict:auth").await;
    let stale = server.post("/api/auth/register").bearer_auth("junk").json(&other).send().await.unwrap();
    problem(stale, 401, "unauthorized:auth").await;
    let signed_in = Person::of(login(&server, "ada@example.com", PASSWORD).await, StatusCode::OK).await;
    assert_eq!(signed_in.id, guest.id);
}

#[tokio::test]
async fn a_guest_keeps_the_account_it_has_when_the_address_is_taken() {
    let server = TestServer::demo().await;
    server.register("ada@example.com", PASSWORD).await;
    let guest = server.guest().await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let taken = guest.sign(server.post("/api/auth/register").json(&body)).send().await.unwrap();
    problem(taken, 409, "conflict:auth").await;
    assert_eq!(ok(me(&server, &guest).await).await["user"]["kind"], "guest");
}

#[tokio::test]
async fn routes_of_the_cookie_are_closed_to_other_sites() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let own = server.base.clone();
    let refused: &[&[(&str, &str)]] = &[
        &[],
        &[("x-scorpio-request", "0")],
        &[("x-scorpio-request", "1"), ("origin", "https://evil.com")],
        &[("x-scorpio-request", "1"), ("origin", "null")],
        &[("x-scorpio-request", "1"), ("origin", "http://127.0.0.1:1")],
        &[("x-scorpio-request", "1"), ("sec-fetch-site", "cross-site")],
        &[("x-scorpio-request", "1"), ("sec-fetch-site", "same-site")],
    ];
    for path in ["/api/auth/refresh", "/api/auth/logout"] {
        for headers in refused {
            let request = server.post(path).header("cookie", &guest.cookie);
            let request =
                headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
            problem(request.send().await.unwrap(), 403, "forbidden:auth").await;
        }
    }
    for path in ["/api/auth/guest", "/api/auth/login", "/api/auth/register"] {
        let request = server.post(path).header("origin", "https://evil.com").json(&json!({}));
        problem(request.send().await.unwrap(), 403, "forbidden:auth").await;
    }
    // None of these used the token up.
    let request =
        server.post("/api/auth/refresh").header("cookie", &guest.cookie).header("x-scorpio-request", "1");
    let request = request.header("origin", own).header("sec-fetch-site", "same-origin");
    Person::of(request.send().await.unwrap(), StatusCode::OK).await;
}

#[tokio::test]
async fn a_cookie_is_no_token_and_a_token_is_no_cookie() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let refresh_token = guest.cookie.split_once('=').unwrap().1;
    problem(
        server.get("/api/auth/me").bearer_auth(refresh_token).send().await.unwrap(),
        401,
        "unauthorized:auth",
    )
    .await;
    problem(
        server.get("/api/auth/me").header("cookie", &guest.cookie).send().await.unwrap(),
        401,
        "unauthorized:auth",
    )
    .await;
    let forged = format!("scorpio-refresh={}", guest.token);
    problem(server.refresh(&forged).await, 401, "unauthorized:auth").await;
}

#[tokio::test]
async fn guests_are_different_people() {
    let server = TestServer::demo().await;
    let mut ids = HashSet::new();
    for _ in 0..5 {
        ids.insert(server.guest().await.id);
    }
    assert_eq!(ids.len(), 5);
    let named = server.post("/api/auth/guest").json(&json!({"id": "admin"})).send().await.unwrap();
    let told = body_of(named, StatusCode::BAD_REQUEST).await;
    assert_eq!(told["code"], "bad_request:api");
}
