//! How a database is opened.

use std::time::Duration;

/// How a database is opened.
///
/// ```
/// use std::time::Duration;
/// use scorpio_store::sqlite::SqliteOptions;
/// let options = SqliteOptions::new().with_busy_timeout(Duration::from_secs(1)).with_readers(2);
/// assert_eq!(options.readers, 2);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SqliteOptions {
    /// How long to wait for another process that holds the database. 5 seconds unless set.
    pub busy_timeout: Duration,
    /// How many connections read at the same time at most. 4 unless set; 0 counts as 1.
    pub readers: u32,
    /// How long events may wait before they are written, so that more of them are written together. 50 ms unless set. Those who
    /// follow a run in this process see its events at once, and the end of a run is written at once.
    pub event_delay: Duration,
}

impl SqliteOptions {
    /// The defaults.
    pub const fn new() -> Self {
        Self { busy_timeout: Duration::from_secs(5), readers: 4, event_delay: Duration::from_millis(50) }
    }

    /// Sets how long to wait for another process that holds the database.
    #[must_use]
    pub fn with_busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Sets how many connections read at the same time at most.
    #[must_use]
    pub fn with_readers(mut self, readers: u32) -> Self {
        self.readers = readers;
        self
    }

    /// Sets how long events may wait before they are written.
    #[must_use]
    pub fn with_event_delay(mut self, delay: Duration) -> Self {
        self.event_delay = delay;
        self
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self::new()
    }
}
