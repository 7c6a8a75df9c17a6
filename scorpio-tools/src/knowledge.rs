//! Documents that are searched by what they mean: they are split into passages, embedded and kept in a store of vectors, each owner's
//! apart from all others'.

mod document;
mod ingest;
mod search_tool;
mod split;

use std::sync::Arc;

use scorpio_core::{
    CollectionId, DocumentId, ErrorKind, OwnerId, Result, ScorpioError, Surface,
    embedding::{Embedder, EmbeddingPurpose, EmbeddingRequest},
    model::{ModelError, ModelErrorKind},
    store::{DocumentListing, DocumentSummary, Selection, UnitVector, VectorHit, VectorQuery, VectorStore},
};
use sha2::{Digest, Sha256};

pub use self::{
    document::{Document, DocumentFormat, KnowledgeLimits},
    ingest::Ingested,
    search_tool::{KnowledgeSearch, Passage, Passages},
};

/// The name of the collection unless another is set.
const COLLECTION: &str = "knowledge";

/// The longest part of a collection's name that is kept readable.
const READABLE: usize = 100;

/// Documents that are searched by what they mean. Cloning it is cheap; clones share everything.
///
/// What is taken in belongs to an owner, and only that owner's searches find it. Vectors of different models cannot be compared, so
/// documents that another [`Embedder`] took in are not seen: take them in again, or go back to it, and they are there.
///
/// ```
/// use std::sync::Arc;
/// use scorpio_core::{DocumentId, OwnerId, embedding::WordHashEmbedder, store::MemoryVectors};
/// use scorpio_tools::{Document, Knowledge};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
/// let knowledge = Knowledge::new(Arc::new(WordHashEmbedder::new()), Arc::new(MemoryVectors::new()));
/// let owner = OwnerId::local();
/// let text = "A refund takes five days. Refunds go to the card that was charged.";
/// let document = Document::new(DocumentId::parse("refunds").unwrap(), text).with_title("Refunds");
/// knowledge.ingest(&owner, document).await?;
///
/// let hits = knowledge.search(&owner, "How long does a refund take?", 3).await?;
/// assert_eq!(hits[0].source.title.as_deref(), Some("Refunds"));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Knowledge {
    embedder: Arc<dyn Embedder>,
    store: Arc<dyn VectorStore>,
    collection: CollectionId,
    limits: KnowledgeLimits,
    min_score: Option<f32>,
}

impl Knowledge {
    /// Documents in `store`, in the collection `knowledge`, compared by the vectors of `embedder`.
    pub fn new(embedder: Arc<dyn Embedder>, store: Arc<dyn VectorStore>) -> Self {
        let collection = collection(COLLECTION, embedder.as_ref());
        Self { embedder, store, collection, limits: KnowledgeLimits::new(), min_score: None }
    }

    /// Sets the collection, where an owner has several that are searched apart.
    #[must_use]
    pub fn with_collection(mut self, id: &CollectionId) -> Self {
        self.collection = collection(id.as_str(), self.embedder.as_ref());
        self
    }

    /// Sets how much is taken in.
    #[must_use]
    pub fn with_limits(mut self, limits: KnowledgeLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the least cosine of what is found, from -1 to 1. Any unless set. What is high depends on the model.
    #[must_use]
    pub fn with_min_score(mut self, score: f32) -> Self {
        self.min_score = Some(score);
        self
    }

    /// How much is taken in.
    pub fn limits(&self) -> &KnowledgeLimits {
        &self.limits
    }

    /// The passages of an owner's documents that are nearest to a question, the nearest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadRequest`] when the question is empty or longer than the limits allow, and when the embedder or the store fails.
    pub async fn search(&self, owner: &OwnerId, question: &str, limit: usize) -> Result<Vec<VectorHit>> {
        let question = question.trim();
        if question.is_empty() {
            return Err(refused("The question is empty."));
        }
        let longest = self.limits.question_characters;
        if question.chars().count() > longest {
            return Err(refused(format!("The question is longer than {longest} characters.")));
        }
        let vectors = self.embed(vec![question.to_owned()], EmbeddingPurpose::Query).await?;
        let Some(vector) = vectors.into_iter().next() else { return Ok(Vec::new()) };
        let mut query = VectorQuery::new(owner.clone(), self.collection.clone(), vector, limit);
        query.min_score = self.min_score;
        Ok(self.store.query(query).await?)
    }

    /// Forgets a document of an owner. False when there is no such document.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn delete(&self, owner: &OwnerId, document: &DocumentId) -> Result<bool> {
        let selection = Selection::Document(document.clone());
        Ok(self.store.delete(owner, &self.collection, selection).await? > 0)
    }

    /// The documents of an owner by id, those behind `after`, at most `limit`.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn documents(
        &self,
        owner: &OwnerId,
        after: Option<&DocumentId>,
        limit: usize,
    ) -> Result<DocumentListing> {
        Ok(self.store.documents(owner, &self.collection, after, limit).await?)
    }

    /// A document of an owner.
    ///
    /// # Errors
    ///
    /// When the store fails.
    pub async fn document(&self, owner: &OwnerId, document: &DocumentId) -> Result<Option<DocumentSummary>> {
        Ok(self.store.document(owner, &self.collection, document).await?)
    }

    /// The tool `knowledge_search` over these documents.
    pub fn tool(&self) -> KnowledgeSearch {
        KnowledgeSearch::new(self.clone())
    }

    async fn embed(&self, texts: Vec<String>, purpose: EmbeddingPurpose) -> Result<Vec<UnitVector>> {
        let count = texts.len();
        let embeddings = self.embedder.embed(EmbeddingRequest::new(texts).with_purpose(purpose)).await?;
        if embeddings.vectors.len() != count {
            let found = embeddings.vectors.len();
            let message = format!("there are {found} vectors for {count} texts");
            return Err(ModelError::new(ModelErrorKind::Protocol, message).into());
        }
        let unusable =
            |error| ModelError::new(ModelErrorKind::Protocol, "a vector cannot be used").with_source(error);
        let vectors =
            embeddings.vectors.into_iter().map(|numbers| UnitVector::new(numbers).map_err(unusable));
        Ok(vectors.collect::<Result<_, _>>()?)
    }
}

/// The collection of the vectors of one model.
fn collection(name: &str, embedder: &dyn Embedder) -> CollectionId {
    let identity = format!("{name}\n{}\n{}", embedder.id(), embedder.model());
    let readable = name.get(..READABLE).unwrap_or(name);
    let id = format!("{readable}.{}", digest(&identity, 8));
    // It is shorter than an id may be, and of characters that an id may have.
    CollectionId::parse(&id).unwrap_or_else(|_| CollectionId::new())
}

/// So many bytes of the hash of a text, in hexadecimal.
fn digest(text: &str, bytes: usize) -> String {
    Sha256::digest(text.as_bytes()).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

fn refused(message: impl Into<std::borrow::Cow<'static, str>>) -> ScorpioError {
    ScorpioError::new(ErrorKind::BadRequest, Surface::Knowledge, message)
}

fn too_large(message: String) -> ScorpioError {
    ScorpioError::new(ErrorKind::TooLarge, Surface::Knowledge, message)
}

#[cfg(test)]
mod tests;
