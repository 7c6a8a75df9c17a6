//! Embeddings by Gemini.

use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use reqwest::{
    Method, Url,
    header::{HeaderMap, HeaderName},
};
use scorpio_core::{
    Usage,
    embedding::{Embedder, EmbeddingPurpose, EmbeddingRequest, Embeddings},
    model::{ModelError, ModelErrorKind, ProviderId},
};
use serde::Deserialize;

use super::{
    MAX_ANSWER,
    batches::{self, Call, Size},
};
use crate::{
    environment::Environment,
    http::{Connection, Endpoint, connection_methods, invalid, with_path},
    json,
};

/// Gemini takes 100 texts at once.
const SIZE: Size = Size { texts: 100, bytes: 1 << 20 };

/// Embeds texts by Gemini's `batchEmbedContents`.
///
/// ```no_run
/// use scorpio_core::embedding::{Embedder, EmbeddingPurpose, EmbeddingRequest};
/// use scorpio_providers::GeminiEmbedder;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), scorpio_core::model::ModelError> {
/// let embedder = GeminiEmbedder::from_env("gemini-embedding-001")?;
/// let question = EmbeddingRequest::new(["Why is the sky blue?"]).with_purpose(EmbeddingPurpose::Query);
/// println!("{} numbers", embedder.embed(question).await?.vectors[0].len());
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct GeminiEmbedder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: ProviderId,
    model: String,
    endpoint: Endpoint,
    url: Url,
}

impl GeminiEmbedder {
    /// An embedder that is set up by hand.
    pub fn builder(model: impl Into<String>) -> GeminiEmbedderBuilder {
        let mut connection = Connection::new("https://generativelanguage.googleapis.com");
        connection.key_header = HeaderName::from_static("x-goog-api-key");
        GeminiEmbedderBuilder { id: "gemini".into(), model: model.into(), connection }
    }

    /// A model of Gemini, set up by `GOOGLE_API_KEY` or `GEMINI_API_KEY` and, if it is set, `GOOGLE_GEMINI_BASE_URL`.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the key is missing or a value cannot be used; the message names the variable.
    pub fn from_env(model: impl Into<String>) -> Result<Self, ModelError> {
        let environment = Environment::process();
        let other = environment.header("GEMINI_API_KEY")?;
        let key = environment.header("GOOGLE_API_KEY")?.or(other);
        let builder = Self::builder(model).api_key(key.ok_or_else(|| invalid("GEMINI_API_KEY is not set"))?);
        match environment.get("GOOGLE_GEMINI_BASE_URL") {
            Some(url) => builder.base_url(url).build(),
            None => builder.build(),
        }
    }

    async fn call(&self, texts: &[String], request: &EmbeddingRequest) -> Result<Embeddings, ModelError> {
        let Inner { model, endpoint, url, .. } = &*self.0;
        let body = body(model, texts, request);
        let answer = endpoint.fetch(Method::POST, url.clone(), body, MAX_ANSWER).await?;
        let answer: Answer = serde_json::from_slice(&answer).map_err(|error| {
            ModelError::new(ModelErrorKind::Protocol, format!("the vectors cannot be read: {error}"))
                .with_source(error)
        })?;
        let vectors = answer.embeddings.into_iter().map(|embedding| embedding.values).collect();
        // Gemini does not say what embeddings cost.
        Ok(Embeddings::new(vectors, Usage::default()))
    }
}

/// Sets up a [`GeminiEmbedder`].
#[must_use]
#[derive(Debug)]
pub struct GeminiEmbedderBuilder {
    id: ProviderId,
    model: String,
    connection: Connection,
}

impl GeminiEmbedderBuilder {
    connection_methods!();

    /// Sets the provider's name. It is `gemini` if not set.
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the address to which `/v1beta/models/…` is added. It is Google's if not set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.connection.base_url = url.into();
        self
    }

    /// Builds the embedder. It opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the address, the key, a header or the model's name cannot be used.
    pub fn build(self) -> Result<GeminiEmbedder, ModelError> {
        let name = self.model.strip_prefix("models/").unwrap_or(&self.model);
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '?', '#', ':']) {
            return Err(invalid(format!("`{}` is no name of a model of Gemini", self.model)));
        }
        let model = format!("models/{name}");
        let (endpoint, base) = self.connection.build(HeaderMap::new())?;
        let call = format!("{name}:batchEmbedContents");
        let url = with_path(&base, ["v1beta", "models", &call]);
        Ok(GeminiEmbedder(Arc::new(Inner { id: self.id, model, endpoint, url })))
    }
}

#[async_trait]
impl Embedder for GeminiEmbedder {
    fn id(&self) -> &ProviderId {
        &self.0.id
    }

    fn model(&self) -> &str {
        self.0.model.strip_prefix("models/").unwrap_or(&self.0.model)
    }

    async fn embed(&self, request: EmbeddingRequest) -> Result<Embeddings, ModelError> {
        let calls = batches::split(&request.texts, SIZE)
            .into_iter()
            .map(|texts| Call { texts: texts.len(), answer: self.call(texts, &request).boxed() });
        batches::join(calls.collect()).await
    }
}

fn body(model: &str, texts: &[String], request: &EmbeddingRequest) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + texts.iter().map(|text| text.len() + 128).sum::<usize>());
    out.extend_from_slice(br#"{"requests":["#);
    for text in texts {
        json::comma(&mut out);
        out.push(b'{');
        json::string_field(&mut out, "model", model);
        json::key(&mut out, "content");
        out.extend_from_slice(br#"{"parts":[{"#);
        json::string_field(&mut out, "text", text);
        out.extend_from_slice(b"}]}");
        match request.purpose {
            EmbeddingPurpose::Document => json::string_field(&mut out, "taskType", "RETRIEVAL_DOCUMENT"),
            EmbeddingPurpose::Query => json::string_field(&mut out, "taskType", "RETRIEVAL_QUERY"),
            _ => {}
        }
        if let Some(dimensions) = request.dimensions {
            json::key(&mut out, "outputDimensionality");
            json::value(&mut out, &dimensions);
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]}");
    out
}

#[derive(Deserialize)]
struct Answer {
    embeddings: Vec<Values>,
}

#[derive(Deserialize)]
struct Values {
    values: Vec<f32>,
}
