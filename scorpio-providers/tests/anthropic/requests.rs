//! Single requests: what may stand in them, where they go, and what comes back beside the answer.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use scorpio_core::{
    Agent, Json, MediaPart, MediaSource, Message, Part, Provenance, Role,
    model::{
        self, CallContext, LlmProvider, Model, ModelError, ModelErrorKind, ModelEvent, ModelRequest,
        OutputSchema, Transcript,
    },
    schemars::{self, JsonSchema},
};
use scorpio_providers::{Anthropic, SecretString, TokenSource, Transport, TransportBody};
use scorpio_testkit::{Script, StrictProvider, Turn};
use serde::Deserialize;

use crate::strict::Strict;

fn provider(server: &StrictProvider) -> Anthropic {
    let builder = Anthropic::builder().base_url("http://anthropic.example").api_key("sk-ant-0123456789");
    builder.transport(Strict(server.clone())).build().unwrap()
}

fn request(message: Message) -> ModelRequest {
    ModelRequest::new("claude-sonnet-5-5", Transcript::from_iter([message]))
}

fn server(turns: impl IntoIterator<Item = Turn>) -> StrictProvider {
    StrictProvider::new(Script::in_order(turns))
}

fn hi() -> StrictProvider {
    server([Turn::text("Hi there")])
}

#[tokio::test]
async fn images_and_documents_of_every_kind() {
    let media =
        |media_type: &str, source| Part::Media(MediaPart::new(media_type, source).with_filename("it"));
    let data = || MediaSource::Base64("aGVsbG8=".to_owned());
    let url = || MediaSource::Url("https://example.com/it".to_owned());
    let parts = vec![
        media("image/png", data()),
        media("image/webp", url()),
        media("image/tiff", data()),
        media("application/pdf", data()),
        media("application/pdf", url()),
        media("text/markdown", data()),
        media("audio/wav", data()),
        Part::text("What is this?", Provenance::User),
    ];
    let server = hi();
    let request = request(Message::new(Role::User, parts));
    let answer = model::complete(&provider(&server), request, &CallContext::new()).await.unwrap();
    assert_eq!((answer.text().as_str(), server.refusals().len()), ("Hi there", 0));
    let content = server.asked()[0].request.body()["messages"][0]["content"].clone();
    let kinds: Vec<_> =
        content.as_array().unwrap().iter().map(|block| block["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["image", "image", "text", "document", "document", "document", "text", "text"]);
    assert_eq!(content[5]["source"]["data"], "hello");
}

/// A city.
#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct City {
    name: String,
    /// How many live there.
    #[schemars(range(min = 1))]
    people: Option<u32>,
    parts: Vec<Quarter>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
struct Quarter {
    name: String,
}

#[tokio::test]
async fn an_answer_of_a_shape() {
    let json = r#"{"name":"Graz","people":300000,"parts":[{"name":"Lend"}]}"#;
    let server = server([Turn::new().reasoning("Hm.").and_text(json)]);
    let agent = Agent::builder("test")
        .with_model(Model::new(provider(&server), "claude-sonnet-5-5"))
        .build()
        .unwrap();
    let city = agent.run("A city?").output::<City>().await.unwrap().value;
    let expected =
        City { name: "Graz".into(), people: Some(300_000), parts: vec![Quarter { name: "Lend".into() }] };
    assert_eq!((city, server.refusals().len()), (expected, 0));
    let asked = server.asked();
    let schema = &asked[0].request.body()["output_config"]["format"]["schema"];
    assert_eq!(schema["additionalProperties"], false);
}

#[tokio::test]
async fn a_shape_that_cannot_be_asked_for_is_refused_before_anything_is_sent() {
    let server = hi();
    let schema = Json::parse(r#"{"type":"object","additionalProperties":{"type":"string"}}"#).unwrap();
    let request = request(Message::user("Hi")).with_output(Arc::new(OutputSchema::new("Map", schema)));
    let error = model::complete(&provider(&server), request, &CallContext::new()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Configuration);
    assert!(error.to_string().contains("`Map`"), "{error}");
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn sampling_is_left_out_and_thinking_is_as_asked() {
    let server = server(vec![Turn::text("Hi"); 4]);
    for effort in ["none", "low", "2048", "40000"] {
        let request = request(Message::user("Hi")).with_temperature(0.0).with_reasoning_effort(effort);
        model::complete(&provider(&server), request, &CallContext::new()).await.unwrap();
    }
    assert_eq!(server.refusals(), []);
}

#[tokio::test]
async fn what_the_headers_say_and_what_it_cost() {
    let server = hi();
    let provider = provider(&server);
    let stream = provider.stream(request(Message::user("Hi")), &CallContext::new()).await.unwrap();
    let events: Vec<ModelEvent> = stream.map(Result::unwrap).collect().await;
    let Some(ModelEvent::Response(info)) = events.first() else { panic!("{events:?}") };
    assert!(info.request_id.as_deref().is_some_and(|id| id.starts_with("req_")));
    let requests = info.requests.unwrap();
    assert_eq!((requests.limit, requests.remaining), (Some(50), Some(49)));
    let usage = events.iter().rev().find_map(|event| match event {
        ModelEvent::Usage(usage) => Some(usage),
        _ => None,
    });
    let usage = usage.unwrap();
    assert_eq!((usage.input, usage.cache_read, usage.cache_write, usage.output), (5, 7, 3, 11));
}

#[derive(Debug)]
struct Token;

#[async_trait]
impl TokenSource for Token {
    async fn token(&self) -> Result<SecretString, ModelError> {
        Ok("ya29.token".to_owned().into())
    }
}

#[tokio::test]
async fn vertex_has_its_own_address_version_and_token() {
    let server = hi();
    let vertex = Anthropic::vertex("p-1", "europe-west1")
        .token_source(Token)
        .transport(Strict(server.clone()))
        .build()
        .unwrap();
    let asked = request(Message::user("Hi")).with_instructions("Be brief.");
    model::complete(&vertex, asked, &CallContext::new()).await.unwrap();
    let asked = &server.asked()[0].request;
    assert_eq!(
        asked.uri().to_string(),
        "https://europe-west1-aiplatform.googleapis.com/v1/projects/p-1/locations/europe-west1/publishers/anthropic/models/claude-sonnet-5-5:streamRawPredict"
    );
    assert_eq!(asked.headers()["authorization"], "Bearer ya29.token");
    assert_eq!(asked.headers().get("anthropic-version"), None);
    assert_eq!(asked.body().to_string().matches("cache_control").count(), 2);
}

/// Refuses everything in the same words.
#[derive(Debug)]
struct Refusal(u16, &'static str, &'static str);

#[async_trait]
impl Transport for Refusal {
    async fn send(
        &self,
        _: http::Request<bytes::Bytes>,
    ) -> Result<http::Response<TransportBody>, ModelError> {
        let response = http::Response::builder().status(self.0).header("content-type", "application/json");
        let (name, value) = self.1.split_once(": ").unwrap();
        Ok(response.header(name, value).body(self.2.into()).unwrap())
    }
}

#[tokio::test]
async fn errors_say_what_they_are() {
    let limited =
        r#"{"type":"error","error":{"type":"rate_limit_error","message":"slow down"},"request_id":"req_9"}"#;
    let spent = r#"{"type":"error","error":{"type":"rate_limit_error","message":"no","details":{"error_code":"enforced_spend_limit_reached"}}}"#;
    let busy = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
    for (refusal, kind, is_retryable) in [
        (Refusal(429, "retry-after: 3", limited), ModelErrorKind::RateLimited, true),
        (Refusal(429, "request-id: req_9", spent), ModelErrorKind::Quota, false),
        (Refusal(529, "request-id: req_9", busy), ModelErrorKind::Overloaded, true),
    ] {
        let builder = Anthropic::builder().base_url("http://anthropic.example").api_key("sk-ant-0123456789");
        let provider = builder.transport(refusal).build().unwrap();
        let error =
            model::complete(&provider, request(Message::user("Hi")), &CallContext::new()).await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (kind, is_retryable), "{error}");
    }
}
