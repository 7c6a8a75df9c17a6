//! How a store uses its server.

use std::time::Duration;

use scorpio_core::store::StoreError;

/// How a store uses its server.
///
/// ```
/// use std::time::Duration;
/// use scorpio_store::redis::RedisOptions;
/// let options = RedisOptions::new().with_prefix("staging").with_event_ttl(Duration::from_secs(3_600));
/// assert_eq!(options.prefix, "staging");
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RedisOptions {
    /// What all keys and channels begin with, before a colon: `scorpio` unless set. 1 to 64 letters, digits, or `-_.:` of ASCII.
    pub prefix: String,
    /// How long the server may take to answer, or to be connected to. 2 seconds unless set.
    pub timeout: Duration,
    /// How long the events of a run are kept after its last one. A day unless set, at least a second. They go all at once.
    pub event_ttl: Duration,
    /// How long streams wait for a server that is gone, or for a run that is not there. 30 seconds unless set.
    pub patience: Duration,
    /// How long a follower waits for the next event of a run that does not end, for its process may have died. An hour unless set.
    pub silence: Duration,
    /// How many events, or messages, a follower or subscriber may be behind before it must look into the log, or loses messages.
    /// 1,024 unless set, at least 1.
    pub backlog: usize,
}

impl RedisOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self {
            prefix: "scorpio".to_owned(),
            timeout: Duration::from_secs(2),
            event_ttl: Duration::from_secs(24 * 3_600),
            patience: Duration::from_secs(30),
            silence: Duration::from_secs(3_600),
            backlog: 1_024,
        }
    }

    /// Sets what all keys and channels begin with.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets how long the server may take to answer, or to be connected to.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long the events of a run are kept after its last one.
    #[must_use]
    pub fn with_event_ttl(mut self, ttl: Duration) -> Self {
        self.event_ttl = ttl;
        self
    }

    /// Sets how long streams wait for a server that is gone, or for a run that is not there.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sets how long a follower waits for the next event of a run that does not end.
    #[must_use]
    pub fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }

    /// Sets how many events or messages a follower or subscriber may be behind.
    #[must_use]
    pub fn with_backlog(mut self, backlog: usize) -> Self {
        self.backlog = backlog;
        self
    }

    pub(super) fn expect_valid(&self) -> Result<(), StoreError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if !(1..=64).contains(&self.prefix.len()) || !self.prefix.bytes().all(is_plain) {
            return Err(StoreError::invalid("the prefix must be 1 to 64 letters, digits or -_.: of ASCII"));
        }
        if self.timeout.is_zero() {
            return Err(StoreError::invalid("the timeout must not be zero"));
        }
        if self.event_ttl < Duration::from_secs(1) || self.event_ttl > Duration::from_secs(100 * 365 * 86_400)
        {
            return Err(StoreError::invalid("the time to keep events must be a second to a hundred years"));
        }
        if self.backlog == 0 {
            return Err(StoreError::invalid("the backlog must be at least 1"));
        }
        Ok(())
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self::new()
    }
}
