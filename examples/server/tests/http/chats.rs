//! The list of chats, and the models.

use std::collections::HashSet;

use reqwest::{Method, StatusCode};
use scorpio_core::{OwnerId, SessionId, store::NewSession};
use scorpio_server::{App, Stores};
use serde_json::{Value, json};

use crate::harness::{Person, TestServer, ok, problem};

async fn history(server: &TestServer, person: &Person, query: &str) -> Value {
    ok(person.sign(server.get(&format!("/api/history{query}"))).send().await.unwrap()).await
}

fn ids(page: &Value) -> Vec<String> {
    page["chats"].as_array().unwrap().iter().map(|chat| chat["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn forty_five_chats_are_three_pages() {
    let stores = Stores::memory();
    let store = stores.store.clone();
    let model = scorpio_core::model::Model::new(scorpio_core::model::Demo::new(), "demo");
    let server = TestServer::start(App::builder(model).stores(stores)).await;
    let guest = server.guest().await;
    let owner: OwnerId = guest.id.parse().unwrap();
    for number in 0..45 {
        let id = SessionId::parse(&format!("chat-{number:02}")).unwrap();
        store.create_session(NewSession::new(id, owner.clone()).with_title("Chat")).await.unwrap();
    }
    let first = history(&server, &guest, "").await;
    assert_eq!(ids(&first).len(), 20);
    assert_eq!(first["hasMore"], true);
    let chat = &first["chats"][0];
    let fields: HashSet<_> = chat.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(fields, HashSet::from(["id", "title", "createdAt", "updatedAt"]));
    let second = history(&server, &guest, &format!("?limit=20&ending_before={}", ids(&first)[19])).await;
    let third = history(&server, &guest, &format!("?limit=20&ending_before={}", ids(&second)[19])).await;
    assert_eq!((ids(&third).len(), &third["hasMore"]), (5, &json!(false)));
    let all: Vec<_> = [&first, &second, &third].into_iter().flat_map(ids).collect();
    assert_eq!(all.iter().collect::<HashSet<_>>().len(), 45);
    let newer = history(&server, &guest, &format!("?limit=20&starting_after={}", ids(&third)[0])).await;
    assert_eq!(ids(&newer), ids(&second));
    assert_eq!(newer["hasMore"], true);
}

#[tokio::test]
async fn a_wrong_page_is_told() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    let ask =
        async |query: &str| guest.sign(server.get(&format!("/api/history{query}"))).send().await.unwrap();
    for query in [
        "?limit=0",
        "?limit=101",
        "?limit=ten",
        "?limit=-1",
        "?limit=",
        "?ending_before=a&starting_after=b",
        "?page=2",
        "?ending_before=a%2Fb",
    ] {
        problem(ask(query).await, 400, "bad_request:api").await;
    }
    problem(ask("?ending_before=missing").await, 404, "not_found:history").await;
    for query in ["/api/messages", "/api/messages?chat=a"] {
        problem(guest.sign(server.get(query)).send().await.unwrap(), 400, "bad_request:api").await;
    }
    problem(
        guest.sign(server.request(Method::DELETE, "/api/chat")).send().await.unwrap(),
        400,
        "bad_request:api",
    )
    .await;
}

#[tokio::test]
async fn a_chat_that_is_talked_in_comes_to_the_top() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    for (chat, id) in [("a", "m1"), ("b", "m2"), ("a", "m3")] {
        server.send(&guest, chat, id, "Why is the sky blue?").await.text().await.unwrap();
    }
    assert_eq!(ids(&history(&server, &guest, "").await), ["a", "b"]);
    let deleted = guest.sign(server.request(Method::DELETE, "/api/chat?id=a")).send().await.unwrap();
    assert_eq!(ok(deleted).await["title"], "Why is the sky blue?");
    assert_eq!(ids(&history(&server, &guest, "").await), ["b"]);
    let twice = guest.sign(server.request(Method::DELETE, "/api/chat?id=a")).send().await.unwrap();
    assert_eq!(twice.status(), StatusCode::NOT_FOUND);
}
