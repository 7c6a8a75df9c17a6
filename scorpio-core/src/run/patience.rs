//! How long to wait for a store that does not answer: first a moment, then longer and longer, until the patience is used up.

use std::time::Duration;

use tokio::time::Instant;

use crate::store::StoreError;

/// How long to wait before the store is asked again, at first and at most.
const FIRST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How long reading is tried again.
const READING: Duration = Duration::from_secs(30);

/// The waits of one call that is sent to the store until it is answered.
#[derive(Debug)]
pub(super) struct Patience {
    began: Instant,
    lasts: Duration,
    wait: Duration,
}

impl Patience {
    pub(super) fn new(lasts: Duration) -> Self {
        Self { began: Instant::now(), lasts, wait: FIRST_WAIT }
    }

    /// That of a call that only reads.
    pub(super) fn of_reading() -> Self {
        Self::new(READING)
    }

    /// None at all: somebody waits for the answer, and can ask again.
    pub(super) fn none() -> Self {
        Self::new(Duration::ZERO)
    }

    /// How long to wait after `error`. The error comes back when waiting does not help, or has taken too long.
    pub(super) fn after(&mut self, error: StoreError) -> Result<Duration, StoreError> {
        if !error.is_outage() || self.began.elapsed() + self.wait > self.lasts {
            return Err(error);
        }
        let wait = self.wait;
        self.wait = (wait * 2).min(LONGEST_WAIT);
        Ok(wait)
    }

    /// Waits after `error`, where nobody needs to be told.
    pub(super) async fn wait(&mut self, error: StoreError) -> Result<(), StoreError> {
        let what = format!("{error:?}");
        let wait = self.after(error)?;
        tracing::warn!(error = what, "the store does not answer; it is asked again");
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
