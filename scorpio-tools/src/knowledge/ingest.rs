//! Taking documents in: split, embed what is new, and put it all in the place of the old version at once.

use std::collections::HashMap;

use scorpio_core::{
    DocumentId, OwnerId, Result, ScorpioError, VectorId,
    embedding::EmbeddingPurpose,
    store::{UnitVector, VectorPage, VectorRecord, VectorSource},
    tool::run_blocking,
};

use super::{Document, Knowledge, digest, refused, split::split, too_large};

/// How many passages are embedded in one call, and how many are read of an old version at a time.
const BATCH: usize = 256;

/// The longest title and address, in characters, and the most metadata.
const TITLE: usize = 300;
const URI: usize = 2000;
const METADATA: usize = 16;
const METADATA_CHARACTERS: usize = 300;

/// What became of a document that was taken in.
///
/// ```
/// # use std::sync::Arc;
/// # use scorpio_core::{DocumentId, OwnerId, embedding::WordHashEmbedder, store::MemoryVectors};
/// # use scorpio_tools::{Document, Knowledge};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
/// # let knowledge = Knowledge::new(Arc::new(WordHashEmbedder::new()), Arc::new(MemoryVectors::new()));
/// let document = Document::new(DocumentId::parse("sky").unwrap(), "The sky is blue.");
/// let first = knowledge.ingest(&OwnerId::local(), document.clone()).await?;
/// let again = knowledge.ingest(&OwnerId::local(), document).await?;
/// assert_eq!((first.passages, first.embedded), (1, 1));
/// assert_eq!((again.passages, again.embedded), (1, 0));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ingested {
    /// How many passages the document has.
    pub passages: u64,
    /// How many of them were not in its old version and had to be embedded.
    pub embedded: u64,
    /// Whether there was an old version.
    pub replaced: bool,
}

impl Knowledge {
    /// Takes a document in. One with the same id is replaced: a search sees either the old version or the new one. Passages that
    /// the old version had, too, are not embedded again. NUL characters become U+FFFD.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::BadRequest`](scorpio_core::ErrorKind::BadRequest) when there is no text, or the title, the address or the
    /// metadata are too long; [`ErrorKind::TooLarge`](scorpio_core::ErrorKind::TooLarge) when the document is larger than the limits allow, or the
    /// owner would have too many passages; and when the embedder or the store fails. The old version stays as it was.
    ///
    /// # Cancel safety
    ///
    /// The document is taken in whole or not at all, also when the future is dropped.
    pub async fn ingest(&self, owner: &OwnerId, document: Document) -> Result<Ingested> {
        self.check(&document)?;
        let (format, limits) = (document.format, self.limits);
        let text = document.text.replace('\0', "\u{fffd}");
        let passages = run_blocking(move || split(&text, format, &limits));
        let passages = passages
            .await
            .map_err(|error| refused("The document could not be split.").with_source(error.to_string()))?;
        let mut known = self.known(owner, &document.id).await?;
        let replaced = known.passages > 0;
        self.check_room(owner, known.passages, passages.len() as u64).await?;

        let new: Vec<String> =
            passages.iter().filter(|passage| !known.vectors.contains_key(*passage)).cloned().collect();
        let embedded = new.len() as u64;
        for batch in new.chunks(BATCH) {
            let vectors = self.embed(batch.to_vec(), EmbeddingPurpose::Document).await?;
            known.vectors.extend(batch.iter().cloned().zip(vectors));
        }
        let records = records(&document, passages, &known.vectors);
        let passages = records.len() as u64;
        self.store.replace_document(owner, &self.collection, &document.id, records).await?;
        Ok(Ingested { passages, embedded, replaced })
    }

    fn check(&self, document: &Document) -> Result<()> {
        let is_longer = |text: &str, limit: usize| text.chars().nth(limit).is_some();
        let limit = self.limits.document_characters;
        if is_longer(&document.text, limit) {
            return Err(too_large(format!("The document is longer than {limit} characters.")));
        }
        if document.text.trim().is_empty() {
            return Err(refused("The document has no text."));
        }
        let parts = [("title", &document.title, TITLE), ("address", &document.uri, URI)];
        for (name, value, limit) in parts {
            if value.as_ref().is_some_and(|value| is_longer(value, limit)) {
                return Err(refused(format!("The {name} is longer than {limit} characters.")));
            }
            if value.as_ref().is_some_and(|value| value.contains('\0')) {
                return Err(refused(format!("The {name} contains a NUL character.")));
            }
        }
        if document.metadata.len() > METADATA {
            return Err(refused(format!("There are more than {METADATA} entries of metadata.")));
        }
        let mut metadata = document.metadata.iter().flat_map(|(name, value)| [name, value]);
        if metadata.any(|text| is_longer(text, METADATA_CHARACTERS) || text.contains('\0')) {
            let message = format!(
                "A name or value of the metadata is longer than {METADATA_CHARACTERS} characters, or contains a NUL character."
            );
            return Err(refused(message));
        }
        Ok(())
    }

    async fn check_room(&self, owner: &OwnerId, old: u64, new: u64) -> Result<()> {
        let limit = self.limits.owner_passages;
        let others = self.store.count(owner, &self.collection).await?.saturating_sub(old);
        if others + new <= limit {
            return Ok(());
        }
        let room = limit.saturating_sub(others);
        Err(too_large(format!(
            "The document has {new} passages, and there is room for {room} more. Delete documents to make room."
        )))
    }

    /// The old version of a document.
    async fn known(&self, owner: &OwnerId, document: &DocumentId) -> Result<Known, ScorpioError> {
        let mut known = Known { passages: 0, vectors: HashMap::new() };
        let mut page = VectorPage::first(BATCH).of_document(document.clone());
        loop {
            let listing = self.store.list(owner, &self.collection, page.clone()).await?;
            known.passages += listing.records.len() as u64;
            let last = listing.records.last().map(|record| record.id.clone());
            known.vectors.extend(listing.records.into_iter().map(|record| (record.text, record.embedding)));
            match last {
                Some(last) if listing.has_more => page = page.after(last),
                _ => return Ok(known),
            }
        }
    }
}

/// The vectors of passages that need not be embedded.
struct Known {
    passages: u64,
    vectors: HashMap<String, UnitVector>,
}

fn records(
    document: &Document,
    passages: Vec<String>,
    vectors: &HashMap<String, UnitVector>,
) -> Vec<VectorRecord> {
    let prefix = digest(document.id.as_str(), 16);
    let mut source = VectorSource::new(document.id.clone()).with_trust(document.trust);
    (source.title, source.uri) = (document.title.clone(), document.uri.clone());
    let record = |(position, passage): (u32, String)| {
        let id = VectorId::parse(&format!("{prefix}.{position:08}")).ok()?;
        let vector = vectors.get(&passage)?.clone();
        let mut record = VectorRecord::new(id, vector, passage, source.clone().at(position));
        record.metadata = document.metadata.clone();
        Some(record)
    };
    (0..).zip(passages).filter_map(record).collect()
}
