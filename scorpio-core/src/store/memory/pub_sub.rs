//! Messages within the process. A topic lives as long as somebody is subscribed to it.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use tokio::sync::broadcast::{self, error::RecvError};

use super::lock;
use crate::store::{Delivery, PubSub, StoreError, Subscription};

/// How many messages a subscriber may be behind unless set.
const BACKLOG: usize = 1_024;

/// A [`PubSub`] in memory.
///
/// ```
/// use futures::StreamExt;
/// use scorpio_core::store::{Delivery, MemoryPubSub, PubSub};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = MemoryPubSub::with_backlog(1);
/// let mut slow = bus.subscribe("topic").await?;
/// bus.publish("topic", "one".into()).await?;
/// bus.publish("topic", "two".into()).await?;
/// assert_eq!(slow.next().await.transpose()?, Some(Delivery::Lost { at_least: 1 }));
/// assert_eq!(slow.next().await.transpose()?, Some(Delivery::Message("two".into())));
/// # Ok(()) }
/// ```
pub struct MemoryPubSub {
    backlog: usize,
    topics: Mutex<HashMap<String, broadcast::Sender<Bytes>>>,
}

impl MemoryPubSub {
    /// One whose subscribers may be 1,024 messages behind.
    pub fn new() -> Self {
        Self::with_backlog(BACKLOG)
    }

    /// One whose subscribers may be that many messages behind, at least one.
    pub fn with_backlog(messages: usize) -> Self {
        Self { backlog: messages.max(1), topics: Mutex::default() }
    }
}

impl Default for MemoryPubSub {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryPubSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("MemoryPubSub").field("backlog", &self.backlog).field("topics", &topics).finish()
    }
}

#[async_trait]
impl PubSub for MemoryPubSub {
    async fn publish(&self, topic: &str, message: Bytes) -> Result<(), StoreError> {
        let mut topics = lock(&self.topics);
        let is_deserted = topics.get(topic).is_some_and(|sender| sender.send(message).is_err());
        if is_deserted {
            topics.remove(topic);
        }
        Ok(())
    }

    async fn subscribe(&self, topic: &str) -> Result<Subscription, StoreError> {
        let mut topics = lock(&self.topics);
        topics.retain(|_, sender| sender.receiver_count() > 0);
        let new = || broadcast::channel(self.backlog).0;
        let receiver = topics.entry(topic.to_owned()).or_insert_with(new).subscribe();
        let deliveries = stream::unfold(receiver, |mut receiver| async {
            let delivery = match receiver.recv().await {
                Ok(message) => Delivery::Message(message),
                Err(RecvError::Lagged(lost)) => Delivery::Lost { at_least: lost },
                Err(RecvError::Closed) => return None,
            };
            Some((Ok(delivery), receiver))
        });
        Ok(Box::pin(deliveries))
    }
}
