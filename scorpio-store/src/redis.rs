//! What may be lost, on Redis: the log of events on streams, a cache, messages, and a rate limiter, for all processes that share a server.
//! Redis is never needed: whoever does without it loses the resuming of streams across processes, never a message.

mod cache;
mod connection;
mod error;
mod events;
mod options;
mod pub_sub;
mod rate_limiter;

use std::{fmt, sync::Arc};

use ::redis::{Client, aio::ConnectionManager, cmd};
use scorpio_core::{RunId, store::StoreError};

pub use self::options::RedisOptions;
use self::{
    connection::{Connection, Repeat},
    events::{Freshness, Tail},
    pub_sub::Hub,
};

/// An [`EventLog`](scorpio_core::store::EventLog), a [`Cache`](scorpio_core::store::Cache), a [`PubSub`](scorpio_core::store::PubSub)
/// and a [`RateLimiter`](scorpio_core::store::RateLimiter) on one Redis server, version 6.2 or later, or what speaks like it.
///
/// A clone is the same store. It has one connection for commands, which comes back by itself; one more while runs are followed, and
/// one more while topics are subscribed to, however many followers and subscribers there are.
///
/// # When Redis fails
///
/// Every call ends within four times [`RedisOptions::timeout`], reconnecting included, with an error whose
/// [`is_outage`](scorpio_core::store::StoreError::is_outage) is true. Streams outlive an outage of up to [`RedisOptions::patience`]: then they end with
/// such an error. A follower whose next events are lost is told so by [`Lagged`](scorpio_core::store::StoreErrorKind::Lagged), and one whose run is
/// not there by [`NotFound`](scorpio_core::store::StoreErrorKind::NotFound).
///
/// ```no_run
/// use std::time::Duration;
/// use scorpio_core::store::{RateLimiter, RateQuota};
/// use scorpio_store::RedisStore;
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let redis = RedisStore::connect("redis://127.0.0.1:6379").await?;
/// let allowed = redis.check("alice", RateQuota::new(5, Duration::from_secs(60)), 1).await?.is_allowed();
/// # let _ = allowed;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct RedisStore(Arc<Inner>);

struct Inner {
    connection: Connection,
    options: RedisOptions,
    freshness: Freshness,
    tail: Tail,
    hub: Hub,
}

impl RedisStore {
    /// Connects to a server: `redis://[user:password@]host[:port][/database]`, `redis+unix:///path/to/socket`, or, with the feature
    /// `redis-tls`, `rediss://…`.
    ///
    /// # Errors
    ///
    /// [`Invalid`](scorpio_core::store::StoreErrorKind::Invalid) when that is no URL of Redis;
    /// [`Unavailable`](scorpio_core::store::StoreErrorKind::Unavailable) when the server does not answer or refuses the credentials.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        Self::connect_with(url, RedisOptions::new()).await
    }

    /// Connects to a server.
    ///
    /// # Errors
    ///
    /// Those of [`RedisStore::connect`], and [`Invalid`](scorpio_core::store::StoreErrorKind::Invalid) when an option is out of its range.
    pub async fn connect_with(url: &str, options: RedisOptions) -> Result<Self, StoreError> {
        let client = Client::open(url).map_err(error::store_error)?;
        let store = Self::from_client(client, options)?;
        store.ping().await?;
        Ok(store)
    }

    /// A store on an existing client. It connects when it is first used, so a server that is down now is none of its errors.
    ///
    /// # Errors
    ///
    /// [`Invalid`](scorpio_core::store::StoreErrorKind::Invalid) when an option is out of its range.
    pub fn from_client(client: Client, options: RedisOptions) -> Result<Self, StoreError> {
        let manager = connection::manager(client.clone(), &options)?;
        Self::from_connection_manager(client, manager, options)
    }

    /// A store that sends its commands over an existing connection. The client, which is to be of the same server, makes the connections for
    /// followers and subscribers.
    ///
    /// # Errors
    ///
    /// [`Invalid`](scorpio_core::store::StoreErrorKind::Invalid) when an option is out of its range.
    pub fn from_connection_manager(
        client: Client,
        manager: ConnectionManager,
        options: RedisOptions,
    ) -> Result<Self, StoreError> {
        options.expect_valid()?;
        let connection = Connection::new(client, manager, &options);
        let tail = Tail::new(connection.clone(), &options);
        let hub = Hub::new(connection.clone(), &options);
        let freshness = Freshness::new(options.event_ttl);
        Ok(Self(Arc::new(Inner { connection, options, freshness, tail, hub })))
    }

    /// Whether the server answers.
    ///
    /// # Errors
    ///
    /// [`Unavailable`](scorpio_core::store::StoreErrorKind::Unavailable) when it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.connection().query::<String>(&cmd("PING"), Repeat::Allowed).await.map(drop)
    }

    fn connection(&self) -> &Connection {
        &self.0.connection
    }

    /// A key of this store, of some kind.
    fn key(&self, kind: &str, name: &str) -> String {
        format!("{}:{kind}:{name}", self.0.options.prefix)
    }

    fn events_key(&self, run: RunId) -> String {
        events_key(&self.0.options.prefix, run)
    }
}

fn events_key(prefix: &str, run: RunId) -> String {
    format!("{prefix}:events:{run}")
}

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The address may have a password in it.
        f.debug_struct("RedisStore").field("options", &self.0.options).finish_non_exhaustive()
    }
}

const _: fn() = || {
    fn is_shareable<T: Send + Sync + 'static>() {}
    is_shareable::<RedisStore>();
};
