//! Coming and going.

use std::sync::Arc;

use futures::future::join_all;
use scorpio_core::store::PubSub;

use super::{message, publish};

pub(super) async fn publishing_to_nobody_is_no_error(bus: Arc<dyn PubSub>) {
    publish(&*bus, "topic", "hello").await;
}

pub(super) async fn what_was_published_before_is_not_received(bus: Arc<dyn PubSub>) {
    publish(&*bus, "topic", "before").await;
    let mut subscription = bus.subscribe("topic").await.unwrap();
    publish(&*bus, "topic", "after").await;
    assert_eq!(message(&mut subscription).await, "after");
}

pub(super) async fn what_is_published_right_after_is_received(bus: Arc<dyn PubSub>) {
    for round in 0..50 {
        let topic = format!("topic {round}");
        let mut subscription = bus.subscribe(&topic).await.unwrap();
        publish(&*bus, &topic, round).await;
        assert_eq!(message(&mut subscription).await, round.to_string());
    }
}

pub(super) async fn a_dropped_subscription_disturbs_nobody(bus: Arc<dyn PubSub>) {
    let dropped = bus.subscribe("topic").await.unwrap();
    let mut stays = bus.subscribe("topic").await.unwrap();
    publish(&*bus, "topic", "one").await;
    drop(dropped);
    publish(&*bus, "topic", "two").await;
    assert_eq!(message(&mut stays).await, "one");
    assert_eq!(message(&mut stays).await, "two");
}

pub(super) async fn a_topic_can_be_left_and_joined_again(bus: Arc<dyn PubSub>) {
    for round in 0..20 {
        let mut subscription = bus.subscribe("topic").await.unwrap();
        publish(&*bus, "topic", round).await;
        assert_eq!(message(&mut subscription).await, round.to_string());
        drop(subscription);
        publish(&*bus, "topic", "to nobody").await;
    }
}

pub(super) async fn many_can_subscribe_at_once(bus: Arc<dyn PubSub>) {
    let subscribers = (0..100).map(|number| {
        let bus = bus.clone();
        tokio::spawn(async move {
            let topic = format!("topic {}", number % 10);
            let mut own = bus.subscribe(&format!("{topic}, {number}")).await.unwrap();
            let shared = bus.subscribe(&topic).await.unwrap();
            publish(&*bus, &format!("{topic}, {number}"), number).await;
            assert_eq!(message(&mut own).await, number.to_string());
            shared
        })
    });
    let mut shared = join_all(subscribers).await;
    for topic in 0..10 {
        publish(&*bus, &format!("topic {topic}"), topic).await;
    }
    for (number, subscription) in shared.iter_mut().enumerate() {
        assert_eq!(message(subscription.as_mut().unwrap()).await, (number % 10).to_string());
    }
}
