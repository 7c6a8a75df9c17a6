//! Embeddings, against a server in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use scorpio_core::{
    embedding::{Embedder, EmbeddingPurpose, EmbeddingRequest},
    model::{ModelError, ModelErrorKind},
};
use scorpio_providers::{GeminiEmbedder, OpenAiEmbedder, Transport, TransportBody};
use serde_json::{Value, json};

/// The status and the body of the answer to a body.
type Respond = dyn Fn(&Value) -> (u16, Value) + Send + Sync;

/// Answers each request by a function of its body, and remembers what it was asked.
#[derive(Clone)]
struct Server {
    answer: Arc<Respond>,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    fn new(answer: impl Fn(&Value) -> (u16, Value) + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), asked: Arc::default() }
    }

    fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap().clone()
    }

    fn openai(&self) -> OpenAiEmbedder {
        let builder = OpenAiEmbedder::builder("small").base_url("http://server/v1").api_key("sk-0123456789");
        builder.transport(self.clone()).build().unwrap()
    }

    fn gemini(&self) -> GeminiEmbedder {
        let builder =
            GeminiEmbedder::builder("gemini-embedding").base_url("http://server").api_key("AIza0123456789");
        builder.transport(self.clone()).build().unwrap()
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<TransportBody>, ModelError> {
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        let (status, answer) = (self.answer)(&body);
        self.asked.lock().unwrap().push((request.uri().path().to_owned(), body));
        let response = http::Response::builder().status(status).header("content-type", "application/json");
        Ok(response.body(TransportBody::from(answer.to_string().into_bytes())).unwrap())
    }
}

fn texts(count: usize) -> Vec<String> {
    (0..count).map(|number| number.to_string()).collect()
}

/// OpenAI, whose vectors are the text's own number and one, as base64 and in the wrong order.
fn openai() -> Server {
    use base64::{Engine, prelude::BASE64_STANDARD};
    Server::new(|body| {
        let items = body["input"].as_array().unwrap().iter().enumerate().rev().map(|(index, text)| {
            let number: f32 = text.as_str().unwrap().parse().unwrap();
            let bytes = [number.to_le_bytes(), 1f32.to_le_bytes()].concat();
            json!({"index": index, "embedding": BASE64_STANDARD.encode(bytes)})
        });
        let items: Vec<Value> = items.collect();
        (200, json!({"data": items, "usage": {"prompt_tokens": items.len()}}))
    })
}

#[tokio::test]
async fn openai_embeds_any_number_of_texts_in_order() {
    let server = openai();
    let request = EmbeddingRequest::new(texts(5_000)).with_dimensions(2);
    let embeddings = server.openai().embed(request).await.unwrap();
    assert_eq!(embeddings.vectors.len(), 5_000);
    for (number, vector) in embeddings.vectors.iter().enumerate() {
        assert_eq!(*vector, [number as f32, 1.0]);
    }
    assert_eq!(embeddings.usage.input, 5_000);
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|(path, body)| path == "/v1/embeddings" && body["dimensions"] == 2));
}

#[tokio::test]
async fn large_texts_go_in_more_calls_and_none_in_no_call() {
    let server = Server::new(|body| {
        let items: Vec<Value> =
            body["input"].as_array().unwrap().iter().map(|_| json!({"embedding": [0.5, 1]})).collect();
        (200, json!({"data": items}))
    });
    let large = vec!["x".repeat(200_000), "y".repeat(200_000), "z".repeat(400_000), "a".to_owned()];
    let embeddings = server.openai().embed(EmbeddingRequest::new(large)).await.unwrap();
    assert_eq!((embeddings.vectors.len(), server.asked().len()), (4, 4));
    let none = server.openai().embed(EmbeddingRequest::default()).await.unwrap();
    assert_eq!((none.vectors.len(), server.asked().len()), (0, 4));
}

#[tokio::test]
async fn gemini_embeds_for_a_purpose() {
    let server = Server::new(|body| {
        let vectors: Vec<Value> = body["requests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| {
                let number: f32 = one["content"]["parts"][0]["text"].as_str().unwrap().parse().unwrap();
                json!({"values": [number, 1]})
            })
            .collect();
        (200, json!({"embeddings": vectors}))
    });
    let request = EmbeddingRequest::new(texts(250)).with_purpose(EmbeddingPurpose::Query).with_dimensions(2);
    let embeddings = server.gemini().embed(request).await.unwrap();
    assert_eq!(embeddings.vectors.len(), 250);
    assert_eq!(embeddings.vectors[249], [249.0, 1.0]);
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    let (path, body) = &asked[0];
    assert_eq!(path, "/v1beta/models/gemini-embedding:batchEmbedContents");
    let first = json!({
        "model": "models/gemini-embedding", "content": {"parts": [{"text": "0"}]},
        "taskType": "RETRIEVAL_QUERY", "outputDimensionality": 2,
    });
    assert_eq!(body["requests"][0], first);
}

#[tokio::test]
async fn answers_that_cannot_be_right_are_refused() {
    let vectors = |vectors: Value| json!({"data": vectors});
    let wrong = [
        vectors(json!([{"embedding": [1]}])),
        vectors(json!([{"embedding": [1]}, {"embedding": [1, 2]}])),
        vectors(json!([{"embedding": [1]}, {"embedding": []}])),
        vectors(json!([{"embedding": [1]}, {"embedding": "AAA="}])),
        vectors(json!([{"embedding": [1]}, {"embedding": "no base64"}])),
        vectors(json!([{"embedding": [1]}, {"embedding": "AADAfw=="}])),
        vectors(json!([{"embedding": [1]}, {"embedding": [1e300]}])),
        json!({"detail": "Not found"}),
        json!([]),
    ];
    for answer in wrong {
        let told = answer.to_string();
        let server = Server::new(move |_| (200, answer.clone()));
        let error = server.openai().embed(EmbeddingRequest::new(["a", "b"])).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Protocol, "{told}");
    }
    let server = Server::new(|_| (401, json!({"error": {"message": "bad key sk-0123456789"}})));
    let error = server.openai().embed(EmbeddingRequest::new(["a"])).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Auth);
    assert!(!format!("{error}{:?}", error.body()).contains("0123456789"));
}

#[test]
fn names_that_cannot_be_used_are_refused() {
    for model in ["", "a/b", "../x", "x:y"] {
        assert!(GeminiEmbedder::builder(model).base_url("http://server").build().is_err(), "{model}");
    }
}
