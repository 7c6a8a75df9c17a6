//! How a database is reached, and how long a call may take.

use std::time::Duration;

/// How a database is reached, and how long a call may take.
///
/// ```
/// use std::time::Duration;
/// use scorpio_store::postgres::PostgresOptions;
/// let options = PostgresOptions::new().with_schema("agents").with_statement_timeout(Duration::from_secs(3));
/// assert_eq!(options.connections, 10);
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PostgresOptions {
    /// The schema that the tables are in, which is made if it is not there. Unless set, the one that is current when the database is
    /// opened, by its `search_path`.
    pub schema: Option<String>,
    /// How many connections there are at most, besides one that listens for notifications. 10 unless set; 0 counts as 1.
    pub connections: u32,
    /// How long a call waits for a connection, be it new or in use by others. 5 seconds unless set.
    pub acquire_timeout: Duration,
    /// How long the database may work on a statement. 10 seconds unless set. A call that gets no answer for a second longer gives
    /// the connection up.
    pub statement_timeout: Duration,
    /// How long a statement waits for a lock of another. 5 seconds unless set.
    pub lock_timeout: Duration,
    /// How long events may wait before they are written, so that more of them are written together. 50 ms unless set. Those who
    /// follow a run in this process see its events at once, and the end of a run is written at once.
    pub event_delay: Duration,
}

impl PostgresOptions {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            schema: None,
            connections: 10,
            acquire_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            lock_timeout: Duration::from_secs(5),
            event_delay: Duration::from_millis(50),
        }
    }

    /// Sets the schema that the tables are in.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = Some(schema.into());
        self
    }

    /// Sets how many connections there are at most.
    #[must_use]
    pub fn with_connections(mut self, connections: u32) -> Self {
        self.connections = connections;
        self
    }

    /// Sets how long a call waits for a connection.
    #[must_use]
    pub fn with_acquire_timeout(mut self, timeout: Duration) -> Self {
        self.acquire_timeout = timeout;
        self
    }

    /// Sets how long the database may work on a statement.
    #[must_use]
    pub fn with_statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = timeout;
        self
    }

    /// Sets how long a statement waits for a lock of another.
    #[must_use]
    pub fn with_lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Sets how long events may wait before they are written.
    #[must_use]
    pub fn with_event_delay(mut self, delay: Duration) -> Self {
        self.event_delay = delay;
        self
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self::new()
    }
}
