use std::time::Duration;

use scorpio_core::model::ModelErrorKind;

use super::*;
use crate::http::Timeouts;

fn url(base: &str) -> String {
    OpenAi::builder().base_url(base).transport(Nowhere).build().unwrap().0.address.url("m").unwrap().into()
}

#[derive(Debug)]
struct Nowhere;

#[async_trait::async_trait]
impl crate::Transport for Nowhere {
    async fn send(
        &self,
        _: http::Request<bytes::Bytes>,
    ) -> Result<http::Response<crate::TransportBody>, ModelError> {
        Err(ModelError::new(ModelErrorKind::Unreachable, "nowhere"))
    }
}

fn refused(builder: OpenAiBuilder) -> String {
    let error = builder.build().unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration);
    error.to_string()
}

fn local() -> OpenAiBuilder {
    OpenAi::builder().base_url("http://127.0.0.1:1/v1")
}

#[test]
fn the_address_of_the_endpoint() {
    assert_eq!(url(OPENAI), "https://api.openai.com/v1/responses");
    assert_eq!(url("https://api.openai.com/v1/"), "https://api.openai.com/v1/responses");
    assert_eq!(url("http://localhost:8000"), "http://localhost:8000/chat/completions");
    let azure = "https://x.openai.azure.com/openai/deployments/d?api-version=2026-01-01";
    assert_eq!(
        url(azure),
        "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2026-01-01"
    );
}

#[test]
fn addresses_that_cannot_be_used_are_refused_without_being_repeated() {
    for base in [
        "",
        "api.secret.example/v1",
        "ftp://secret.example",
        "data:secret",
        "https://user:secret@example.com/v1",
    ] {
        let message = refused(OpenAi::builder().base_url(base));
        assert!(message.contains("base URL") && !message.contains("secret"), "{base}: {message}");
    }
}

#[test]
fn headers_are_set_once() {
    let provider = local()
        .api_key("sk-0123456789")
        .organization("org-1")
        .project("proj_1")
        .header("x-team", "a")
        .header("X-Team", "b")
        .build()
        .unwrap();
    let headers = provider.0.endpoint.headers();
    let header = |name: &str| headers.get(name).unwrap().to_str().unwrap();
    assert_eq!(header("authorization"), "Bearer sk-0123456789");
    assert!(headers["authorization"].is_sensitive());
    assert_eq!((header("openai-organization"), header("openai-project")), ("org-1", "proj_1"));
    assert_eq!(header("x-team"), "b");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("user-agent"), concat!("scorpio/", env!("CARGO_PKG_VERSION")));
}

#[test]
fn without_a_key_none_is_sent() {
    let provider = local().build().unwrap();
    assert!(!provider.0.endpoint.headers().contains_key("authorization"));
}

#[test]
fn a_key_of_a_gateway_may_go_into_the_usual_header() {
    let provider = local().header("Authorization", "Basic eDp5").build().unwrap();
    assert_eq!(provider.0.endpoint.headers()["authorization"], "Basic eDp5");
}

#[test]
fn headers_that_cannot_be_sent_are_refused_without_their_values() {
    let message = refused(local().api_key("sk-secret\nx"));
    assert!(message.contains("the API key") && !message.contains("secret"), "{message}");
    let message = refused(local().header("x-key", "secr\u{e9}\n".to_owned() + "et"));
    assert!(message.contains("`x-key`") && !message.contains("et "), "{message}");
    assert!(refused(local().header("a b", "x")).contains("`a b`"));
    assert!(refused(local().header("Content-Length", "1")).contains("`content-length`"));
}

#[test]
fn nothing_shows_a_secret() {
    let builder = local()
        .base_url("http://127.0.0.1:1/v1?key=secret-in-query")
        .api_key("sk-secret-key")
        .header("x-key", "secret-header");
    let shown = format!("{builder:?}");
    assert!(!shown.contains("secret-"), "{shown}");
    let shown = format!("{:?}", builder.build().unwrap());
    assert!(!shown.contains("secret-"), "{shown}");
    assert!(shown.contains("http://127.0.0.1:1/v1/chat/completions"), "{shown}");
}

#[test]
fn endless_times_are_cut() {
    let provider = local().idle_timeout(Duration::MAX).total_timeout(Duration::MAX).build().unwrap();
    // The clock of a call does not overflow.
    let begun = std::time::Instant::now();
    let Timeouts { idle, total, .. } = provider.0.endpoint.timeouts();
    assert!(begun.checked_add(*idle).is_some() && begun.checked_add(*total).is_some());
}

#[test]
fn tls_is_set_up_with_the_certificates_of_the_system() {
    match OpenAi::builder().build() {
        Ok(provider) => assert!(provider.0.dialect.is_openai),
        // A machine without any says so.
        Err(error) => assert!(error.to_string().contains("CA certificates"), "{error}"),
    }
}
