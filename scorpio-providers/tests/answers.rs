//! Answers over a real connection.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use futures::StreamExt;
use scorpio_core::model::{CallContext, FinishReason, LlmProvider, ModelErrorKind, ModelEvent};

use self::support::{HALF, HI, Reply, Server, ask, request};

#[tokio::test]
async fn a_request_is_what_the_server_expects() {
    let server = Server::start([Reply::events(HI)]).await;
    let provider = server.builder().organization("org-1").header("x-team", "a").build().unwrap();
    let answer = ask(&provider).await.unwrap();
    assert_eq!((answer.text().as_str(), answer.reason, answer.usage.output), ("Hi", FinishReason::Stop, 2));
    let asked = &server.asked()[0];
    assert!(asked.head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{}", asked.head);
    assert_eq!(asked.header("authorization"), Some("Bearer sk-0123456789"));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.header("openai-organization"), Some("org-1"));
    assert_eq!(asked.header("x-team"), Some("a"));
    let expected = serde_json::json!({
        "model": "test-model",
        "messages": [{"role": "user", "content": "Hi"}],
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(asked.body, expected);
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let server = Server::start(vec![Reply::events(HI); 5]).await;
    let provider = server.provider();
    for _ in 0..5 {
        ask(&provider).await.unwrap();
    }
    assert_eq!((server.asked().len(), server.connections()), (5, 1));
}

#[tokio::test]
async fn an_answer_sent_at_once_is_taken() {
    let json = r#"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},
        "finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}"#;
    let server = Server::start([Reply::of(200, "application/json; charset=utf-8", json)]).await;
    let answer = ask(&server.provider()).await.unwrap();
    assert_eq!((answer.text().as_str(), answer.reason), ("Hi", FinishReason::Stop));
}

#[tokio::test]
async fn what_follows_the_finish_may_break_or_never_come() {
    let finished = HI.split("data: {\"choices\":[],").next().unwrap();
    for reply in [
        Reply::events_without_end(HI),
        Reply::events_without_end(HI).then_hang(),
        Reply::events_without_end(finished),
        Reply::events(finished),
        Reply::raw(format!("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n{HI}")),
        Reply::raw(format!("HTTP/1.1 200 OK\r\n\r\n{HI}")),
    ] {
        let server = Server::start([reply.clone()]).await;
        let answer = ask(&server.provider()).await;
        assert_eq!(answer.map(|answer| answer.text()).unwrap(), "Hi", "{reply:?}");
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_truncated_after_what_came() {
    for reply in [
        Reply::events(HALF),
        Reply::events_without_end(HALF),
        Reply::events(&format!("{HALF}data: [DONE]\n\n")),
        Reply::raw(format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 1000\r\n\r\n{HALF}"
        )),
    ] {
        let server = Server::start([reply.clone()]).await;
        let mut stream = server.provider().stream(request(), &CallContext::new()).await.unwrap();
        let mut said = String::new();
        let error = loop {
            match stream.next().await.unwrap() {
                Ok(ModelEvent::Delta { text, .. }) => said.push_str(&text),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!((said.as_str(), error.kind()), ("Ha", ModelErrorKind::Truncated), "{reply:?}");
        assert!(error.is_retryable());
        assert!(stream.next().await.is_none());
    }
}

#[tokio::test]
async fn dropping_the_stream_closes_the_connection() {
    let server = Server::start([Reply::events_without_end(HALF).then_hang()]).await;
    let mut stream = server.provider().stream(request(), &CallContext::new()).await.unwrap();
    assert!(matches!(stream.next().await, Some(Ok(ModelEvent::Response(_)))));
    assert!(matches!(stream.next().await, Some(Ok(ModelEvent::PartStart { .. }))));
    drop(stream);
    server.closed().await;
}

#[tokio::test]
async fn events_come_while_the_server_is_still_speaking() {
    let server = Server::start([Reply::events_without_end(HALF).then_hang()]).await;
    let mut stream = server.provider().stream(request(), &CallContext::new()).await.unwrap();
    assert!(matches!(stream.next().await, Some(Ok(ModelEvent::Response(_)))));
    assert!(matches!(stream.next().await, Some(Ok(ModelEvent::PartStart { .. }))));
    let Some(Ok(ModelEvent::Delta { text, .. })) = stream.next().await else { panic!("no delta") };
    assert_eq!(&*text, "Ha");
}

#[tokio::test]
async fn many_answers_at_once_do_not_mix() {
    let replies = (0..32).map(|_| Reply::events(HI));
    let server = Server::start(replies).await;
    let provider = server.provider();
    let asks = (0..32).map(|_| ask(&provider));
    for answer in futures::future::join_all(asks).await {
        assert_eq!(answer.unwrap().text(), "Hi");
    }
}
