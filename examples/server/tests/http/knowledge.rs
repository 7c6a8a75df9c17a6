//! Documents that people add, and what becomes of them in their chats.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, Response, StatusCode};
use scorpio_core::{
    embedding::WordHashEmbedder,
    model::{Model, Scripted, ScriptedTurn},
    store::RateQuota,
};
use scorpio_server::{App, Settings, Stores};
use scorpio_store::SqliteStore;
use scorpio_tools::{Knowledge, KnowledgeLimits};
use serde_json::{Value, json};

use crate::harness::{Person, Puppet, TestServer, body_of, ok, problem, text};

const DOCUMENTS: &str = "/api/knowledge/documents";

async fn start(model: Model, settings: Settings) -> TestServer {
    let store = Arc::new(SqliteStore::in_memory().await.unwrap());
    let limits = KnowledgeLimits::new()
        .with_passage_characters(60)
        .with_passage_overlap(0)
        .with_document_characters(1000)
        .with_owner_passages(20);
    let knowledge = Knowledge::new(Arc::new(WordHashEmbedder::new()), store.clone()).with_limits(limits);
    let stores = Stores::of(store);
    let app = App::builder(model).title_model(None).knowledge(knowledge).stores(stores).settings(settings);
    TestServer::start(app).await
}

async fn server() -> TestServer {
    start(Puppet::new().0, Settings::new()).await
}

async fn add(server: &TestServer, person: &Person, document: &Value) -> Response {
    person.sign(server.post(DOCUMENTS).json(document)).send().await.unwrap()
}

async fn ask(server: &TestServer, person: &Person, method: Method, path: &str) -> Response {
    person.sign(server.request(method, &format!("{DOCUMENTS}{path}"))).send().await.unwrap()
}

async fn list(server: &TestServer, person: &Person, query: &str) -> Value {
    ok(ask(server, person, Method::GET, query).await).await
}

#[tokio::test]
async fn a_document_is_added_shown_replaced_and_deleted() {
    let server = server().await;
    let ada = server.guest().await;
    let text = "A refund takes five days.\n\nParking is behind the house, next to the trees.";
    let document = json!({
        "id": "handbook", "text": text, "title": "Handbook", "uri": "https://example.com/handbook",
        "metadata": {"language": "en"},
    });
    let mut shown = json!({
        "id": "handbook", "title": "Handbook", "uri": "https://example.com/handbook",
        "metadata": {"language": "en"}, "passages": 2,
    });
    let added = body_of(add(&server, &ada, &document).await, StatusCode::CREATED).await;
    assert_eq!(added, json!({"document": shown, "embedded": 2}));
    assert_eq!(ok(ask(&server, &ada, Method::GET, "/handbook").await).await, shown);
    assert_eq!(list(&server, &ada, "").await, json!({"documents": [shown], "hasMore": false}));

    let shorter = json!({"id": "handbook", "text": "A refund takes five days.", "format": "markdown"});
    shown = json!({"id": "handbook", "metadata": {}, "passages": 1});
    let replaced = ok(add(&server, &ada, &shorter).await).await;
    assert_eq!(replaced, json!({"document": shown, "embedded": 0}));

    assert_eq!(ok(ask(&server, &ada, Method::DELETE, "/handbook").await).await, shown);
    problem(ask(&server, &ada, Method::DELETE, "/handbook").await, 404, "not_found:knowledge").await;
    problem(ask(&server, &ada, Method::GET, "/handbook").await, 404, "not_found:knowledge").await;
    assert_eq!(list(&server, &ada, "").await["documents"], json!([]));
}

#[tokio::test]
async fn a_document_without_an_id_gets_one() {
    let server = server().await;
    let ada = server.guest().await;
    let added = add(&server, &ada, &json!({"text": "The sky is blue."})).await;
    let added = body_of(added, StatusCode::CREATED).await;
    let id = added["document"]["id"].as_str().unwrap();
    assert_eq!(ok(ask(&server, &ada, Method::GET, &format!("/{id}")).await).await, added["document"]);
}

#[tokio::test]
async fn documents_are_listed_in_pages() {
    let server = server().await;
    let ada = server.guest().await;
    for id in ["c", "a", "b"] {
        body_of(add(&server, &ada, &json!({"id": id, "text": "Text."})).await, StatusCode::CREATED).await;
    }
    let ids = |page: &Value| -> Vec<String> {
        let documents = page["documents"].as_array().unwrap().iter();
        documents.map(|document| document["id"].as_str().unwrap().to_owned()).collect()
    };
    let first = list(&server, &ada, "?limit=2").await;
    assert_eq!((ids(&first), &first["hasMore"]), (vec!["a".to_owned(), "b".to_owned()], &json!(true)));
    let rest = list(&server, &ada, "?limit=2&after=b").await;
    assert_eq!((ids(&rest), &rest["hasMore"]), (vec!["c".to_owned()], &json!(false)));
    for (query, path) in
        [("?limit=0", "limit"), ("?limit=101", "limit"), ("?limit=x", "limit"), ("?after=%2F", "after")]
    {
        let told = problem(ask(&server, &ada, Method::GET, query).await, 400, "bad_request:knowledge").await;
        assert_eq!(told["errors"][0]["path"], path, "{query}");
    }
}

#[tokio::test]
async fn nobody_and_strangers_get_nothing() {
    let server = server().await;
    let (ada, eve) = (server.guest().await, server.guest().await);
    let document = json!({"id": "secret", "text": "The code is 1234."});
    body_of(add(&server, &ada, &document).await, StatusCode::CREATED).await;
    let anonymous = [
        server.post(DOCUMENTS).json(&document),
        server.get(DOCUMENTS),
        server.get(&format!("{DOCUMENTS}/secret")),
        server.request(Method::DELETE, &format!("{DOCUMENTS}/secret")),
    ];
    for request in anonymous {
        problem(request.send().await.unwrap(), 401, "unauthorized:auth").await;
    }
    for method in [Method::GET, Method::DELETE] {
        let mut told = problem(ask(&server, &eve, method, "/secret").await, 404, "not_found:knowledge").await;
        let mut missing =
            problem(ask(&server, &eve, Method::GET, "/missing").await, 404, "not_found:knowledge").await;
        for problem in [&mut told, &mut missing] {
            problem.as_object_mut().unwrap().remove("instance");
        }
        assert_eq!(told, missing);
    }
    assert_eq!(list(&server, &eve, "").await["documents"], json!([]));
    // The same id is hers to use, and changes nothing for the other.
    let hers = json!({"id": "secret", "text": "Something else. \n\n Again."});
    body_of(add(&server, &eve, &hers).await, StatusCode::CREATED).await;
    ok(ask(&server, &eve, Method::DELETE, "/secret").await).await;
    assert_eq!(ok(ask(&server, &ada, Method::GET, "/secret").await).await["passages"], 1);
}

#[tokio::test]
async fn what_cannot_be_taken_in_is_refused_by_name() {
    let server = server().await;
    let ada = server.guest().await;
    for (document, path, message) in [
        (json!({"text": " \n"}), "text", "must not be empty"),
        (json!({"text": "x", "title": " "}), "title", "must not be empty; leave it out instead"),
        (json!({"text": "x", "id": "../x"}), "id", "it may hold only ASCII letters"),
    ] {
        let told = problem(add(&server, &ada, &document).await, 400, "bad_request:knowledge").await;
        assert_eq!(told["errors"][0]["path"], path, "{document}");
        assert!(told["errors"][0]["message"].as_str().unwrap().contains(message), "{told}");
    }
    for (document, path) in [
        (json!({}), ""),
        (json!({"text": 5}), "text"),
        (json!({"text": "x", "format": "pdf"}), "format"),
        (json!({"text": "x", "metadata": {"a": 1}}), "metadata.a"),
        (json!({"text": "x", "owner": "eve"}), "owner"),
    ] {
        let told = problem(add(&server, &ada, &document).await, 400, "bad_request:api").await;
        assert_eq!(told["errors"][0]["path"], path, "{told}");
    }
    let told =
        problem(add(&server, &ada, &json!({"text": "x".repeat(1001)})).await, 413, "too_large:knowledge")
            .await;
    assert_eq!(told["detail"], "The document is longer than 1000 characters.");
    let long_title = json!({"text": "x", "title": "t".repeat(301)});
    problem(add(&server, &ada, &long_title).await, 400, "bad_request:knowledge").await;
    let huge = json!({"text": "x".repeat(4 << 20)});
    problem(add(&server, &ada, &huge).await, 413, "too_large:api").await;
    assert_eq!(list(&server, &ada, "").await["documents"], json!([]));
}

#[tokio::test]
async fn nobody_fills_the_server() {
    let settings = Settings::new().with_documents(RateQuota::new(4, Duration::from_secs(3600)));
    let server = start(Puppet::new().0, settings).await;
    let (ada, eve) = (server.guest().await, server.guest().await);
    // Paragraphs that do not fit into a passage together.
    let text =
        (0..12).map(|number| format!("{number} {}", "word ".repeat(9))).collect::<Vec<_>>().join("\n\n");
    body_of(add(&server, &ada, &json!({"id": "a", "text": text})).await, StatusCode::CREATED).await;
    let told =
        problem(add(&server, &ada, &json!({"id": "b", "text": text})).await, 413, "too_large:knowledge")
            .await;
    assert!(told["detail"].as_str().unwrap().contains("there is room for 8 more"), "{told}");
    ok(add(&server, &ada, &json!({"id": "a", "text": "Short."})).await).await;
    body_of(add(&server, &ada, &json!({"id": "b", "text": text})).await, StatusCode::CREATED).await;
    let told = problem(add(&server, &ada, &json!({"text": "x"})).await, 429, "rate_limit:knowledge").await;
    assert_eq!(told["retry_after"], 900);
    body_of(add(&server, &eve, &json!({"text": "x"})).await, StatusCode::CREATED).await;
    server.clock.advance(900);
    body_of(add(&server, &ada, &json!({"text": "x"})).await, StatusCode::CREATED).await;
}

#[tokio::test]
async fn a_server_without_documents_says_so() {
    let server = TestServer::demo().await;
    let ada = server.guest().await;
    let told = problem(add(&server, &ada, &json!({"text": "x"})).await, 404, "not_found:knowledge").await;
    assert_eq!(told["detail"], "This server keeps no documents.");
    problem(ask(&server, &ada, Method::GET, "").await, 404, "not_found:knowledge").await;
}

#[tokio::test]
async fn the_model_searches_the_documents_of_whom_it_answers() {
    let search = || ScriptedTurn::new().tool_call("call_1", "knowledge_search", r#"{"query": "refund"}"#);
    let script = Scripted::new().turn(search()).text("Five days.").text("I do not know.");
    let server = start(Model::new(script.clone(), "test"), Settings::new()).await;
    let (ada, eve) = (server.guest().await, server.guest().await);
    let document = json!({"id": "refunds", "text": "A refund takes five days.", "title": "Refunds"});
    body_of(add(&server, &ada, &document).await, StatusCode::CREATED).await;

    let answer = server.send(&ada, "chat-1", "m1", "How long does a refund take?").await;
    let answer = answer.text().await.unwrap();
    assert_eq!(text(&answer), "Five days.");
    assert!(answer.contains("A refund takes five days."), "{answer}");
    let has_tool = |at: usize| script.requests()[at].tools.get("knowledge_search").is_some();
    assert!(has_tool(0));
    // Who has no documents has no use for the tool.
    let answer = server.send(&eve, "chat-2", "m1", "How long does a refund take?").await;
    assert_eq!(text(&answer.text().await.unwrap()), "I do not know.");
    assert!(!has_tool(2));
}
