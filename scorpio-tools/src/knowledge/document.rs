//! What is taken in, and how much of it.

use scorpio_core::{DocumentId, Trust, store::Metadata};

/// How a document is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DocumentFormat {
    /// Plain text. It is split between paragraphs, then lines, sentences and words.
    #[default]
    Text,
    /// Markdown. It is split between sections first, and neither in a table nor in a block of code if that can be helped.
    Markdown,
}

/// A document to be taken in.
///
/// ```
/// use scorpio_core::DocumentId;
/// use scorpio_tools::{Document, DocumentFormat};
/// let document = Document::new(DocumentId::parse("handbook").unwrap(), "# Refunds\n\nThey take five days.")
///     .with_title("Handbook")
///     .with_uri("https://example.com/handbook")
///     .with_format(DocumentFormat::Markdown);
/// assert_eq!(document.title.as_deref(), Some("Handbook"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Document {
    /// Its id, of its own among the owner's documents.
    pub id: DocumentId,
    /// What it says.
    pub text: String,
    /// How it is written.
    pub format: DocumentFormat,
    /// What it is called.
    pub title: Option<String>,
    /// Where it is to be found.
    pub uri: Option<String>,
    /// Whether what it says may be believed. It may not unless set: whoever wrote it may have written it for the model.
    pub trust: Trust,
    /// What its passages may be filtered by.
    pub metadata: Metadata,
}

impl Document {
    /// A document in plain text, which may hold what strangers wrote.
    pub fn new(id: DocumentId, text: impl Into<String>) -> Self {
        Self {
            id,
            text: text.into(),
            format: DocumentFormat::Text,
            title: None,
            uri: None,
            trust: Trust::Untrusted,
            metadata: Metadata::new(),
        }
    }

    /// Sets how it is written.
    #[must_use]
    pub fn with_format(mut self, format: DocumentFormat) -> Self {
        self.format = format;
        self
    }

    /// Sets what it is called.
    #[must_use]
    pub fn with_title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets where it is to be found.
    #[must_use]
    pub fn with_uri(mut self, uri: impl Into<String>) -> Self {
        self.uri = Some(uri.into());
        self
    }

    /// Sets whether what it says may be believed.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Adds to what its passages may be filtered by.
    #[must_use]
    pub fn with_metadata(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }
}

/// How much is taken in. Characters are Unicode scalar values.
///
/// ```
/// use scorpio_tools::KnowledgeLimits;
/// let limits = KnowledgeLimits::new().with_passage_characters(800);
/// assert_eq!(limits.passage_overlap, 120);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnowledgeLimits {
    /// The longest passage, in characters. 1,200 unless set: about 300 tokens of English.
    pub passage_characters: usize,
    /// How many characters at most a passage repeats of the one before. 120 unless set.
    pub passage_overlap: usize,
    /// The longest document, in characters. A million unless set.
    pub document_characters: usize,
    /// The most passages of an owner in a collection. 20,000 unless set. Documents that are taken in at the same time may pass it
    /// together.
    pub owner_passages: u64,
    /// The longest question, in characters. 2,000 unless set.
    pub question_characters: usize,
}

impl KnowledgeLimits {
    /// What is said at each field.
    pub const fn new() -> Self {
        Self {
            passage_characters: 1200,
            passage_overlap: 120,
            document_characters: 1_000_000,
            owner_passages: 20_000,
            question_characters: 2000,
        }
    }

    /// Sets the longest passage, at least 1 character.
    #[must_use]
    pub const fn with_passage_characters(mut self, characters: usize) -> Self {
        self.passage_characters = if characters == 0 { 1 } else { characters };
        self
    }

    /// Sets how many characters a passage repeats of the one before. It is less than a passage has.
    #[must_use]
    pub const fn with_passage_overlap(mut self, characters: usize) -> Self {
        self.passage_overlap = characters;
        self
    }

    /// Sets the longest document.
    #[must_use]
    pub const fn with_document_characters(mut self, characters: usize) -> Self {
        self.document_characters = characters;
        self
    }

    /// Sets the most passages of an owner.
    #[must_use]
    pub const fn with_owner_passages(mut self, passages: u64) -> Self {
        self.owner_passages = passages;
        self
    }
}

impl Default for KnowledgeLimits {
    fn default() -> Self {
        Self::new()
    }
}
