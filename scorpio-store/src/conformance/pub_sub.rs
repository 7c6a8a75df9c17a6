//! The cases of [`PubSub`].

mod delivery;
mod subscribing;

use bytes::Bytes;
use futures::StreamExt;
use scorpio_core::store::{Delivery, PubSub, Subscription};

super::suite! {
    /// Everything that a [`PubSub`] promises.
    PUB_SUB: PubSub,
    /// Makes one test for each promise of a [`PubSub`](scorpio_core::store::PubSub).
    ///
    /// It takes the path of an async function that answers one that nobody else uses as `Arc<dyn PubSub>`, or as a pair with something that must
    /// outlive it. Use it once in a module.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use scorpio_core::store::{MemoryPubSub, PubSub};
    /// async fn quiet() -> Arc<dyn PubSub> {
    ///     Arc::new(MemoryPubSub::new())
    /// }
    ///
    /// scorpio_store::pub_sub_conformance!(quiet);
    /// # fn main() {}
    /// ```
    pub_sub_conformance!,
    delivery {
        a_message_is_received,
        messages_come_in_order,
        every_subscriber_gets_every_message,
        topics_are_kept_apart,
        topics_are_any_text,
        messages_are_bytes,
        a_large_message_comes_through,
        many_publishers_lose_nothing,
        a_slow_subscriber_is_told_what_it_lost,
        a_slow_subscriber_holds_nobody_up,
    }
    subscribing {
        publishing_to_nobody_is_no_error,
        what_was_published_before_is_not_received,
        what_is_published_right_after_is_received,
        a_dropped_subscription_disturbs_nobody,
        a_topic_can_be_left_and_joined_again,
        many_can_subscribe_at_once,
    }
    [$]
}

/// The next message. Nothing may be missing before it.
async fn message(subscription: &mut Subscription) -> Bytes {
    match subscription.next().await {
        Some(Ok(Delivery::Message(message))) => message,
        other => panic!("this is no message: {other:?}"),
    }
}

async fn number(subscription: &mut Subscription) -> u64 {
    std::str::from_utf8(&message(subscription).await).unwrap().parse().unwrap()
}

async fn publish(bus: &dyn PubSub, topic: &str, message: impl ToString) {
    bus.publish(topic, message.to_string().into()).await.unwrap();
}
