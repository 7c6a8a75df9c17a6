//! Every route, asked by nobody and by somebody else.

use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::harness::{TestServer, ok, post, problem};

const CHAT: &str = "chat-of-ada";

/// Every route that shows or changes what belongs to somebody.
fn routes(server: &TestServer) -> Vec<(&'static str, RequestBuilder)> {
    let chat = |method, path: &str| server.request(method, &path.replace("{}", CHAT));
    vec![
        ("post", server.post("/api/chat").json(&post(CHAT, "m-eve", "Hello."))),
        ("post known id", server.post("/api/chat").json(&post(CHAT, "m1", "Hello."))),
        ("regenerate", server.post("/api/chat").json(&json!({"id": CHAT, "trigger": "regenerate-message"}))),
        ("resume", chat(Method::GET, "/api/chat/{}/stream")),
        ("stop", chat(Method::POST, "/api/chat/{}/stop")),
        (
            "steer",
            chat(Method::POST, "/api/chat/{}/steer")
                .json(&json!({"message": post(CHAT, "m-eve", "Be brief.")["message"]})),
        ),
        ("approvals", chat(Method::GET, "/api/chat/{}/approvals")),
        ("decide", chat(Method::POST, "/api/chat/{}/approvals/call_1").json(&json!({"decision": "approve"}))),
        ("branches", chat(Method::GET, "/api/chat/{}/branches")),
        ("switch", chat(Method::POST, "/api/chat/{}/branch").json(&json!({"seq": 1}))),
        ("fork", chat(Method::POST, "/api/chat/{}/fork").json(&json!({"messageId": "m1"}))),
        ("export", chat(Method::GET, "/api/chat/{}/export")),
        ("rename", chat(Method::PATCH, "/api/chat/{}/title").json(&json!({"title": "Mine"}))),
        ("delete", chat(Method::DELETE, "/api/chat?id={}")),
        ("messages", chat(Method::GET, "/api/messages?chatId={}")),
    ]
}

#[tokio::test]
async fn nobody_gets_anything() {
    let server = TestServer::demo().await;
    for (name, request) in routes(&server) {
        println!("{name}");
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        problem(answer, 401, "unauthorized:auth").await;
    }
    let mine = [
        "/api/history",
        "/api/models",
        "/api/auth/me",
        "/api/files",
        "/api/files/x",
        "/api/knowledge/documents",
    ];
    for path in mine {
        problem(server.get(path).send().await.unwrap(), 401, "unauthorized:auth").await;
    }
    for path in ["/api/chat/import", "/api/files", "/api/knowledge/documents"] {
        problem(server.post(path).send().await.unwrap(), 401, "unauthorized:auth").await;
    }
}

#[tokio::test]
async fn a_stranger_s_chat_is_as_absent_as_a_missing_one() {
    let (server, mut model) = TestServer::puppet().await;
    let (ada, eve) = (server.guest().await, server.register("eve@example.com", "kq7!vT2p-long").await);
    let running = server.send(&ada, CHAT, "m1", "Hello?").await;
    let call = model.call().await;
    call.begin_text();
    call.say("Hello, Ada");

    for (name, request) in routes(&server) {
        println!("{name}");
        let mut told = problem(eve.sign(request).send().await.unwrap(), 404, "not_found:chat").await;
        told.as_object_mut().unwrap().remove("instance");
        if !name.starts_with("post") {
            let path = format!("/api/messages?chatId={CHAT}-missing");
            let mut missing =
                problem(eve.sign(server.get(&path)).send().await.unwrap(), 404, "not_found:chat").await;
            missing.as_object_mut().unwrap().remove("instance");
            assert_eq!(told, missing);
        }
    }
    let cursor = format!("/api/history?ending_before={CHAT}");
    problem(eve.sign(server.get(&cursor)).send().await.unwrap(), 404, "not_found:history").await;
    assert_eq!(ok(eve.sign(server.get("/api/history")).send().await.unwrap()).await["chats"], json!([]));

    // Nothing of it touched the answer.
    call.say("!");
    call.finish("Hello, Ada!");
    assert!(running.text().await.unwrap().contains(r#""finishReason":"stop""#));
    let shown = server.messages(&ada, CHAT).await;
    assert_eq!(shown["messages"].as_array().unwrap().len(), 2);
    assert_eq!(shown["chat"]["title"], "Hello?");
}

#[tokio::test]
async fn the_owner_gets_everything() {
    let (server, mut model) = TestServer::puppet().await;
    let ada = server.guest().await;
    let answer = server.send(&ada, CHAT, "m1", "Hello?").await;
    model.call().await.answer("Hello!");
    answer.text().await.unwrap();
    let status = async |request: RequestBuilder| ada.sign(request).send().await.unwrap().status().as_u16();
    assert_eq!(status(server.get(&format!("/api/chat/{CHAT}/stream"))).await, 204);
    assert_eq!(status(server.post(&format!("/api/chat/{CHAT}/stop"))).await, 200);
    let rename = server.request(Method::PATCH, &format!("/api/chat/{CHAT}/title"));
    assert_eq!(status(rename.json(&json!({"title": "Mine"}))).await, 200);
    assert_eq!(status(server.get("/api/history")).await, 200);
    assert_eq!(status(server.get("/api/models")).await, 200);
    assert_eq!(status(server.request(Method::DELETE, &format!("/api/chat?id={CHAT}"))).await, 200);
    assert_eq!(status(server.get(&format!("/api/messages?chatId={CHAT}"))).await, 404);
}
