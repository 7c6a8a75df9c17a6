//! From a document to passages.

use text_splitter::{ChunkConfig, MarkdownSplitter, TextSplitter};

use super::{DocumentFormat, KnowledgeLimits};

/// The passages of a text, in order. None is empty, and none longer than the limits say.
pub(super) fn split(text: &str, format: DocumentFormat, limits: &KnowledgeLimits) -> Vec<String> {
    let size = limits.passage_characters.max(1);
    // The overlap must leave room for something new.
    let overlap = limits.passage_overlap.min(size.saturating_sub(1));
    let config = || {
        let config = ChunkConfig::new(size);
        config.with_overlap(overlap).unwrap_or_else(|_| ChunkConfig::new(size))
    };
    let whole = |passages: &mut dyn Iterator<Item = &str>| -> Vec<String> {
        passages.filter(|passage| !passage.trim().is_empty()).map(str::to_owned).collect()
    };
    match format {
        DocumentFormat::Text => whole(&mut TextSplitter::new(config()).chunks(text)),
        DocumentFormat::Markdown => whole(&mut MarkdownSplitter::new(config()).chunks(text)),
    }
}
