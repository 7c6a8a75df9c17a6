//! What goes wrong between here and a server, and what it is called.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use rustls::crypto::ring;
use scorpio_core::model::{ModelError, ModelErrorKind::*};
use scorpio_providers::{OpenAi, SecretString, TokenSource};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use self::support::{HALF, HI, Reply, Server, ask, untrusted_server};

const SHORT: Duration = Duration::from_millis(50);

async fn error_of(reply: Reply) -> ModelError {
    let server = Server::start([reply]).await;
    ask(&server.provider()).await.unwrap_err()
}

#[tokio::test]
async fn statuses_have_kinds() {
    let body = r#"{"error":{"message":"No.","type":"x","code":null}}"#;
    let table = [
        (400, InvalidRequest),
        (401, Auth),
        (403, Auth),
        (404, NotFound),
        (408, Timeout),
        (409, Overloaded),
        (422, InvalidRequest),
        (429, RateLimited),
        (500, Overloaded),
        (503, Overloaded),
        (529, Overloaded),
    ];
    for (status, kind) in table {
        let error = error_of(Reply::of(status, "application/json", body)).await;
        assert_eq!((error.kind(), error.status(), error.body()), (kind, Some(status), Some(body)));
    }
}

#[tokio::test]
async fn an_error_says_when_and_which() {
    let headers = "x-request-id: req_9\r\nretry-after: 7\r\n";
    let error = error_of(Reply::with_headers(429, headers, "slow down")).await;
    assert_eq!(error.request_id(), Some("req_9"));
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn no_money_is_not_cured_by_waiting() {
    let body = r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let error = error_of(Reply::of(429, "application/json", body)).await;
    assert_eq!((error.kind(), error.is_retryable()), (Quota, false));
}

#[tokio::test]
async fn a_key_that_the_server_repeats_is_not_kept() {
    let error = error_of(Reply::of(401, "text/plain", "bad key sk-0123456789")).await;
    assert_eq!(error.body(), Some("bad key [redacted]"));
}

#[derive(Debug)]
struct Token;

#[async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<SecretString, ModelError> {
        Ok("ya29.0123456789\n".into())
    }
}

#[tokio::test]
async fn a_token_that_the_server_repeats_is_not_kept() {
    let says = "data: {\"error\":{\"message\":\"bad token ya29.0123456789\"}}\n\n";
    for reply in [Reply::of(401, "text/plain", "bad token ya29.0123456789"), Reply::events(says)] {
        let server = Server::start([reply]).await;
        let provider = server.builder().token_source(Token).build().unwrap();
        let error = ask(&provider).await.unwrap_err();
        assert!(server.asked()[0].head.contains("Bearer ya29.0123456789\r\n"));
        assert!(error.body().unwrap().contains("bad token [redacted]"), "{error}");
        assert!(!error.to_string().contains("ya29"), "{error}");
    }
}

#[tokio::test]
async fn an_error_in_the_stream_knows_its_request() {
    let stream = format!("{HALF}data: {{\"error\":{{\"message\":\"No.\",\"type\":\"server_error\"}}}}\n\n");
    let error = error_of(Reply::events(&stream)).await;
    assert_eq!((error.kind(), error.request_id()), (Overloaded, Some("req_7")));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::start([Reply::events(HI)]).await;
    for status in [301, 302, 303, 307, 308] {
        let headers = format!("location: {}/chat/completions\r\n", elsewhere.url());
        let error = error_of(Reply::with_headers(status, &headers, "")).await;
        assert_eq!((error.kind(), error.status()), (Configuration, Some(status)));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_client_that_follows_redirects_is_found_out() {
    let elsewhere = Server::start([Reply::events(HI)]).await;
    let headers = format!("location: {}/chat/completions\r\n", elsewhere.url());
    let server = Server::start([Reply::with_headers(307, &headers, "")]).await;
    // `reqwest` cannot build a client here without a TLS set-up of its own.
    let tls = rustls_config();
    let client = reqwest::Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap();
    let error = ask(&server.builder().client(client).build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), Configuration);
    assert!(error.to_string().contains("follows redirects"), "{error}");
}

fn rustls_config() -> rustls::ClientConfig {
    rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth()
}

#[tokio::test]
async fn other_types_are_no_answers() {
    for content_type in ["text/html", "text/plain", "application/octet-stream", "image/png"] {
        let error = error_of(Reply::of(200, content_type, "<html>Please sign in</html>")).await;
        assert_eq!((error.kind(), error.body()), (Protocol, Some("<html>Please sign in</html>")));
        assert!(error.to_string().contains(content_type), "{error}");
    }
    assert_eq!(error_of(Reply::of(200, "application/json", "{\"hello\":1}")).await.kind(), Protocol);
    assert_eq!(error_of(Reply::of(200, "application/json", "not JSON")).await.kind(), Protocol);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let provider = OpenAi::builder().base_url(format!("http://{address}/v1?key=secret")).build().unwrap();
    let error = ask(&provider).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Unreachable, true));
    assert!(!format!("{error}{error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn a_connection_that_breaks_before_the_answer_is_unreachable() {
    for bytes in ["", "HTTP/1.1 2", "HTTP/1.1 200 OK\r\ncontent-ty", "hello?\r\n\r\n"] {
        assert_eq!(error_of(Reply::raw(bytes)).await.kind(), Unreachable, "{bytes}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_no_reason_to_try_again() {
    let address = untrusted_server().await;
    let provider = OpenAi::builder().base_url(format!("https://{address}/v1")).build().unwrap();
    let error = ask(&provider).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (Configuration, false), "{error:?}");
    assert!(error.to_string().contains("certificate is not trusted"), "{error}");
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        connection.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    });
    let provider = OpenAi::builder().base_url(format!("https://{address}/v1")).build().unwrap();
    assert_eq!(ask(&provider).await.unwrap_err().kind(), Unreachable);
}

#[tokio::test]
async fn every_phase_has_a_limit_of_time() {
    let headers = Server::start([Reply::raw("").then_hang()]).await;
    let error = ask(&headers.builder().headers_timeout(SHORT).build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Timeout, "no answer to the request within 0.05 s")
    );

    let reply = || Reply::events_without_end(": ping\n\n").then_hang();
    let first = Server::start([reply()]).await;
    let error = ask(&first.builder().first_token_timeout(SHORT).build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Timeout, "no first token within 0.05 s (request req_7)")
    );

    let idle = Server::start([Reply::events_without_end(HALF).then_hang()]).await;
    let error = ask(&idle.builder().idle_timeout(SHORT).build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Timeout, "no further piece of the answer within 0.05 s (request req_7)")
    );

    let total = Server::start([Reply::events_without_end(HALF).then_hang()]).await;
    let error = ask(&total.builder().total_timeout(SHORT).build().unwrap()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (Timeout, "no end of the answer within 0.05 s (request req_7)")
    );
}

#[tokio::test]
async fn a_body_of_an_error_without_end_is_left() {
    let head = "HTTP/1.1 500 X\r\ncontent-type: text/html\r\n\r\n";
    let server = Server::start([Reply::raw(head).then_repeat("x".repeat(1 << 16))]).await;
    let error = ask(&server.provider()).await.unwrap_err();
    assert_eq!((error.kind(), error.body().map(str::len)), (Overloaded, Some(8 << 10)));
    server.closed().await;
}

#[tokio::test]
async fn answers_without_end_are_left() {
    let events = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n";
    for reply in [
        Reply::raw(format!("{events}data: ")).then_repeat("x".repeat(1 << 20)),
        Reply::raw(events).then_repeat(format!(": {}\n\n", "x".repeat(1 << 10)).repeat(1 << 10)),
        Reply::raw(json).then_repeat("[".repeat(1 << 20)),
    ] {
        let server = Server::start([reply]).await;
        assert_eq!(ask(&server.provider()).await.unwrap_err().kind(), TooLarge);
        server.closed().await;
    }
}
