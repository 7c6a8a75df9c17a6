//! What arrives.

use std::{collections::HashMap, sync::Arc};

use futures::StreamExt;
use scorpio_core::store::{Delivery, PubSub};

use super::{message, number, publish};

pub(super) async fn a_message_is_received(bus: Arc<dyn PubSub>) {
    let mut subscription = bus.subscribe("topic").await.unwrap();
    publish(&*bus, "topic", "hello").await;
    assert_eq!(message(&mut subscription).await, "hello");
}

pub(super) async fn messages_come_in_order(bus: Arc<dyn PubSub>) {
    let mut subscription = bus.subscribe("topic").await.unwrap();
    for sent in 0..500 {
        publish(&*bus, "topic", sent).await;
    }
    for sent in 0..500 {
        assert_eq!(number(&mut subscription).await, sent);
    }
}

pub(super) async fn every_subscriber_gets_every_message(bus: Arc<dyn PubSub>) {
    let mut subscriptions = Vec::new();
    for _ in 0..10 {
        subscriptions.push(bus.subscribe("topic").await.unwrap());
    }
    for sent in 0..50 {
        publish(&*bus, "topic", sent).await;
    }
    for subscription in &mut subscriptions {
        for sent in 0..50 {
            assert_eq!(number(subscription).await, sent);
        }
    }
}

pub(super) async fn topics_are_kept_apart(bus: Arc<dyn PubSub>) {
    let mut one = bus.subscribe("one").await.unwrap();
    let mut two = bus.subscribe("two").await.unwrap();
    publish(&*bus, "two", "for two").await;
    publish(&*bus, "one", "for one").await;
    assert_eq!(message(&mut one).await, "for one");
    assert_eq!(message(&mut two).await, "for two");
}

pub(super) async fn topics_are_any_text(bus: Arc<dyn PubSub>) {
    let topics = ["", " ", "a:b", "a*", "a?[b]", "é🦂", "a\r\nb", "a\0b"];
    let mut subscriptions = Vec::new();
    for topic in topics {
        subscriptions.push(bus.subscribe(topic).await.unwrap());
    }
    for topic in topics {
        publish(&*bus, topic, topic).await;
    }
    for (topic, mut subscription) in topics.into_iter().zip(subscriptions) {
        assert_eq!(message(&mut subscription).await, topic);
    }
}

pub(super) async fn messages_are_bytes(bus: Arc<dyn PubSub>) {
    let mut subscription = bus.subscribe("topic").await.unwrap();
    let all: Vec<u8> = (0..=255).collect();
    bus.publish("topic", all.clone().into()).await.unwrap();
    bus.publish("topic", "".into()).await.unwrap();
    assert_eq!(message(&mut subscription).await, all);
    assert_eq!(message(&mut subscription).await, "");
}

pub(super) async fn a_large_message_comes_through(bus: Arc<dyn PubSub>) {
    let mut subscription = bus.subscribe("topic").await.unwrap();
    let large = vec![b'x'; 2_000_000];
    bus.publish("topic", large.clone().into()).await.unwrap();
    assert!(message(&mut subscription).await == large);
}

pub(super) async fn many_publishers_lose_nothing(bus: Arc<dyn PubSub>) {
    let mut subscription = bus.subscribe("topic").await.unwrap();
    for publisher in 0..10_u64 {
        let bus = bus.clone();
        tokio::spawn(async move {
            for sent in 0..20 {
                publish(&*bus, "topic", publisher * 1_000 + sent).await;
            }
        });
    }
    let mut next = HashMap::new();
    for _ in 0..200 {
        let number = number(&mut subscription).await;
        let expected = next.entry(number / 1_000).or_insert(0);
        assert_eq!(number % 1_000, *expected, "those of one publisher come in order");
        *expected += 1;
    }
}

pub(super) async fn a_slow_subscriber_is_told_what_it_lost(bus: Arc<dyn PubSub>) {
    const SENT: u64 = 20_000;
    let mut slow = bus.subscribe("topic").await.unwrap();
    let mut fast = bus.subscribe("end").await.unwrap();
    for sent in 0..SENT {
        publish(&*bus, "topic", sent).await;
    }
    publish(&*bus, "end", "").await;
    message(&mut fast).await;
    let (mut received, mut lost, mut last) = (0, 0, None);
    while last != Some(SENT - 1) {
        match slow.next().await.unwrap().unwrap() {
            Delivery::Message(message) => {
                let number = std::str::from_utf8(&message).unwrap().parse::<u64>().unwrap();
                assert_eq!(number, received + lost, "what is missing was told of");
                last = Some(number);
                received += 1;
            }
            Delivery::Lost { at_least } => lost += at_least,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(received + lost, SENT);
}

pub(super) async fn a_slow_subscriber_holds_nobody_up(bus: Arc<dyn PubSub>) {
    let slow = bus.subscribe("topic").await.unwrap();
    let mut fast = bus.subscribe("topic").await.unwrap();
    for sent in 0..5_000 {
        publish(&*bus, "topic", sent).await;
        assert_eq!(number(&mut fast).await, sent);
    }
    drop(slow);
}
