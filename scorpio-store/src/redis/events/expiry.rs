//! How events go: by the time to live of their stream, and by being told to.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use ::redis::{Cmd, cmd};
use jiff::Timestamp;
use scorpio_core::{RunId, store::StoreError};
use tokio::time::Instant;

use super::{PAGE, entry};
use crate::redis::{RedisStore, connection::Repeat};

/// How many runs to remember before those that need it no more are looked for.
const CROWDED: usize = 4_096;

/// The longest that a stream may be without a time to live, such as after everything was flushed.
const SOON: Duration = Duration::from_secs(60);

/// When the time to live of which stream was set last. It is not set with every event, which would cost as much as the event.
pub(in crate::redis) struct Freshness {
    ttl: Duration,
    renewed: Mutex<HashMap<RunId, Instant>>,
}

impl Freshness {
    pub(in crate::redis) fn new(ttl: Duration) -> Self {
        Self { ttl, renewed: Mutex::default() }
    }

    /// Whether the time to live is to be set with what is appended now.
    pub(super) fn is_due(&self, run: RunId, is_last: bool) -> bool {
        is_last || self.lock().get(&run).is_none_or(|renewed| renewed.elapsed() >= self.interval())
    }

    pub(super) fn renewed(&self, run: RunId, is_last: bool) {
        let interval = self.interval();
        let mut renewed = self.lock();
        if renewed.len() >= CROWDED {
            renewed.retain(|_, renewed| renewed.elapsed() < interval);
        }
        if is_last || renewed.len() >= 16 * CROWDED {
            renewed.remove(&run);
        } else {
            renewed.insert(run, Instant::now());
        }
    }

    pub(super) fn renew(&self, key: &str) -> Cmd {
        // In the range of the options, so it fits.
        let milliseconds = u64::try_from(self.ttl.as_millis()).unwrap_or(u64::MAX);
        cmd("PEXPIRE").arg(key).arg(milliseconds).take()
    }

    /// Far shorter than the time to live, so that a run that goes on never loses its beginning.
    fn interval(&self) -> Duration {
        (self.ttl / 10).min(SOON)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RunId, Instant>> {
        self.renewed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RedisStore {
    /// Looks through all streams of the store.
    pub(super) async fn expire_events(&self, time: Timestamp) -> Result<u64, StoreError> {
        let pattern = self.key("events", "*");
        let (mut cursor, mut expired) = (0_u64, 0);
        loop {
            let mut command = cmd("SCAN");
            command.arg(cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(PAGE).arg("TYPE").arg("stream");
            let (next, keys): (u64, Vec<String>) = self.connection().query(&command, Repeat::Allowed).await?;
            for key in keys {
                expired += self.expire_stream(&key, time.as_microsecond()).await?;
            }
            if next == 0 {
                return Ok(expired);
            }
            cursor = next;
        }
    }

    async fn expire_stream(&self, key: &str, time: i64) -> Result<u64, StoreError> {
        let Some((last_old, is_over)) = self.last_before(key, time).await? else { return Ok(0) };
        let bound = last_old.saturating_add(1);
        let command = cmd("XTRIM").arg(key).arg("MINID").arg("=").arg(bound).take();
        // Not twice: the second time would count nothing.
        let expired = self.connection().query(&command, Repeat::Never).await?;
        if is_over {
            self.connection().query::<u64>(cmd("DEL").arg(key), Repeat::Allowed).await?;
        }
        Ok(expired)
    }

    /// The number of the last event that was appended before `time`, and whether the run is over with it.
    async fn last_before(&self, key: &str, time: i64) -> Result<Option<(u64, bool)>, StoreError> {
        let mut last = None;
        loop {
            let start =
                last.as_ref().map_or("-".to_owned(), |entry: &entry::Entry| format!("({}", entry.seq));
            let mut command = cmd("XRANGE");
            command.arg(key).arg(start).arg("+").arg("COUNT").arg(PAGE);
            let page = entry::entries(self.connection().query(&command, Repeat::Allowed).await?)?;
            let is_short = page.len() < PAGE;
            let mut is_all = true;
            for entry in page {
                is_all = entry.appended_at < time;
                if !is_all {
                    break;
                }
                last = Some(entry);
            }
            if is_short || !is_all {
                let is_over = is_all
                    && last.as_ref().is_some_and(|entry| entry.event().is_ok_and(|event| event.is_last()));
                return Ok(last.map(|entry| (entry.seq, is_over)));
            }
        }
    }
}
