//! The seam to embedding models: texts in, vectors out.

mod word_hash;

use std::fmt;

use async_trait::async_trait;

pub use self::word_hash::WordHashEmbedder;
use crate::{
    Usage,
    model::{ModelError, ProviderId},
};

/// What the vectors will be compared as. Some models make other vectors for what is searched and for what it is searched with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EmbeddingPurpose {
    /// Nothing in particular.
    #[default]
    Any,
    /// A document that will be searched.
    Document,
    /// What documents are searched with.
    Query,
}

/// Texts to embed.
///
/// ```
/// use scorpio_core::embedding::{EmbeddingPurpose, EmbeddingRequest};
/// let request = EmbeddingRequest::new(["The sky is blue.", "Grass is green."])
///     .with_dimensions(256)
///     .with_purpose(EmbeddingPurpose::Document);
/// assert_eq!(request.texts.len(), 2);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmbeddingRequest {
    /// The texts. There may be any number of them: an [`Embedder`] splits them into calls of the size that its provider takes.
    pub texts: Vec<String>,
    /// How long each vector shall be; the model's own length if not set.
    pub dimensions: Option<u32>,
    /// What the vectors will be compared as.
    pub purpose: EmbeddingPurpose,
}

impl EmbeddingRequest {
    /// Vectors for `texts`, please.
    pub fn new<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self { texts: texts.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// Sets how long each vector shall be.
    #[must_use]
    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.dimensions = Some(dimensions);
        self
    }

    /// Sets what the vectors will be compared as.
    #[must_use]
    pub fn with_purpose(mut self, purpose: EmbeddingPurpose) -> Self {
        self.purpose = purpose;
        self
    }
}

/// Vectors of texts.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Embeddings {
    /// One vector for each text, in the order of the texts. All are equally long.
    pub vectors: Vec<Vec<f32>>,
    /// What they cost.
    pub usage: Usage,
}

impl Embeddings {
    /// These vectors, for this much.
    pub fn new(vectors: Vec<Vec<f32>>, usage: Usage) -> Self {
        Self { vectors, usage }
    }
}

/// A model that turns texts into vectors.
#[async_trait]
pub trait Embedder: fmt::Debug + Send + Sync + 'static {
    /// The name of its provider.
    fn id(&self) -> &ProviderId;

    /// The model's name. Vectors of different models cannot be compared.
    fn model(&self) -> &str;

    /// Embeds texts. None of them gives none.
    ///
    /// # Errors
    ///
    /// When the provider cannot be reached or refuses, or when it does not answer with one vector for each text.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the call that is under way.
    async fn embed(&self, request: EmbeddingRequest) -> Result<Embeddings, ModelError>;
}
