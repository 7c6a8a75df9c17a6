//! How a server is reached, and how long a call may take.

use std::time::Duration;

/// How a server is reached, and how long a call may take.
///
/// ```
/// use std::time::Duration;
/// use scorpio_store::mongodb::MongoOptions;
/// let options = MongoOptions::new().with_operation_timeout(Duration::from_secs(3));
/// assert_eq!(options.server_selection_timeout, Duration::from_secs(5));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MongoOptions {
    /// How long a call waits for a server that takes writes, during an election for example. 5 seconds unless set here or, as
    /// `serverSelectionTimeoutMS`, in the URL.
    pub server_selection_timeout: Duration,
    /// How long one command to the server may take, until it is found included. 10 seconds unless set. A call that reads before it writes
    /// sends several commands.
    pub operation_timeout: Duration,
}

impl MongoOptions {
    /// The defaults.
    pub const fn new() -> Self {
        Self { server_selection_timeout: Duration::from_secs(5), operation_timeout: Duration::from_secs(10) }
    }

    /// Sets how long a call waits for a server that takes writes.
    #[must_use]
    pub fn with_server_selection_timeout(mut self, timeout: Duration) -> Self {
        self.server_selection_timeout = timeout;
        self
    }

    /// Sets how long one command to the server may take.
    #[must_use]
    pub fn with_operation_timeout(mut self, timeout: Duration) -> Self {
        self.operation_timeout = timeout;
        self
    }
}

impl Default for MongoOptions {
    fn default() -> Self {
        Self::new()
    }
}
