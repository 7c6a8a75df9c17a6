//! The journal of a run: one entry for each step, chained by hashes, so that a step that was changed or taken out later shows.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Json;

/// SHA-256 of a journal up to some entry. Before the first entry it is all zeros.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JournalHash([u8; 32]);

impl JournalHash {
    /// SHA-256 of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for JournalHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for JournalHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<JournalHash> for String {
    fn from(hash: JournalHash) -> Self {
        hash.to_string()
    }
}

impl From<[u8; 32]> for JournalHash {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// A text that is no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a hash of the journal is 64 hexadecimal digits")]
pub struct InvalidJournalHash;

impl TryFrom<String> for JournalHash {
    type Error = InvalidJournalHash;

    fn try_from(text: String) -> Result<Self, InvalidJournalHash> {
        text.parse()
    }
}

impl std::str::FromStr for JournalHash {
    type Err = InvalidJournalHash;

    fn from_str(text: &str) -> Result<Self, InvalidJournalHash> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(InvalidJournalHash);
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| InvalidJournalHash)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| InvalidJournalHash)?;
        }
        Ok(Self(bytes))
    }
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JournalEntry {
    /// The step, from 1.
    pub seq: u64,
    /// The fence of the lease under which it was made.
    pub fence: u64,
    /// What happened, as a JSON object: the messages that were appended and the tool executions that changed, each with the hash of what
    /// was stored, and where the run stood then.
    pub payload: Json,
    /// When it happened, by the clock of whoever drove the run.
    pub at: Timestamp,
    /// The hash of the entry before.
    pub previous: JournalHash,
    /// SHA-256 over everything above, the previous hash first.
    pub hash: JournalHash,
}

impl JournalEntry {
    /// The entry that follows `previous`.
    pub fn new(seq: u64, fence: u64, payload: Json, at: Timestamp, previous: JournalHash) -> Self {
        // Stores keep microseconds, and the hash must stand after a round trip.
        let at = Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at);
        let mut entry = Self { seq, fence, payload, at, previous, hash: JournalHash::default() };
        entry.hash = entry.compute_hash();
        entry
    }

    /// An entry as it was stored, right or wrong.
    pub fn from_parts(
        seq: u64,
        fence: u64,
        payload: Json,
        at: Timestamp,
        previous: JournalHash,
        hash: JournalHash,
    ) -> Self {
        Self { seq, fence, payload, at, previous, hash }
    }

    fn compute_hash(&self) -> JournalHash {
        let mut digest = Sha256::new();
        digest.update(self.previous.0);
        digest.update(self.seq.to_be_bytes());
        digest.update(self.fence.to_be_bytes());
        digest.update(self.at.as_microsecond().to_be_bytes());
        digest.update(self.payload.get().as_bytes());
        JournalHash(digest.finalize().into())
    }
}

/// A journal that was changed after it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the journal does not hold from step {seq} on: {what}")]
pub struct BrokenJournal {
    /// The first step that does not fit.
    pub seq: u64,
    what: &'static str,
}

/// Checks a whole journal, from its first entry on.
///
/// ```
/// use scorpio_core::{Json, store::{JournalEntry, JournalHash, verify_journal}};
/// let first = JournalEntry::new(1, 1, Json::null(), jiff::Timestamp::now(), JournalHash::default());
/// let second = JournalEntry::new(2, 1, Json::null(), jiff::Timestamp::now(), first.hash);
/// assert!(verify_journal(&[first.clone(), second.clone()]).is_ok());
/// assert!(verify_journal(&[second]).is_err());
/// ```
///
/// # Errors
///
/// When an entry is missing, out of order, or not what it was.
pub fn verify_journal(entries: &[JournalEntry]) -> Result<(), BrokenJournal> {
    let (mut seq, mut previous, mut fence) = (0, JournalHash::default(), 0);
    for entry in entries {
        seq += 1;
        let broken = |what| BrokenJournal { seq, what };
        if entry.seq != seq {
            return Err(broken("a step is missing"));
        }
        if entry.previous != previous {
            return Err(broken("it does not follow the entry before"));
        }
        if entry.fence < fence {
            return Err(broken("its fence is lower than the one before"));
        }
        if entry.hash != entry.compute_hash() {
            return Err(broken("its hash is not that of its content"));
        }
        (previous, fence) = (entry.hash, entry.fence);
    }
    Ok(())
}
