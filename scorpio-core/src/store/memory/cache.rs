//! A cache in memory: bounded by bytes, what was used longest ago goes first.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

use super::lock;
use crate::store::{Cache, SetCondition, SetOptions, StoreError};

/// How many bytes of keys and values are kept unless set.
const CAPACITY: usize = 64 * 1024 * 1024;

/// What an entry takes beside its key and value, roughly.
const OVERHEAD: usize = 128;

/// A [`Cache`] in memory. When it is full, what has run out goes, then what was used longest ago.
///
/// ```
/// use scorpio_core::store::{Cache, MemoryCache, SetOptions};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cache = MemoryCache::new();
/// cache.set("key", "value".into(), SetOptions::new()).await?;
/// assert_eq!(cache.take("key").await?.as_deref(), Some(&b"value"[..]));
/// assert_eq!(cache.get("key").await?, None);
/// # Ok(()) }
/// ```
pub struct MemoryCache {
    capacity: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: HashMap<Arc<str>, Entry>,
    /// By the last use.
    order: BTreeMap<u64, Arc<str>>,
    uses: u64,
    bytes: usize,
}

struct Entry {
    value: Bytes,
    until: Option<Instant>,
    used: u64,
}

impl MemoryCache {
    /// A cache of 64 MiB.
    pub fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// A cache of that many bytes of keys and values.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { capacity: bytes, state: Mutex::default() }
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.state);
        f.debug_struct("MemoryCache")
            .field("capacity", &self.capacity)
            .field("bytes", &state.bytes)
            .field("entries", &state.entries.len())
            .finish()
    }
}

fn weight(key: &str, value: &Bytes) -> usize {
    key.len() + value.len() + OVERHEAD
}

impl State {
    fn get(&mut self, key: &str, now: Instant) -> Option<Bytes> {
        if self.entries.get(key)?.until.is_some_and(|until| until <= now) {
            self.remove(key);
            return None;
        }
        self.uses += 1;
        let uses = self.uses;
        let entry = self.entries.get_mut(key)?;
        if let Some(name) = self.order.remove(&entry.used) {
            self.order.insert(uses, name);
        }
        entry.used = uses;
        Some(entry.value.clone())
    }

    fn remove(&mut self, key: &str) -> Option<Bytes> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.used);
        self.bytes -= weight(key, &entry.value);
        Some(entry.value)
    }

    fn insert(&mut self, key: &str, value: Bytes, until: Option<Instant>) {
        self.remove(key);
        self.uses += 1;
        let key: Arc<str> = key.into();
        self.bytes += weight(&key, &value);
        self.order.insert(self.uses, Arc::clone(&key));
        self.entries.insert(key, Entry { value, until, used: self.uses });
    }

    /// Makes room for `more` bytes.
    fn make_room(&mut self, more: usize, capacity: usize, now: Instant) {
        if self.bytes + more <= capacity {
            return;
        }
        let is_over = |entry: &Entry| entry.until.is_some_and(|until| until <= now);
        let over: Vec<_> =
            self.entries.iter().filter(|(_, entry)| is_over(entry)).map(|(key, _)| Arc::clone(key)).collect();
        for key in over {
            self.remove(&key);
        }
        // Down to seven eighths, so that the whole is not looked through again at once.
        let target = capacity - capacity / 8;
        while self.bytes + more > target {
            let Some((_, oldest)) = self.order.first_key_value() else { return };
            let oldest = Arc::clone(oldest);
            self.remove(&oldest);
        }
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(lock(&self.state).get(key, Instant::now()))
    }

    async fn set(&self, key: &str, value: Bytes, options: SetOptions) -> Result<bool, StoreError> {
        let now = Instant::now();
        let mut state = lock(&self.state);
        let is_there = state.get(key, now).is_some();
        let is_met = match options.condition {
            SetCondition::Always => true,
            SetCondition::Absent => !is_there,
            SetCondition::Present => is_there,
        };
        if !is_met {
            return Ok(false);
        }
        let more = weight(key, &value);
        if more > self.capacity {
            return Err(StoreError::too_large(self.capacity as u64));
        }
        state.remove(key);
        state.make_room(more, self.capacity, now);
        // A time beyond what the clock can tell never comes.
        let until = options.ttl.and_then(|ttl| now.checked_add(ttl.max(Duration::from_millis(1))));
        state.insert(key, value, until);
        Ok(true)
    }

    async fn take(&self, key: &str) -> Result<Option<Bytes>, StoreError> {
        let mut state = lock(&self.state);
        let found = state.get(key, Instant::now());
        state.remove(key);
        Ok(found)
    }

    async fn delete(&self, key: &str) -> Result<bool, StoreError> {
        Ok(self.take(key).await?.is_some())
    }
}

#[cfg(test)]
mod tests;
