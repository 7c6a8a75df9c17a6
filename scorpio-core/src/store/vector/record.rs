//! What a [`VectorStore`](super::VectorStore) keeps, is asked and answers.

use std::collections::BTreeMap;

use super::UnitVector;
use crate::{CollectionId, DocumentId, OwnerId, Trust, VectorId};

/// What a program wants to filter records by: names and values, which are compared as text.
pub type Metadata = BTreeMap<String, String>;

/// Where a text comes from.
///
/// ```
/// use scorpio_core::{DocumentId, store::VectorSource};
/// let source = VectorSource::new(DocumentId::parse("handbook").unwrap()).with_title("The handbook").at(3);
/// assert_eq!((source.title.as_deref(), source.position), (Some("The handbook"), 3));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorSource {
    /// The document that it is part of.
    pub document: DocumentId,
    /// Which part of the document, counted from 0.
    pub position: u32,
    /// What the document is called.
    pub title: Option<String>,
    /// Where the document is to be found.
    pub uri: Option<String>,
    /// Whether the text may be believed. It may not unless said: it is what whoever wrote the document wants it to be.
    pub trust: Trust,
}

impl VectorSource {
    /// The first part of a document, which may hold text that strangers wrote.
    pub fn new(document: DocumentId) -> Self {
        Self { document, position: 0, title: None, uri: None, trust: Trust::Untrusted }
    }

    /// Sets which part of the document it is, counted from 0.
    #[must_use]
    pub fn at(mut self, position: u32) -> Self {
        self.position = position;
        self
    }

    /// Sets what the document is called.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets where the document is to be found.
    #[must_use]
    pub fn with_uri(mut self, uri: impl Into<String>) -> Self {
        self.uri = Some(uri.into());
        self
    }

    /// Sets whether the text may be believed.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }
}

/// A text with its embedding.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VectorRecord {
    /// Its id, of its own in the collection.
    pub id: VectorId,
    /// The embedding of the text.
    pub embedding: UnitVector,
    /// The text.
    pub text: String,
    /// Where the text comes from.
    pub source: VectorSource,
    /// What it may be filtered by.
    pub metadata: Metadata,
}

impl VectorRecord {
    /// A text without metadata.
    pub fn new(id: VectorId, embedding: UnitVector, text: impl Into<String>, source: VectorSource) -> Self {
        Self { id, embedding, text: text.into(), source, metadata: Metadata::new() }
    }

    /// Adds to what it may be filtered by.
    #[must_use]
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

/// What to look for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VectorQuery {
    /// Whose records.
    pub owner: OwnerId,
    /// Which of their collections.
    pub collection: CollectionId,
    /// What they shall be near to.
    pub embedding: UnitVector,
    /// At most this many.
    pub limit: usize,
    /// Only records that have all of these. None unless set.
    pub filter: Metadata,
    /// Only records whose cosine is at least this. Any unless set.
    pub min_score: Option<f32>,
}

impl VectorQuery {
    /// The `limit` records of a collection that are nearest to a vector.
    pub fn new(owner: OwnerId, collection: CollectionId, embedding: UnitVector, limit: usize) -> Self {
        Self { owner, collection, embedding, limit, filter: Metadata::new(), min_score: None }
    }

    /// Only records with this in their metadata.
    #[must_use]
    pub fn with_filter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.filter.insert(name.into(), value.into());
        self
    }

    /// Only records whose cosine is at least this.
    #[must_use]
    pub fn with_min_score(mut self, score: f32) -> Self {
        self.min_score = Some(score);
        self
    }
}

/// A record that was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VectorHit {
    /// Its id.
    pub id: VectorId,
    /// The cosine, from -1 to 1.
    pub score: f32,
    /// The text.
    pub text: String,
    /// Where the text comes from.
    pub source: VectorSource,
    /// What it may be filtered by.
    pub metadata: Metadata,
}

impl VectorHit {
    /// A record that was found with this score.
    pub fn new(
        id: VectorId,
        score: f32,
        text: impl Into<String>,
        source: VectorSource,
        metadata: Metadata,
    ) -> Self {
        Self { id, score, text: text.into(), source, metadata }
    }
}

/// Which records to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Selection {
    /// Those with these ids.
    Ids(Vec<VectorId>),
    /// Those of a document.
    Document(DocumentId),
    /// All of the collection.
    All,
}

/// Which records to list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct VectorPage {
    /// Only those of this document.
    pub document: Option<DocumentId>,
    /// Only those behind this one.
    pub after: Option<VectorId>,
    /// At most this many.
    pub limit: usize,
}

impl VectorPage {
    /// The first `limit`.
    pub fn first(limit: usize) -> Self {
        Self { document: None, after: None, limit }
    }

    /// Only those of this document.
    #[must_use]
    pub fn of_document(mut self, document: DocumentId) -> Self {
        self.document = Some(document);
        self
    }

    /// Only those behind this one.
    #[must_use]
    pub fn after(mut self, id: VectorId) -> Self {
        self.after = Some(id);
        self
    }
}

/// A page of records.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct VectorListing {
    /// The records, by id.
    pub records: Vec<VectorRecord>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

impl VectorListing {
    /// A page.
    pub fn new(records: Vec<VectorRecord>, has_more: bool) -> Self {
        Self { records, has_more }
    }
}

/// A document, as its records tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentSummary {
    /// Where its first record comes from.
    pub source: VectorSource,
    /// What its first record may be filtered by.
    pub metadata: Metadata,
    /// How many records it has.
    pub records: u64,
}

impl DocumentSummary {
    /// A document whose first record is this one.
    pub fn new(source: VectorSource, metadata: Metadata, records: u64) -> Self {
        Self { source, metadata, records }
    }
}

/// A page of documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DocumentListing {
    /// The documents, by id.
    pub documents: Vec<DocumentSummary>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

impl DocumentListing {
    /// A page.
    pub fn new(documents: Vec<DocumentSummary>, has_more: bool) -> Self {
        Self { documents, has_more }
    }
}
