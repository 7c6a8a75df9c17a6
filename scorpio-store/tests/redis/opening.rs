//! How a store is opened, and how not.

use std::time::Duration;

use scorpio_core::store::{Cache, SetOptions, StoreErrorKind};
use scorpio_store::{RedisStore, redis::RedisOptions};

use crate::server::{Server, options, soon};

#[tokio::test]
async fn what_is_no_url_of_redis_is_invalid() {
    for url in ["", "localhost", "http://localhost", "redis://localhost:port", "postgres://localhost/a"] {
        let error = RedisStore::connect(url).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Invalid, "{url:?}: {error}");
    }
}

#[tokio::test]
async fn options_out_of_range_are_invalid() {
    let refused = [
        RedisOptions::new().with_prefix(""),
        RedisOptions::new().with_prefix("a*b"),
        RedisOptions::new().with_prefix("p".repeat(65)),
        RedisOptions::new().with_timeout(Duration::ZERO),
        RedisOptions::new().with_event_ttl(Duration::from_millis(999)),
        RedisOptions::new().with_event_ttl(Duration::MAX),
        RedisOptions::new().with_backlog(0),
    ];
    for options in refused {
        let client = redis::Client::open("redis://127.0.0.1:1").unwrap();
        let error = RedisStore::from_client(client, options).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Invalid, "{error}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let error =
        soon(RedisStore::connect_with("redis+unix:///nowhere/redis.sock", options())).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(error.is_outage());
}

#[tokio::test]
async fn wrong_credentials_are_told_and_never_shown() {
    let Some(server) = Server::start_with(&["--save", "", "--requirepass", "canary-right"]) else { return };
    let url = server.url();
    for url in [url.clone(), format!("{url}?pass=canary-wrong")] {
        let error = soon(RedisStore::connect_with(&url, options())).await.unwrap_err();
        assert_eq!(
            (error.kind(), &*error.to_string()),
            (StoreErrorKind::Unavailable, "Redis refuses the credentials")
        );
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
    let store = soon(RedisStore::connect_with(&format!("{url}?pass=canary-right"), options())).await.unwrap();
    store.ping().await.unwrap();
    assert!(!format!("{store:?}").contains("canary"), "{store:?}");
}

#[tokio::test]
async fn a_store_on_a_client_connects_when_it_is_used() {
    let Some(mut server) = Server::start() else { return };
    server.kill();
    let client = redis::Client::open(server.url()).unwrap();
    let store = RedisStore::from_client(client, options()).unwrap();
    assert!(soon(store.ping()).await.unwrap_err().is_outage());
    server.launch();
    soon(store.ping()).await.unwrap();
}

#[tokio::test]
async fn a_store_on_a_connection_uses_it() {
    let Some(server) = Server::start() else { return };
    let client = redis::Client::open(server.url()).unwrap();
    let manager = client.get_connection_manager().await.unwrap();
    let store = RedisStore::from_connection_manager(client, manager, options()).unwrap();
    store.ping().await.unwrap();
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn prefixes_keep_stores_apart() {
    let Some(server) = Server::start() else { return };
    let one = server.open_with(options().with_prefix("one")).await;
    let two = server.open_with(options().with_prefix("two")).await;
    one.set("key", "value".into(), SetOptions::new()).await.unwrap();
    assert_eq!(two.get("key").await.unwrap(), None);
    assert_eq!(server.command::<String>(&["GET", "one:cache:key"]), "value");
}
