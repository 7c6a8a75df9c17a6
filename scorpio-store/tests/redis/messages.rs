//! Messages when the server fails, and what they cost.

use std::time::Duration;

use futures::StreamExt;
use scorpio_core::store::{Delivery, PubSub, StoreErrorKind, Subscription};
use scorpio_store::RedisStore;

use crate::server::{Server, options, soon};

/// Publishes until something arrives, and answers what came first.
async fn publish_until_received(
    store: &RedisStore,
    topic: &str,
    subscription: &mut Subscription,
) -> Delivery {
    soon(async {
        loop {
            let _ = store.publish(topic, "message".into()).await;
            let next = tokio::time::timeout(Duration::from_millis(50), subscription.next()).await;
            if let Ok(delivery) = next {
                return delivery.unwrap().unwrap();
            }
        }
    })
    .await
}

#[tokio::test]
async fn a_subscriber_outlives_its_connection_and_is_told() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let mut subscription = store.subscribe("topic").await.unwrap();
    server.command::<u64>(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    let first = publish_until_received(&store, "topic", &mut subscription).await;
    assert_eq!(first, Delivery::Lost { at_least: 0 });
    let then = publish_until_received(&store, "topic", &mut subscription).await;
    assert_eq!(then, Delivery::Message("message".into()));
}

#[tokio::test]
async fn a_subscriber_outlives_a_restart_of_the_server() {
    let Some(mut server) = Server::start() else { return };
    let store = server.open().await;
    let mut subscription = store.subscribe("topic").await.unwrap();
    server.kill();
    let refused = soon(store.subscribe("topic")).await.err().expect("the server is gone");
    assert!(refused.is_outage());
    server.launch();
    let first = publish_until_received(&store, "topic", &mut subscription).await;
    assert_eq!(first, Delivery::Lost { at_least: 0 });
    let another = soon(async {
        loop {
            if let Ok(another) = store.subscribe("another").await {
                return another;
            }
        }
    });
    let mut another = another.await;
    let delivery = publish_until_received(&store, "another", &mut another).await;
    assert_eq!(delivery, Delivery::Message("message".into()));
}

#[tokio::test]
async fn a_subscriber_ends_when_the_server_is_gone_for_good() {
    let Some(mut server) = Server::start() else { return };
    let store = server.open().await;
    let mut subscription = store.subscribe("topic").await.unwrap();
    server.kill();
    let error = soon(subscription.next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    assert!(soon(subscription.next()).await.is_none());
    // And whoever comes after the server has come back is served again.
    server.launch();
    let mut subscription = soon(async {
        loop {
            if let Ok(subscription) = store.subscribe("topic").await {
                return subscription;
            }
        }
    })
    .await;
    let delivery = publish_until_received(&store, "topic", &mut subscription).await;
    assert_eq!(delivery, Delivery::Message("message".into()));
}

#[tokio::test]
async fn a_server_that_stands_still_is_noticed() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let mut subscription = store.subscribe("topic").await.unwrap();
    server.signal("STOP");
    let error = soon(subscription.next()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    server.signal("CONT");
}

#[tokio::test]
async fn all_subscribers_share_a_connection_and_topics_are_left() {
    let Some(server) = Server::start() else { return };
    let store = server.open().await;
    let mut subscriptions = Vec::new();
    for number in 0..50 {
        subscriptions.push(store.subscribe(&format!("topic {}", number % 10)).await.unwrap());
    }
    let topics = || server.command::<Vec<String>>(&["PUBSUB", "CHANNELS"]).len();
    assert_eq!((server.connections(), topics()), (2, 10));
    drop(subscriptions);
    soon(async {
        while topics() > 0 || server.connections() > 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    let mut again = store.subscribe("topic 1").await.unwrap();
    store.publish("topic 1", "message".into()).await.unwrap();
    assert_eq!(soon(again.next()).await.unwrap().unwrap(), Delivery::Message("message".into()));
}

#[tokio::test]
async fn a_subscription_outlives_its_store() {
    let Some(server) = Server::start() else { return };
    let (store, other) = (server.open().await, server.open().await);
    let mut subscription = store.subscribe("topic").await.unwrap();
    drop(store);
    for number in 0..10 {
        other.publish("topic", number.to_string().into()).await.unwrap();
        let delivery = soon(subscription.next()).await.unwrap().unwrap();
        assert_eq!(delivery, Delivery::Message(number.to_string().into()));
    }
    drop(subscription);
    soon(async {
        while server.connections() > 1 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_slow_subscriber_keeps_what_is_newest() {
    let Some(server) = Server::start() else { return };
    let store = server.open_with(options().with_backlog(4)).await;
    let mut slow = store.subscribe("topic").await.unwrap();
    let mut mark = store.subscribe("mark").await.unwrap();
    for number in 0..100 {
        store.publish("topic", number.to_string().into()).await.unwrap();
    }
    store.publish("mark", "".into()).await.unwrap();
    soon(mark.next()).await.unwrap().unwrap();
    assert_eq!(soon(slow.next()).await.unwrap().unwrap(), Delivery::Lost { at_least: 96 });
    for number in 96..100 {
        assert_eq!(soon(slow.next()).await.unwrap().unwrap(), Delivery::Message(number.to_string().into()));
    }
}
