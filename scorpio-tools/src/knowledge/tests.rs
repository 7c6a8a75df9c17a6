use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use async_trait::async_trait;
use scorpio_core::{
    Agent, CollectionId, DocumentId, ErrorKind, OwnerId, Trust,
    embedding::{Embedder, EmbeddingPurpose, EmbeddingRequest, Embeddings, WordHashEmbedder},
    model::{Model, ModelError, ModelErrorKind, ProviderId, Scripted, ScriptedTurn},
    store::{MemoryVectors, VectorStore},
    tool::{Effects, RetryClass, ToolContext, erase},
};

use super::{Document, DocumentFormat, Knowledge, KnowledgeLimits, split::split};

/// Notes what it is asked, and fails once it has embedded as many texts as it may.
#[derive(Debug)]
struct Noting {
    inner: WordHashEmbedder,
    model: &'static str,
    asked: Mutex<Vec<(EmbeddingPurpose, usize)>>,
    left: AtomicUsize,
}

impl Noting {
    fn new(model: &'static str) -> Arc<Self> {
        let (asked, left) = (Mutex::default(), AtomicUsize::new(usize::MAX));
        Arc::new(Self { inner: WordHashEmbedder::new(), model, asked, left })
    }

    fn take(&self) -> Vec<(EmbeddingPurpose, usize)> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Embedder for Noting {
    fn id(&self) -> &ProviderId {
        self.inner.id()
    }

    fn model(&self) -> &str {
        self.model
    }

    async fn embed(&self, request: EmbeddingRequest) -> Result<Embeddings, ModelError> {
        let count = request.texts.len();
        self.asked.lock().unwrap().push((request.purpose, count));
        if self.left.load(Ordering::Relaxed) < count {
            return Err(ModelError::new(ModelErrorKind::Overloaded, "no more"));
        }
        self.left.fetch_sub(count, Ordering::Relaxed);
        self.inner.embed(request).await
    }
}

fn id(text: &str) -> DocumentId {
    DocumentId::parse(text).unwrap()
}

fn alice() -> OwnerId {
    OwnerId::parse("alice").unwrap()
}

fn eve() -> OwnerId {
    OwnerId::parse("eve").unwrap()
}

fn knowledge() -> Knowledge {
    Knowledge::new(Arc::new(WordHashEmbedder::new()), Arc::new(MemoryVectors::new()))
}

/// Small passages, one for each paragraph of these tests.
fn small(embedder: Arc<dyn Embedder>, store: Arc<dyn VectorStore>) -> Knowledge {
    let limits = KnowledgeLimits::new().with_passage_characters(40).with_passage_overlap(0);
    Knowledge::new(embedder, store).with_limits(limits)
}

fn paragraphs(topics: impl IntoIterator<Item = impl std::fmt::Display>) -> String {
    let paragraphs = topics.into_iter().map(|topic| format!("This paragraph is about {topic}."));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

async fn texts(knowledge: &Knowledge, question: &str) -> Vec<String> {
    let hits = knowledge.search(&alice(), question, 100).await.unwrap();
    hits.into_iter().map(|hit| hit.text).collect()
}

#[tokio::test]
async fn the_passage_that_answers_comes_first_with_its_document() {
    let knowledge = small(Arc::new(WordHashEmbedder::new()), Arc::new(MemoryVectors::new()));
    let document = Document::new(id("handbook"), paragraphs(["refunds", "holidays", "parking"]))
        .with_title("Handbook")
        .with_uri("https://example.com/handbook")
        .with_metadata("language", "en");
    let ingested = knowledge.ingest(&alice(), document).await.unwrap();
    assert_eq!((ingested.passages, ingested.embedded, ingested.replaced), (3, 3, false));
    let hits = knowledge.search(&alice(), "  What about holidays? ", 2).await.unwrap();
    assert_eq!(hits.len(), 2);
    assert_eq!(hits[0].text, "This paragraph is about holidays.");
    assert_eq!((hits[0].source.position, hits[0].source.trust), (1, Trust::Untrusted));
    assert_eq!(hits[0].source.title.as_deref(), Some("Handbook"));
    assert_eq!(hits[0].source.uri.as_deref(), Some("https://example.com/handbook"));
    assert_eq!(hits[0].metadata["language"], "en");
}

#[tokio::test]
async fn only_what_is_new_is_embedded_and_the_rest_of_the_old_version_goes() {
    let embedder = Noting::new("one");
    let knowledge = small(embedder.clone(), Arc::new(MemoryVectors::new()));
    let ingest = async |topics: &[&str]| {
        knowledge.ingest(&alice(), Document::new(id("x"), paragraphs(topics))).await.unwrap()
    };
    ingest(&["apples", "pears", "plums"]).await;
    assert_eq!(embedder.take(), [(EmbeddingPurpose::Document, 3)]);
    let ingested = ingest(&["plums", "cherries", "apples"]).await;
    assert_eq!((ingested.passages, ingested.embedded, ingested.replaced), (3, 1, true));
    assert_eq!(embedder.take(), [(EmbeddingPurpose::Document, 1)]);
    ingest(&["plums", "cherries", "apples"]).await;
    assert_eq!(embedder.take(), []);
    let found = texts(&knowledge, "pears").await;
    assert_eq!(embedder.take(), [(EmbeddingPurpose::Query, 1)]);
    assert_eq!((found.len(), found.iter().any(|text| text.contains("pears"))), (3, false));
}

#[tokio::test]
async fn a_failure_half_way_leaves_the_old_version() {
    let embedder = Noting::new("one");
    let knowledge = small(embedder.clone(), Arc::new(MemoryVectors::new()));
    let old = Document::new(id("x"), paragraphs(["apples"]));
    knowledge.ingest(&alice(), old).await.unwrap();
    // The first batch of the new version is embedded, and the second is not.
    embedder.left.store(300, Ordering::Relaxed);
    let new = Document::new(id("x"), paragraphs((0..400).map(|number| format!("topic{number}"))));
    let error = knowledge.ingest(&alice(), new.clone()).await.unwrap_err();
    assert_eq!(error.model_error().unwrap().kind(), ModelErrorKind::Overloaded);
    assert_eq!(texts(&knowledge, "apples").await, ["This paragraph is about apples."]);
    embedder.left.store(usize::MAX, Ordering::Relaxed);
    assert_eq!(knowledge.ingest(&alice(), new).await.unwrap().passages, 400);
    assert_eq!(knowledge.search(&alice(), "topic399", 1).await.unwrap()[0].source.position, 399);
}

#[tokio::test]
async fn every_owner_and_every_collection_is_apart() {
    let knowledge = knowledge();
    let other = knowledge.clone().with_collection(&CollectionId::parse(&"c".repeat(128)).unwrap());
    knowledge.ingest(&alice(), Document::new(id("x"), "Apples are red.")).await.unwrap();
    other.ingest(&alice(), Document::new(id("x"), "Apples are green.")).await.unwrap();
    assert!(knowledge.search(&eve(), "apples", 5).await.unwrap().is_empty());
    assert!(!knowledge.delete(&eve(), &id("x")).await.unwrap());
    assert_eq!(knowledge.document(&eve(), &id("x")).await.unwrap(), None);
    assert_eq!(texts(&knowledge, "apples").await, ["Apples are red."]);
    assert_eq!(texts(&other, "apples").await, ["Apples are green."]);
    assert!(knowledge.delete(&alice(), &id("x")).await.unwrap());
    assert!(!knowledge.delete(&alice(), &id("x")).await.unwrap());
    assert_eq!(texts(&other, "apples").await, ["Apples are green."]);
}

#[tokio::test]
async fn vectors_of_different_models_do_not_meet() {
    let store: Arc<dyn VectorStore> = Arc::new(MemoryVectors::new());
    let (one, two) = (
        Knowledge::new(Noting::new("one"), Arc::clone(&store)),
        Knowledge::new(Noting::new("two"), Arc::clone(&store)),
    );
    one.ingest(&alice(), Document::new(id("x"), "Apples are red.")).await.unwrap();
    assert!(texts(&two, "apples").await.is_empty());
    assert_eq!(texts(&one, "apples").await.len(), 1);
    assert_eq!(texts(&Knowledge::new(Noting::new("one"), store), "apples").await.len(), 1);
}

#[tokio::test]
async fn what_is_too_much_is_refused_with_the_limit() {
    let limits = KnowledgeLimits::new()
        .with_document_characters(100)
        .with_passage_characters(20)
        .with_owner_passages(4);
    let knowledge = knowledge().with_limits(limits);
    let refused = async |document: Document| {
        let error = knowledge.ingest(&alice(), document).await.unwrap_err();
        (error.code(), error.message().to_owned())
    };
    let long = |length: usize| Document::new(id("x"), "ä".repeat(length));
    let told = refused(long(101)).await;
    assert_eq!(told, ("too_large:knowledge".into(), "The document is longer than 100 characters.".into()));
    for empty in ["", " \n\t"] {
        let told = refused(Document::new(id("x"), empty)).await;
        assert_eq!(told, ("bad_request:knowledge".into(), "The document has no text.".into()));
    }
    let told = refused(long(5).with_title("t".repeat(301))).await;
    assert_eq!(told.1, "The title is longer than 300 characters.");
    let told = refused(long(5).with_uri("a\0b")).await;
    assert_eq!(told.1, "The address contains a NUL character.");

    let topics = |names: &[&str]| Document::new(id("a"), names.join(" \n\n "));
    knowledge
        .ingest(&alice(), topics(&["One apple a day.", "Two apples a day.", "Three a day."]))
        .await
        .unwrap();
    let mut more = topics(&["Four apples a day.", "Five apples a day."]);
    more.id = id("b");
    let told = refused(more.clone()).await;
    assert_eq!(told.0, "too_large:knowledge");
    assert!(told.1.contains("has 2 passages, and there is room for 1 more"), "{}", told.1);
    // What is replaced makes room, and other owners have room of their own.
    more.id = id("a");
    knowledge.ingest(&alice(), more.clone()).await.unwrap();
    knowledge.ingest(&eve(), more).await.unwrap();
    let error = knowledge.search(&alice(), &"x".repeat(2001), 5).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadRequest);
}

#[test]
fn passages_are_whole_and_no_longer_than_allowed() {
    let words: Vec<String> = (0..1200).map(|number| format!("wörd{number}")).collect();
    let text = words.chunks(37).map(|line| line.join(" ")).collect::<Vec<_>>().join("\n\n");
    for (size, overlap) in [(200, 0), (200, 60), (50, 500), (1, 0), (10_000_000, 5)] {
        let mut limits = KnowledgeLimits::new().with_passage_characters(size).with_passage_overlap(overlap);
        limits.document_characters = usize::MAX;
        let text = if size == 1 { "a bc" } else { text.as_str() };
        let passages = split(text, DocumentFormat::Text, &limits);
        assert!(passages.iter().all(|passage| passage.chars().count() <= size && !passage.trim().is_empty()));
        for word in text.split_whitespace().filter(|word| word.len() <= size) {
            assert!(passages.iter().any(|passage| passage.contains(word)), "{word} at {size}");
        }
    }
}

#[test]
fn markdown_is_split_at_its_headings() {
    let text = "# Refunds\n\nThey take five days.\n\n# Parking\n\nBehind the house.\n";
    let limits = KnowledgeLimits::new().with_passage_characters(40).with_passage_overlap(0);
    let passages = split(text, DocumentFormat::Markdown, &limits);
    assert_eq!(passages, ["# Refunds\n\nThey take five days.", "# Parking\n\nBehind the house."]);
}

#[tokio::test]
async fn a_null_character_is_no_obstacle() {
    let knowledge = knowledge();
    knowledge.ingest(&alice(), Document::new(id("x"), "Apples\0 are red.")).await.unwrap();
    assert_eq!(texts(&knowledge, "apples").await, ["Apples\u{fffd} are red."]);
}

#[tokio::test]
async fn documents_are_listed_with_what_is_known_of_them() {
    let knowledge = small(Arc::new(WordHashEmbedder::new()), Arc::new(MemoryVectors::new()));
    for name in ["b", "a", "c"] {
        let document =
            Document::new(id(name), paragraphs([name, "more"])).with_title(format!("Title {name}"));
        knowledge.ingest(&alice(), document.with_trust(Trust::Trusted)).await.unwrap();
    }
    let first = knowledge.documents(&alice(), None, 2).await.unwrap();
    let names = |listing: &scorpio_core::store::DocumentListing| -> Vec<String> {
        listing.documents.iter().map(|document| document.source.document.to_string()).collect()
    };
    assert_eq!((names(&first), first.has_more), (vec!["a".to_owned(), "b".to_owned()], true));
    let rest = knowledge.documents(&alice(), Some(&id("b")), 2).await.unwrap();
    assert_eq!((names(&rest), rest.has_more), (vec!["c".to_owned()], false));
    assert_eq!(rest.documents[0].source.title.as_deref(), Some("Title c"));
    assert_eq!((rest.documents[0].records, rest.documents[0].source.trust), (2, Trust::Trusted));
}

async fn call(knowledge: &Knowledge, arguments: &str) -> Result<serde_json::Value, String> {
    let tool = erase(knowledge.tool());
    let answer = tool.call(&ToolContext::detached(), arguments).await;
    answer.map(|output| output.json.to().unwrap()).map_err(|error| error.message().to_owned())
}

#[tokio::test]
async fn the_tool_gives_passages_of_the_owner_of_the_run_with_their_documents() {
    let knowledge = knowledge();
    let document = Document::new(id("refunds"), "A refund takes five days.")
        .with_title("Refunds")
        .with_uri("https://example.com/refunds");
    knowledge.ingest(&OwnerId::local(), document).await.unwrap();
    let ours = Document::new(id("ours"), "Refunds of five days are ours.").with_trust(Trust::Trusted);
    knowledge.ingest(&OwnerId::local(), ours).await.unwrap();
    knowledge.ingest(&eve(), Document::new(id("eve"), "A refund takes five days.")).await.unwrap();

    let answer = call(&knowledge, r#"{"query": "A refund takes five days.", "k": 2}"#).await.unwrap();
    let passages = answer["passages"].as_array().unwrap();
    let first = serde_json::json!({
        "document": "refunds", "title": "Refunds", "source": "https://example.com/refunds",
        "score": 1.0, "trusted": false, "text": "A refund takes five days.",
    });
    assert_eq!((passages.len(), &passages[0], answer.get("note")), (2, &first, None));
    assert_eq!((&passages[1]["document"], &passages[1]["trusted"]), (&"ours".into(), &true.into()));
    let one = call(&knowledge, r#"{"query": "refund", "k": 1}"#).await.unwrap();
    assert_eq!(one["passages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_tool_tells_a_model_what_to_do_instead() {
    let embedder = Noting::new("one");
    let knowledge = Knowledge::new(embedder.clone(), Arc::new(MemoryVectors::new()));
    let empty = call(&knowledge, r#"{"query": "refund"}"#).await.unwrap();
    assert!(empty["note"].as_str().unwrap().starts_with("Nothing was found."), "{empty}");
    for (arguments, why) in [
        (r#"{"query": " "}"#, "`query` is empty: say what to look for."),
        (r#"{"query": "x", "k": 0}"#, "`k` must be between 1 and 20."),
        (r#"{"query": "x", "k": 21}"#, "`k` must be between 1 and 20."),
        (r#"{"k": 3}"#, "The arguments are wrong: missing field `query`"),
        (r#"{"query": "x", "owner": "eve"}"#, "The arguments are wrong at `owner`: unknown field `owner`"),
    ] {
        let told = call(&knowledge, arguments).await.unwrap_err();
        assert!(told.starts_with(why), "{arguments}: {told}");
    }
    let long = serde_json::json!({"query": "x".repeat(2001)}).to_string();
    let told = call(&knowledge, &long).await.unwrap_err();
    assert_eq!(told, "The question is longer than 2000 characters. Search with fewer words.");
    embedder.left.store(0, Ordering::Relaxed);
    let told = call(&knowledge, r#"{"query": "refund"}"#).await.unwrap_err();
    assert_eq!(told, "The documents cannot be searched right now. Answer without them and say so.");
}

#[test]
fn the_tool_declares_that_it_reads_what_is_private_and_may_not_be_believed() {
    let tool = erase(knowledge().tool());
    let spec = tool.spec();
    assert_eq!(spec.name, "knowledge_search");
    assert_eq!(
        (spec.retry, spec.effects, spec.trust),
        (RetryClass::Pure, Effects::ReadPrivate, Trust::Untrusted)
    );
    assert_eq!(erase(knowledge().tool().with_trust(Trust::Trusted)).spec().trust, Trust::Trusted);
}

#[tokio::test]
async fn an_agent_answers_from_the_documents_of_its_owner() {
    let knowledge = knowledge();
    knowledge.ingest(&alice(), Document::new(id("refunds"), "A refund takes five days.")).await.unwrap();
    let script = Scripted::new()
        .turn(ScriptedTurn::new().tool_call("call_1", "knowledge_search", r#"{"query": "refund"}"#))
        .text("Five days.");
    let agent = Agent::builder("support")
        .with_model(Model::new(script.clone(), "test"))
        .tool(knowledge.tool())
        .build()
        .unwrap();
    let outcome = agent.run("How long does a refund take?").owner(alice()).await.unwrap();
    assert_eq!(outcome.text(), "Five days.");
    let answer = script.requests()[1].transcript.messages().last().unwrap().clone();
    let results = serde_json::to_string(&answer).unwrap();
    assert!(results.contains("A refund takes five days."), "{results}");
    assert!(results.contains(r#""trust":"untrusted""#), "{results}");
}
