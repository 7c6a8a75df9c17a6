#![allow(clippy::unwrap_used)]

use scorpio_core::model::ModelErrorKind;
use secrecy::SecretString;

use super::*;
use crate::TokenSource;

#[derive(Debug)]
struct Token;

#[async_trait::async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<SecretString, ModelError> {
        Ok("ya29".to_owned().into())
    }
}

fn url(builder: AnthropicBuilder, model: &str) -> String {
    builder.build().unwrap().0.address.url(model).unwrap().into()
}

#[test]
fn addresses() {
    let local = |base: &str| url(Anthropic::builder().base_url(base), "claude");
    assert_eq!(local("http://localhost:1"), "http://localhost:1/v1/messages");
    assert_eq!(local("http://localhost:1/proxy/"), "http://localhost:1/proxy/v1/messages");
    assert_eq!(local("http://localhost:1/v1"), "http://localhost:1/v1/messages");
    let vertex = |location: &str| Anthropic::vertex("p-1", location).token_source(Token);
    let near = url(vertex("europe-west1").base_url("http://localhost:1"), "claude-x@20260101");
    let path = "/v1/projects/p-1/locations/europe-west1/publishers/anthropic/models/claude-x@20260101:streamRawPredict";
    assert_eq!(near, format!("http://localhost:1{path}"));
    let shown = format!("{:?}", vertex("global").connection.base_url);
    assert_eq!(shown, "\"https://aiplatform.googleapis.com\"");
}

#[test]
fn keys_go_where_they_belong_and_are_not_shown() {
    let builder = || Anthropic::builder().base_url("http://localhost:1").api_key("secret-key-0123");
    let bearer = builder().beta("a").beta("b").build().unwrap();
    let header = |provider: &Anthropic, name: &str| {
        provider.0.endpoint.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(header(&bearer, "authorization").as_deref(), Some("Bearer secret-key-0123"));
    assert_eq!(header(&bearer, "anthropic-version").as_deref(), Some("2026-10-21"));
    assert_eq!(header(&bearer, "anthropic-beta").as_deref(), Some("a,b"));
    let keyed = builder().auth(AnthropicAuth::ApiKey).version("2023-06-01").build().unwrap();
    assert_eq!(header(&keyed, "x-api-key").as_deref(), Some("secret-key-0123"));
    assert_eq!(header(&keyed, "authorization"), None);
    assert!(!format!("{keyed:?}{:?}", builder()).contains("secret-key"));
}

#[test]
fn what_cannot_be_used_is_refused() {
    for builder in [
        Anthropic::builder().base_url("ftp://x"),
        Anthropic::builder().version("a\nb"),
        Anthropic::vertex("p/../q", "global"),
        Anthropic::vertex("p", ""),
    ] {
        assert_eq!(builder.build().unwrap_err().kind(), ModelErrorKind::Configuration);
    }
    let vertex = Anthropic::vertex("p", "global").base_url("http://localhost:1").build().unwrap();
    assert!(vertex.0.address.url("a/../../b").is_err());
}
