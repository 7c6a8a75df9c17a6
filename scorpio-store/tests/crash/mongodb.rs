//! MongoDB, in a database.

use std::sync::Arc;

use mongodb::{
    Client,
    bson::{Document, doc},
};
use scorpio_core::store::Store;
use scorpio_store::MongoStore;

use self::harness::number;
use crate::kill::{Database, survives_kills};

#[allow(dead_code, reason = "the tests of MongoDB use all of it")]
#[path = "../mongodb/harness.rs"]
mod harness;

/// A place is a URL.
struct Mongo;

impl Database for Mongo {
    async fn open(&self, place: &str) -> Arc<dyn Store> {
        Arc::new(MongoStore::connect(place).await.unwrap())
    }

    /// The server has not crashed, so what to look for are messages that are in their place without a step that has decided so.
    async fn check(&self, place: &str) {
        let database = Client::with_uri_str(place).await.unwrap().default_database().unwrap();
        let (sessions, messages) = (
            database.collection::<Document>("scorpio_sessions"),
            database.collection::<Document>("scorpio_messages"),
        );
        let count = async || {
            let mut all = sessions.find(doc! {}).await.unwrap();
            let mut revisions = 0;
            while all.advance().await.unwrap() {
                revisions += number(&all.deserialize_current().unwrap(), "revision");
            }
            (revisions, messages.count_documents(doc! {}).await.unwrap())
        };
        // What the process sent last may still be in the server's sockets. It reads all of them in turn.
        let (mut before, mut same) = (count().await, 0);
        while same < 20 {
            let now = count().await;
            same = if now == before { same + 1 } else { 0 };
            before = now;
        }
        let mut all = sessions.find(doc! {}).await.unwrap();
        while all.advance().await.unwrap() {
            let session = all.deserialize_current().unwrap();
            let (key, version) = (session.get_str("_id").unwrap(), number(&session, "version"));
            let early = doc! { "session": key, "seq": { "$gt": version } };
            assert_eq!(
                messages.count_documents(early).await.unwrap(),
                0,
                "messages that no step has decided"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_kill() {
    let name = "mongodb::what_was_acknowledged_survives_a_kill";
    let make = || harness::Database::new().map(|database| (database.url(), database));
    survives_kills(name, &Mongo, make).await;
}
