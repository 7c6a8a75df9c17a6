//! Embeddings without a model: texts that share words get vectors that are near to each other.

use async_trait::async_trait;
use sha2::{Digest, Sha256};

use super::{Embedder, EmbeddingRequest, Embeddings};
use crate::{
    Usage,
    model::{ModelError, ProviderId},
};

/// How long vectors are unless a request says so.
const DIMENSIONS: u32 = 256;

/// The words that say least. They do not count, or every question would be near to every text.
const COMMON: [&str; 32] = [
    "a", "an", "and", "are", "as", "at", "be", "by", "do", "does", "for", "from", "how", "i", "in", "is",
    "it", "of", "on", "or", "that", "the", "this", "to", "was", "we", "what", "when", "where", "who", "with",
    "you",
];

/// An embedder that needs no key and no network: each word of a text adds to a place of the vector that a hash of the word chooses.
///
/// It is for tests and demos. The same text always gives the same vector, in every process; texts are near to each other as far as they
/// share words, whatever the case. It knows nothing of meaning: *car* and *automobile* are strangers to it. A text without words
/// gets a vector of its own.
///
/// ```
/// use scorpio_core::{embedding::{Embedder, EmbeddingRequest, WordHashEmbedder}, store::UnitVector};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let embedder = WordHashEmbedder::new();
/// let texts = ["When can I get a refund?", "A refund takes five days.", "The office is in Lisbon."];
/// let vectors = embedder.embed(EmbeddingRequest::new(texts)).await?.vectors;
/// let vectors = vectors.into_iter().map(UnitVector::new).collect::<Result<Vec<_>, _>>()?;
/// assert!(vectors[0].cosine(&vectors[1]) > vectors[0].cosine(&vectors[2]));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct WordHashEmbedder {
    id: ProviderId,
    dimensions: u32,
}

impl WordHashEmbedder {
    /// One whose vectors have 256 numbers.
    pub fn new() -> Self {
        Self { id: "scripted".into(), dimensions: DIMENSIONS }
    }

    /// Sets how long the vectors are. 0 counts as 1.
    #[must_use]
    pub fn with_dimensions(mut self, dimensions: u32) -> Self {
        self.dimensions = dimensions.max(1);
        self
    }
}

impl Default for WordHashEmbedder {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Embedder for WordHashEmbedder {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn model(&self) -> &str {
        "word-hash"
    }

    async fn embed(&self, request: EmbeddingRequest) -> Result<Embeddings, ModelError> {
        let dimensions = request.dimensions.unwrap_or(self.dimensions).max(1);
        let vectors = request.texts.iter().map(|text| vector(text, dimensions)).collect();
        Ok(Embeddings::new(vectors, Usage::default()))
    }
}

fn vector(text: &str, dimensions: u32) -> Vec<f32> {
    let mut numbers = vec![0.0; usize::try_from(dimensions).unwrap_or(usize::MAX)];
    let words = text.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    let words = words.filter(|word| !word.is_empty() && !COMMON.contains(&word.as_str()));
    words.for_each(|word| add(&mut numbers, &word));
    if numbers.iter().all(|number| *number == 0.0) {
        // Of common words alone, of none, or of words that took each other away.
        add(&mut numbers, &format!(" {text}"));
    }
    numbers
}

/// Adds a word to two places: two words that share one of them by chance hardly share the other.
fn add(numbers: &mut [f32], word: &str) {
    let hash = Sha256::digest(word.as_bytes());
    let mut bytes = hash.iter().map(|byte| u64::from(*byte));
    for weight in [1.0, 0.5] {
        let place = bytes.by_ref().take(7).fold(0, |place, byte| place << 8 | byte);
        let sign = if bytes.next().is_some_and(|byte| byte % 2 == 0) { weight } else { -weight };
        let count = numbers.len() as u64;
        let place = usize::try_from(place % count).unwrap_or(0);
        if let Some(number) = numbers.get_mut(place) {
            *number += sign;
        }
    }
}

#[cfg(test)]
mod tests;
