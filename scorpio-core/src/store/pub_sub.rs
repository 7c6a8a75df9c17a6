//! Messages to whoever listens at the moment: nothing is kept, and nobody is waited for.

use std::{fmt, pin::Pin};

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;

use super::StoreError;

/// What a subscriber receives, until it drops the stream. After an error it ends.
pub type Subscription = Pin<Box<dyn Stream<Item = Result<Delivery, StoreError>> + Send>>;

/// Messages by topic, to all who are subscribed at that moment, in all processes that share the backend.
///
/// Messages of one publisher to one topic arrive in order. A publisher never waits for a slow subscriber: that one loses messages, and
/// is told so.
#[async_trait]
pub trait PubSub: fmt::Debug + Send + Sync + 'static {
    /// Sends a message to the subscribers of `topic`. It is no error that there are none.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`](super::StoreErrorKind::Unavailable) when the backend does not answer; the message may have been sent
    /// all the same.
    async fn publish(&self, topic: &str, message: Bytes) -> Result<(), StoreError>;

    /// Subscribes to `topic`: what is published once this has returned is received.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Unavailable`](super::StoreErrorKind::Unavailable) when the backend does not answer. The stream outlives short
    /// outages, with [`Delivery::Lost`] in place of what was missed, and ends with that error after a long one.
    async fn subscribe(&self, topic: &str) -> Result<Subscription, StoreError>;
}

/// What a subscriber receives.
///
/// ```
/// use futures::StreamExt;
/// use scorpio_core::store::{Delivery, MemoryPubSub, PubSub};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bus = MemoryPubSub::new();
/// let mut titles = bus.subscribe("titles").await?;
/// bus.publish("titles", "About spring".into()).await?;
/// assert_eq!(titles.next().await.transpose()?, Some(Delivery::Message("About spring".into())));
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// A message.
    Message(Bytes),
    /// Messages are missing here: look at the truth that they tell of.
    Lost {
        /// How many are known to be missing. After an outage it is 0: there may be some or none.
        at_least: u64,
    },
}
