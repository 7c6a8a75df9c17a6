//! The connection that commands share, and how those of streams are made. Whatever the server does, a call ends in time.

use std::{future::Future, time::Duration};

use ::redis::{
    AsyncConnectionConfig, Client, Cmd, FromRedisValue, Pipeline, RedisError, RedisResult, Value,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection, PubSub},
};
use scorpio_core::store::StoreError;

use super::{
    RedisOptions,
    error::{store_error, timeout},
};

/// Whether a command may be sent again when the connection broke before its answer came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It may: twice does the same as once.
    Allowed,
    /// It must not.
    Never,
}

#[derive(Clone)]
pub(super) struct Connection {
    client: Client,
    manager: ConnectionManager,
    timeout: Duration,
}

/// A connection for commands that is made on first use, and again when it breaks.
pub(super) fn manager(client: Client, options: &RedisOptions) -> Result<ConnectionManager, StoreError> {
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(Some(options.timeout))
        .set_connection_timeout(Some(options.timeout))
        .set_max_delay(Duration::from_millis(200))
        .set_number_of_retries(2);
    ConnectionManager::new_lazy_with_config(client, config).map_err(store_error)
}

impl Connection {
    pub(super) fn new(client: Client, manager: ConnectionManager, options: &RedisOptions) -> Self {
        Self { client, manager, timeout: options.timeout }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    pub(super) async fn query<T: FromRedisValue>(
        &self,
        command: &Cmd,
        repeat: Repeat,
    ) -> Result<T, StoreError> {
        self.send(repeat, async |mut manager| command.query_async(&mut manager).await).await
    }

    /// Sends commands together. Each has an answer of its own.
    pub(super) async fn pipeline(
        &self,
        commands: &mut Pipeline,
        repeat: Repeat,
    ) -> Result<Vec<RedisResult<Value>>, StoreError> {
        let commands = &*commands.ignore_errors();
        self.send(repeat, async |mut manager| commands.query_async(&mut manager).await).await
    }

    /// Sends something, and once more when the connection turns out to be broken.
    pub(super) async fn send<T, F: Future<Output = RedisResult<T>>>(
        &self,
        repeat: Repeat,
        send: impl Fn(ConnectionManager) -> F,
    ) -> Result<T, StoreError> {
        let sent = self.in_time(send(self.manager.clone())).await?;
        match sent {
            Err(error) if repeat == Repeat::Allowed && is_broken(&error) => {
                self.in_time(send(self.manager.clone())).await?.map_err(store_error)
            }
            other => other.map_err(store_error),
        }
    }

    /// A connection of its own, for a command that may take `blocking` on purpose.
    pub(super) async fn dedicated(&self, blocking: Duration) -> Result<MultiplexedConnection, StoreError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.timeout))
            .set_response_timeout(Some(blocking + self.timeout));
        let connect = self.client.get_multiplexed_async_connection_with_config(&config);
        self.in_time(connect).await?.map_err(store_error)
    }

    pub(super) async fn pub_sub(&self) -> Result<PubSub, StoreError> {
        self.in_time(self.client.get_async_pubsub()).await?.map_err(store_error)
    }

    /// Twice the timeout, as a command may have to wait for the connection before it waits for its answer.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, StoreError> {
        tokio::time::timeout(2 * self.timeout, work).await.map_err(|_| timeout())
    }
}

fn is_broken(error: &RedisError) -> bool {
    error.is_connection_dropped() && !error.is_connection_refusal()
}
