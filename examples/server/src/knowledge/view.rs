//! Documents, as the API takes and shows them.

use scorpio_core::{
    DocumentId, Surface,
    store::{DocumentListing, DocumentSummary, Metadata},
};
use scorpio_tools::{Document, DocumentFormat};
use serde::{Deserialize, Serialize};

use crate::problem::{FieldError, Problem, Result};

const PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;

/// A document that is posted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewDocument {
    id: Option<String>,
    text: String,
    #[serde(default)]
    format: Format,
    title: Option<String>,
    uri: Option<String>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Text,
    Markdown,
}

impl NewDocument {
    /// What is to be taken in. What people post is not trusted: it may hold what others wrote.
    pub(super) fn check(self) -> Result<Document> {
        let mut errors = Vec::new();
        let id = match self.id.as_deref().map(DocumentId::parse) {
            None => DocumentId::new(),
            Some(Ok(id)) => id,
            Some(Err(error)) => {
                errors.push(FieldError::new("id", error.to_string()));
                DocumentId::new()
            }
        };
        if self.text.trim().is_empty() {
            errors.push(FieldError::new("text", "must not be empty"));
        }
        if self.title.as_ref().is_some_and(|title| title.trim().is_empty()) {
            errors.push(FieldError::new("title", "must not be empty; leave it out instead"));
        }
        if !errors.is_empty() {
            return Err(Problem::bad_request(Surface::Knowledge, errors));
        }
        let mut document = Document::new(id, self.text).with_format(match self.format {
            Format::Text => DocumentFormat::Text,
            Format::Markdown => DocumentFormat::Markdown,
        });
        (document.title, document.uri, document.metadata) = (self.title, self.uri, self.metadata);
        Ok(document)
    }
}

/// A document, as the API shows it.
#[derive(Debug, Serialize)]
pub(super) struct DocumentView {
    id: DocumentId,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<String>,
    metadata: Metadata,
    passages: u64,
}

impl From<DocumentSummary> for DocumentView {
    fn from(summary: DocumentSummary) -> Self {
        let DocumentSummary { source, metadata, records, .. } = summary;
        Self { id: source.document, title: source.title, uri: source.uri, metadata, passages: records }
    }
}

/// What became of a document that was posted.
#[derive(Debug, Serialize)]
pub(super) struct Added {
    pub(super) document: DocumentView,
    /// How many of its passages were new.
    pub(super) embedded: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DocumentPage {
    documents: Vec<DocumentView>,
    has_more: bool,
}

impl From<DocumentListing> for DocumentPage {
    fn from(listing: DocumentListing) -> Self {
        let documents = listing.documents.into_iter().map(DocumentView::from).collect();
        Self { documents, has_more: listing.has_more }
    }
}

/// Which documents are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DocumentQuery {
    limit: Option<String>,
    after: Option<String>,
}

impl DocumentQuery {
    pub(super) fn limit(&self) -> Result<usize> {
        let Some(text) = &self.limit else { return Ok(PAGE) };
        let limit = text.parse().ok().filter(|limit| (1..=LARGEST_PAGE).contains(limit));
        let wrong = || format!("must be a number from 1 to {LARGEST_PAGE}");
        limit.ok_or_else(|| Problem::field(Surface::Knowledge, "limit", wrong()))
    }

    pub(super) fn after(&self) -> Result<Option<DocumentId>> {
        let wrong = |_| Problem::field(Surface::Knowledge, "after", "is not the id of a document");
        self.after.as_deref().map(DocumentId::parse).transpose().map_err(wrong)
    }
}
