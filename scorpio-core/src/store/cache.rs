//! What may be lost at any moment: values under keys that run out. A cache that does not answer costs time, never truth.

use std::{fmt, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use super::StoreError;

/// Values under keys, each for a while.
///
/// A key is any text; a program that shares a cache with others gives its keys a beginning of their own. A cache may forget a value
/// before its time when it runs out of room.
///
/// # Errors
///
/// Every call fails with [`StoreErrorKind::Unavailable`](super::StoreErrorKind::Unavailable) when the cache does not answer, and writes
/// also with [`StoreErrorKind::Full`](super::StoreErrorKind::Full). [`StoreError::is_outage`] is true for both: go on without.
///
/// # Cancel safety
///
/// Every call either happens whole or not at all, also when its future is dropped.
#[async_trait]
pub trait Cache: fmt::Debug + Send + Sync + 'static {
    /// The value of `key`, if there is one that has not run out.
    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError>;

    /// Sets the value of `key`. Answers whether it did: `false` when the condition of `options` does not hold.
    async fn set(&self, key: &str, value: Bytes, options: SetOptions) -> Result<bool, StoreError>;

    /// Removes the value of `key` and answers it. Of any number of callers at the same time, one gets it.
    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError>;

    /// Removes the value of `key`. Answers whether there was one.
    async fn delete(&self, key: &str) -> Result<bool, StoreError>;
}

/// How a value is set.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::store::{SetCondition, SetOptions};
/// let once = SetOptions::new().with_ttl(Duration::from_secs(300)).with_condition(SetCondition::Absent);
/// assert_eq!(once.ttl, Some(Duration::from_secs(300)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SetOptions {
    /// How long it is kept, to the millisecond; less counts as one. Until it is removed, or crowded out, unless set.
    pub ttl: Option<Duration>,
    /// When it is set.
    pub condition: SetCondition,
}

/// When a value is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SetCondition {
    /// Always.
    #[default]
    Always,
    /// Only when the key has no value.
    Absent,
    /// Only when the key has a value.
    Present,
}

impl SetOptions {
    /// Always, for as long as there is room.
    pub const fn new() -> Self {
        Self { ttl: None, condition: SetCondition::Always }
    }

    /// Sets how long the value is kept.
    #[must_use]
    pub const fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Sets when the value is set.
    #[must_use]
    pub const fn with_condition(mut self, condition: SetCondition) -> Self {
        self.condition = condition;
        self
    }
}

/// Conveniences over any [`Cache`].
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::store::{CacheExt, MemoryCache};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cache = MemoryCache::new();
/// cache.set_json("weather", &("Zurich", 21), Duration::from_secs(60)).await?;
/// assert_eq!(cache.get_json::<(String, i32)>("weather").await?, Some(("Zurich".to_owned(), 21)));
/// # Ok(()) }
/// ```
#[async_trait]
pub trait CacheExt: Cache {
    /// The value of `key`, read as JSON.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Corrupt`](super::StoreErrorKind::Corrupt) when it is not JSON of a `T`.
    async fn get_json<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let Some(value) = self.get(key).await? else { return Ok(None) };
        let read = serde_json::from_slice(&value);
        read.map(Some)
            .map_err(|error| StoreError::corrupt("the cached value is not of the expected type", error))
    }

    /// Sets the value of `key` to `value` as JSON, for `ttl`.
    ///
    /// # Errors
    ///
    /// [`StoreErrorKind::Invalid`](super::StoreErrorKind::Invalid) when `value` cannot be written as JSON.
    async fn set_json<T: Serialize + Sync>(
        &self,
        key: &str,
        value: &T,
        ttl: Duration,
    ) -> Result<(), StoreError> {
        let value = serde_json::to_vec(value)
            .map_err(|error| StoreError::invalid("the value cannot be written as JSON").with_source(error))?;
        self.set(key, value.into(), SetOptions::new().with_ttl(ttl)).await?;
        Ok(())
    }
}

impl<C: Cache + ?Sized> CacheExt for C {}
