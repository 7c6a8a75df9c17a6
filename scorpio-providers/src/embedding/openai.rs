//! Embeddings by OpenAI and every server compatible with it, Ollama among them.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use futures::FutureExt;
use reqwest::{Method, Url, header::HeaderMap};
use scorpio_core::{
    Usage,
    embedding::{Embedder, EmbeddingRequest, Embeddings},
    model::{ModelError, ModelErrorKind, ProviderId},
};
use serde::Deserialize;

use super::{
    MAX_ANSWER,
    batches::{self, Call, Size, protocol},
};
use crate::{
    environment::Environment,
    http::{Connection, Endpoint, connection_methods, invalid, with_path},
    json,
    lenient::Number,
};

/// OpenAI takes 2,048 texts and 300,000 tokens at once; a token is hardly ever less than one byte.
const SIZE: Size = Size { texts: 2_048, bytes: 300_000 };

/// Embeds texts by OpenAI's `/embeddings`.
///
/// ```no_run
/// use scorpio_core::embedding::{Embedder, EmbeddingRequest};
/// use scorpio_providers::OpenAiEmbedder;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), scorpio_core::model::ModelError> {
/// let embedder = OpenAiEmbedder::from_env("text-embedding-3-small")?;
/// let embeddings = embedder.embed(EmbeddingRequest::new(["The sky is blue."]).with_dimensions(256)).await?;
/// assert_eq!(embeddings.vectors[0].len(), 256);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct OpenAiEmbedder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    id: ProviderId,
    model: String,
    endpoint: Endpoint,
    url: Url,
}

impl OpenAiEmbedder {
    /// An embedder that is set up by hand.
    pub fn builder(model: impl Into<String>) -> OpenAiEmbedderBuilder {
        let connection = Connection::new("https://api.openai.com/v1");
        OpenAiEmbedderBuilder { id: "openai".into(), model: model.into(), connection }
    }

    /// A model of OpenAI, set up by `OPENAI_API_KEY` and, if it is set, `OPENAI_BASE_URL`.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the key is missing or a value cannot be used; the message names the variable.
    pub fn from_env(model: impl Into<String>) -> Result<Self, ModelError> {
        let environment = Environment::process();
        let key =
            environment.header("OPENAI_API_KEY")?.ok_or_else(|| invalid("OPENAI_API_KEY is not set"))?;
        let builder = Self::builder(model).api_key(key);
        match environment.get("OPENAI_BASE_URL") {
            Some(url) => builder.base_url(url).build(),
            None => builder.build(),
        }
    }

    async fn call(&self, texts: &[String], dimensions: Option<u32>) -> Result<Embeddings, ModelError> {
        let Inner { model, endpoint, url, .. } = &*self.0;
        let body = body(model, texts, dimensions);
        let answer = endpoint.fetch(Method::POST, url.clone(), body, MAX_ANSWER).await?;
        read(&answer)
    }
}

/// Sets up an [`OpenAiEmbedder`].
#[must_use]
#[derive(Debug)]
pub struct OpenAiEmbedderBuilder {
    id: ProviderId,
    model: String,
    connection: Connection,
}

impl OpenAiEmbedderBuilder {
    connection_methods!();

    /// Sets the provider's name. It is `openai` if not set.
    pub fn id(mut self, id: impl Into<ProviderId>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the address to which `/embeddings` is added. It is OpenAI's if not set.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.connection.base_url = url.into();
        self
    }

    /// Builds the embedder. It opens no connection yet.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when the address, the key or a header cannot be used.
    pub fn build(self) -> Result<OpenAiEmbedder, ModelError> {
        let (endpoint, base) = self.connection.build(HeaderMap::new())?;
        let url = with_path(&base, ["embeddings"]);
        Ok(OpenAiEmbedder(Arc::new(Inner { id: self.id, model: self.model, endpoint, url })))
    }
}

#[async_trait]
impl Embedder for OpenAiEmbedder {
    fn id(&self) -> &ProviderId {
        &self.0.id
    }

    fn model(&self) -> &str {
        &self.0.model
    }

    async fn embed(&self, request: EmbeddingRequest) -> Result<Embeddings, ModelError> {
        let calls = batches::split(&request.texts, SIZE)
            .into_iter()
            .map(|texts| Call { texts: texts.len(), answer: self.call(texts, request.dimensions).boxed() });
        batches::join(calls.collect()).await
    }
}

fn body(model: &str, texts: &[String], dimensions: Option<u32>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + texts.iter().map(|text| text.len() + 4).sum::<usize>());
    out.push(b'{');
    json::string_field(&mut out, "model", model);
    json::key(&mut out, "input");
    json::value(&mut out, texts);
    // A third of the size. Servers that do not know it send numbers.
    json::string_field(&mut out, "encoding_format", "base64");
    if let Some(dimensions) = dimensions {
        json::key(&mut out, "dimensions");
        json::value(&mut out, &dimensions);
    }
    out.push(b'}');
    out
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
    #[serde(default)]
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    index: Number,
    embedding: Vector,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vector {
    Numbers(Vec<f32>),
    Base64(String),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Counts {
    prompt_tokens: Number,
}

fn read(answer: &[u8]) -> Result<Embeddings, ModelError> {
    let mut answer: Answer = serde_json::from_slice(answer).map_err(|error| {
        ModelError::new(ModelErrorKind::Protocol, format!("the vectors cannot be read: {error}"))
            .with_source(error)
    })?;
    // In order where servers say so; as they come where they do not.
    answer.data.sort_by_key(|item| item.index.or_zero());
    let vectors = answer.data.into_iter().map(|item| item.embedding.read()).collect::<Result<_, _>>()?;
    let counts = answer.usage.unwrap_or_default();
    Ok(Embeddings::new(vectors, Usage::new(counts.prompt_tokens.or_zero(), 0)))
}

impl Vector {
    fn read(self) -> Result<Vec<f32>, ModelError> {
        let text = match self {
            Self::Numbers(numbers) => return Ok(numbers),
            Self::Base64(text) => text,
        };
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| protocol("a vector is no base64"))?;
        let (numbers, rest) = bytes.as_chunks::<4>();
        if !rest.is_empty() {
            return Err(protocol("a vector is cut within a number"));
        }
        Ok(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }
}
