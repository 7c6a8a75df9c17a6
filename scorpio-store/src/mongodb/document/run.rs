//! A run, as it is in the document of its session and as it is kept afterwards.

use std::time::Duration;

use mongodb::bson::DateTime;
use scorpio_core::store::{Begin, RunRecord, RunStatus, Signal, StoreError, StoredSignal};
use serde::{Deserialize, Serialize};

use super::{SessionDocument, id, millis, read, signed, time, unsigned};
use crate::record::json;

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::mongodb) struct RunDocument {
    pub(in crate::mongodb) id: String,
    pub(in crate::mongodb) agent: String,
    pub(in crate::mongodb) status: String,
    pub(in crate::mongodb) end: Option<String>,
    pub(in crate::mongodb) holder: String,
    pub(in crate::mongodb) fence: i64,
    /// When the lease was taken or prolonged, and for how many milliseconds, by the clock of the server.
    pub(in crate::mongodb) lease_at: DateTime,
    pub(in crate::mongodb) lease_millis: i64,
    /// When it runs out by the clock of who holds it, which is told and not acted on.
    pub(in crate::mongodb) lease_until: i64,
    pub(in crate::mongodb) wake_at: Option<i64>,
    pub(in crate::mongodb) step: i64,
    pub(in crate::mongodb) recoveries: i64,
    /// What it was told, in order, each as the JSON of a [`SignalText`].
    #[serde(default)]
    pub(in crate::mongodb) signals: Vec<String>,
    pub(in crate::mongodb) signal_count: i64,
    pub(in crate::mongodb) signals_seen: i64,
    #[serde(default)]
    pub(in crate::mongodb) machine: String,
    pub(in crate::mongodb) started_at: i64,
    pub(in crate::mongodb) finished_at: Option<i64>,
}

impl RunDocument {
    pub(in crate::mongodb) fn begin(record: &RunRecord, ttl: Duration) -> Result<Self, StoreError> {
        Ok(Self {
            id: record.id.to_string(),
            agent: record.machine.agent().to_owned(),
            status: record.status.as_str().to_owned(),
            end: None,
            holder: record.holder.clone(),
            fence: signed(record.fence),
            lease_at: DateTime::now(),
            lease_millis: millis(ttl),
            lease_until: record.lease_until.as_microsecond(),
            wake_at: None,
            step: 0,
            recoveries: 0,
            signals: Vec::new(),
            signal_count: 0,
            signals_seen: 0,
            machine: json("a run", &record.machine)?,
            started_at: record.started_at.as_microsecond(),
            finished_at: None,
        })
    }

    pub(in crate::mongodb) fn is_live(&self) -> bool {
        self.status != RunStatus::Finished.as_str()
    }

    pub(in crate::mongodb) fn is_running(&self) -> bool {
        self.status == RunStatus::Running.as_str()
    }

    /// Whether the lease has run out at `now`, a time of the server.
    pub(in crate::mongodb) fn has_lapsed(&self, now: DateTime) -> bool {
        self.lease_at.timestamp_millis().saturating_add(self.lease_millis) <= now.timestamp_millis()
    }

    pub(in crate::mongodb) fn record(&self, session: &SessionDocument) -> Result<RunRecord, StoreError> {
        let machine = read("a run", &self.machine)?;
        let (session, owner) = (id("a session", &session.session_id)?, id("a session", &session.owner)?);
        let begin = Begin::new(session, owner, self.holder.clone(), machine);
        let mut record = RunRecord::begin(&begin, time(self.started_at)?, time(self.lease_until)?);
        record.id = id("a run", &self.id)?;
        record.status = id("a run", &self.status)?;
        record.end = self.end.as_deref().map(|end| read("the end of a run", end)).transpose()?;
        record.fence = unsigned(self.fence);
        record.wake_at = self.wake_at.map(time).transpose()?;
        record.step = unsigned(self.step);
        record.recoveries = u32::try_from(self.recoveries).unwrap_or(u32::MAX);
        record.finished_at = self.finished_at.map(time).transpose()?;
        Ok(record)
    }

    /// What it was told after the first `after` signals.
    pub(in crate::mongodb) fn signals_after(&self, after: u64) -> Result<Vec<StoredSignal>, StoreError> {
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        let signals = self.signals.iter().zip(1..).skip(after);
        signals.map(|(text, seq)| read::<SignalText>("a signal", text)?.stored(seq)).collect()
    }
}

/// A run that is over, once the session has gone on without it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::mongodb) struct FinishedRun {
    #[serde(rename = "_id")]
    pub(in crate::mongodb) id: String,
    /// The key of its session.
    pub(in crate::mongodb) session: String,
    pub(in crate::mongodb) run: RunDocument,
}

/// A signal, as JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(in crate::mongodb) struct SignalText {
    pub(in crate::mongodb) at: i64,
    pub(in crate::mongodb) signal: Signal,
}

impl SignalText {
    fn stored(self, seq: u64) -> Result<StoredSignal, StoreError> {
        Ok(StoredSignal::new(seq, time(self.at)?, self.signal))
    }
}
