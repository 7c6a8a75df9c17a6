//! Messages over Redis' channels. However many subscribe, one task holds one connection and hands on what comes.

mod hub;

use ::redis::cmd;
use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use scorpio_core::store::{Delivery, PubSub, StoreError, StoreErrorKind, Subscription};
use tokio::sync::broadcast::error::RecvError;

pub(super) use self::hub::Hub;
use super::{RedisStore, connection::Repeat};

#[async_trait]
impl PubSub for RedisStore {
    async fn publish(&self, topic: &str, message: Bytes) -> Result<(), StoreError> {
        let command = cmd("PUBLISH").arg(self.key("topic", topic)).arg(&message[..]).take();
        self.connection().query::<u64>(&command, Repeat::Never).await.map(drop)
    }

    async fn subscribe(&self, topic: &str) -> Result<Subscription, StoreError> {
        let receiver = self.0.hub.subscribe(self.key("topic", topic)).await?;
        let deliveries = stream::unfold(Some(receiver), |receiver| async {
            let mut receiver = receiver?;
            let delivery = match receiver.recv().await {
                Ok(delivery) => delivery,
                Err(RecvError::Lagged(lost)) => Delivery::Lost { at_least: lost },
                Err(RecvError::Closed) => return Some((Err(gone()), None)),
            };
            Some((Ok(delivery), Some(receiver)))
        });
        Ok(Box::pin(deliveries))
    }
}

fn gone() -> StoreError {
    StoreError::new(StoreErrorKind::Unavailable, "the connection to Redis was lost for too long")
}
