//! Opening a database, and sharing it.

use std::time::Duration;

use mongodb::bson::{Document, doc};
use scorpio_core::{
    OwnerId, SessionId,
    store::{NewSession, Store, StoreErrorKind},
};
use scorpio_store::{MongoStore, mongodb::MongoOptions};

use crate::harness::Database;

async fn refused(url: &str) -> (StoreErrorKind, String) {
    let options = MongoOptions::new().with_server_selection_timeout(Duration::from_millis(200));
    let error = MongoStore::connect_with(url, options).await.unwrap_err();
    (error.kind(), error.to_string())
}

#[tokio::test]
async fn where_nothing_answers_is_named_without_the_password() {
    let (kind, message) = refused("mongodb://me:secret@127.0.0.1:1/agents").await;
    assert_eq!(kind, StoreErrorKind::Unavailable);
    assert_eq!(
        message,
        "cannot open the database agents at 127.0.0.1:1: no server that takes writes was found in time"
    );
}

#[tokio::test]
async fn a_url_that_is_none_is_told_so() {
    for url in ["mongodb//no", "postgres://localhost/agents", "mongodb://localhost:port/agents"] {
        let (kind, message) = refused(url).await;
        assert_eq!(kind, StoreErrorKind::Unavailable);
        assert_eq!(message, "cannot open the database: its URL is not valid");
    }
}

#[tokio::test]
async fn a_url_without_a_database_is_told_so() {
    let (kind, message) = refused("mongodb://127.0.0.1:1").await;
    assert_eq!(kind, StoreErrorKind::Unavailable);
    assert!(
        message.starts_with("cannot open the database at 127.0.0.1:1: its URL names no database"),
        "{message}"
    );
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let Some(database) = Database::new() else { return };
    database.open().await;
    let meta = database.raw().await.collection::<Document>("scorpio_meta");
    let update = doc! { "$set": { "version": 1000 } };
    assert_eq!(meta.update_one(doc! { "_id": "schema" }, update).await.unwrap().matched_count, 1);
    let (kind, message) = refused(&database.url()).await;
    assert_eq!(kind, StoreErrorKind::Corrupt);
    assert!(
        message.contains("it is of schema version 1000, which a newer version of Scorpio wrote"),
        "{message}"
    );
}

#[tokio::test]
async fn many_may_open_a_new_database_at_once() {
    let Some(database) = Database::new() else { return };
    let url = database.url();
    let stores = (0..8).map(|_| MongoStore::connect(&url));
    for (index, store) in futures::future::join_all(stores).await.into_iter().enumerate() {
        let id = SessionId::parse(&format!("s{index}")).unwrap();
        store.unwrap().create_session(NewSession::new(id, OwnerId::local())).await.unwrap();
    }
    let raw = database.raw().await;
    let versions = raw.collection::<Document>("scorpio_meta").count_documents(doc! {}).await.unwrap();
    assert_eq!(versions, 1);
    let sessions = raw.collection::<Document>("scorpio_sessions");
    let twice = doc! { "_id": "other", "session_id": "s0" };
    assert!(sessions.insert_one(twice).await.is_err(), "the indexes are there");
}

#[tokio::test]
async fn the_database_of_a_program_will_do() {
    let Some(database) = Database::new() else { return };
    let raw = database.raw().await;
    raw.collection("orders").insert_one(doc! { "item": "tea" }).await.unwrap();
    let store = MongoStore::from_database(raw.clone()).await.unwrap();
    let session = store.create_session(NewSession::new(SessionId::new(), OwnerId::local())).await.unwrap();
    let other = database.open().await;
    assert_eq!(other.session(&session.owner, &session.id).await.unwrap(), Some(session));
    assert_eq!(raw.collection::<Document>("orders").count_documents(doc! {}).await.unwrap(), 1);
}

#[tokio::test]
async fn the_debug_output_has_no_secret() {
    let Some(database) = Database::new() else { return };
    assert_eq!(
        format!("{:?}", database.open().await),
        format!("MongoStore {{ database: {:?}, .. }}", database.name)
    );
}
