//! How a server ends.

use std::sync::Arc;

use scorpio_core::model::{Demo, Model};
use scorpio_server::{App, Stores};
use scorpio_store::SqliteStore;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{Puppet, Reader, TestServer, problem, text};

#[tokio::test]
async fn an_answer_may_end_and_nothing_new_begins() {
    let (mut server, mut model) = TestServer::puppet().await;
    let guest = server.guest().await;
    let answer = Reader::new(server.send(&guest, "chat-1", "m1", "Hello?").await);
    let call = model.call().await;
    // A connection that has begun a request before the server stops.
    let address = server.base.strip_prefix("http://").unwrap().to_owned();
    let mut open = tokio::net::TcpStream::connect(&address).await.unwrap();
    open.write_all(b"GET /health/ready HTTP/1.1\r\nhost: x\r\n").await.unwrap();
    let mut ready = server.get("/health/ready").send().await.unwrap();
    assert_eq!(ready.chunk().await.unwrap().unwrap(), "ready");

    let stopped = server.begin_stop();
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    open.write_all(b"\r\n").await.unwrap();
    let mut head = String::new();
    open.read_to_string(&mut head).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(head.contains("offline:api"), "{head}");
    call.answer("Hello!");
    assert_eq!(text(&answer.rest().await), "Hello!");
    stopped.await.unwrap();
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_stopped_and_kept() {
    let stores = Stores::memory();
    let (model, mut puppet) = Puppet::new();
    let server = TestServer::start(App::builder(model).title_model(None).stores(stores.clone())).await;
    let guest = server.guest().await;
    let mut answer = Reader::new(server.send(&guest, "chat-1", "m1", "Hello?").await);
    let call = puppet.call().await;
    call.begin_text();
    call.say("Half of ");
    answer.until("Half of ").await;
    server.stop().await;
    assert!(answer.rest().await.contains(r#""type":"abort""#));

    let next = TestServer::start(App::builder(Model::new(Demo::new(), "demo")).stores(stores)).await;
    assert_eq!(next.app.recover().await.unwrap(), 0);
    let stored = next.messages(&guest, "chat-1").await;
    assert_eq!(stored["messages"][1]["metadata"]["status"], "stopped");
    assert_eq!(stored["messages"][1]["parts"][1]["text"], "Half of ");
}

#[tokio::test]
async fn a_server_that_shuts_down_takes_no_message() {
    let server = TestServer::demo().await;
    let guest = server.guest().await;
    server.app.shut_down(std::time::Duration::ZERO).await;
    let refused = server.send(&guest, "chat-1", "m1", "Hello?").await;
    let told = problem(refused, 503, "offline:chat").await;
    assert_eq!(told["retry_after"], 5);
    problem(server.get("/health/ready").send().await.unwrap(), 503, "offline:api").await;
    assert_eq!(server.get("/health").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_store_that_is_gone_is_a_fault_without_details() {
    let store = SqliteStore::in_memory().await.unwrap();
    let stores = Stores::of(Arc::new(store.clone()));
    let server = TestServer::start(App::builder(Model::new(Demo::new(), "demo")).stores(stores)).await;
    let guest = server.guest().await;
    store.close().await.unwrap();
    let asked = [
        guest.sign(server.get("/api/history")).send().await.unwrap(),
        server.send(&guest, "chat-1", "m1", "Hello?").await,
        server.post("/api/auth/guest").send().await.unwrap(),
        server.refresh(&guest.cookie).await,
    ];
    for answer in asked {
        let told = problem(answer, 500, "internal:database").await;
        assert_eq!(told["detail"], "Something went wrong. Please try again later.");
    }
    problem(server.get("/health/ready").send().await.unwrap(), 503, "offline:api").await;
    assert_eq!(server.get("/health").send().await.unwrap().status(), 200);
}
