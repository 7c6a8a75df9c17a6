//! A database of its own for each test, on the server that `SCORPIO_TEST_MONGODB_URL` names.
#![allow(clippy::print_stderr, reason = "a test that has nothing to test says so")]

use mongodb::{Client, bson::Document};
use scorpio_store::MongoStore;

use scorpio_test_services::unique_name;
pub(crate) use scorpio_test_services::variable;

/// A server may answer a small number in fewer bits than it was sent in.
pub(crate) fn number(document: &Document, field: &str) -> i64 {
    let value = document.get(field).unwrap();
    value.as_i64().or_else(|| value.as_i32().map(i64::from)).unwrap()
}

/// A database of its own, which is gone with this.
pub(crate) struct Database {
    pub(crate) server: String,
    pub(crate) name: String,
}

impl Database {
    /// A name that nobody else uses. The first store makes the database.
    pub(crate) fn new() -> Option<Self> {
        let server = variable("SCORPIO_TEST_MONGODB_URL")?;
        Some(Self { server, name: unique_name() })
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.server, self.name)
    }

    pub(crate) async fn open(&self) -> MongoStore {
        MongoStore::connect(&self.url()).await.unwrap()
    }

    /// The database past the store.
    pub(crate) async fn raw(&self) -> mongodb::Database {
        Client::with_uri_str(&self.server).await.unwrap().database(&self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (server, name) = (self.server.clone(), self.name.clone());
        // A test's own runtime cannot be waited for from here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { Client::with_uri_str(&server).await?.database(&name).drop().await })
        });
        if let Ok(Err(error)) = dropped.join() {
            eprintln!("the database {} is left behind: {error}", self.name);
        }
    }
}
