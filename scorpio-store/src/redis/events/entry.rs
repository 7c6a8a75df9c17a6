//! How an event is kept in a stream: its JSON, and the microsecond at which it was appended.

use std::sync::Arc;

use ::redis::{Cmd, Value, cmd};
use jiff::Timestamp;
use scorpio_core::{Event, store::StoreError};

use crate::redis::error::unexpected;

const EVENT: &str = "event";
const APPENDED_AT: &str = "at";

pub(super) struct Entry {
    pub(super) seq: u64,
    json: Vec<u8>,
    pub(super) appended_at: i64,
}

/// The command that appends an event at `now`.
pub(super) fn append(key: &str, event: &Event, now: Timestamp) -> Result<Cmd, StoreError> {
    if event.seq == 0 {
        return Err(StoreError::invalid("the events of a run are numbered from 1"));
    }
    let json = serde_json::to_vec(event)
        .map_err(|error| StoreError::invalid("an event cannot be written as JSON").with_source(error))?;
    let mut command = cmd("XADD");
    command.arg(key).arg(event.seq).arg(EVENT).arg(json).arg(APPENDED_AT).arg(now.as_microsecond());
    Ok(command)
}

impl Entry {
    pub(super) fn event(&self) -> Result<Arc<Event>, StoreError> {
        serde_json::from_slice(&self.json)
            .map(Arc::new)
            .map_err(|error| StoreError::corrupt("an event in Redis cannot be read", error))
    }

    fn parse(value: Value) -> Option<Self> {
        let [id, fields] = array(value)?;
        let [name, json, _, appended_at] = array(fields)?;
        let seq = text(id)?.split('-').next()?.parse().ok()?;
        let Value::BulkString(json) = json else { return None };
        let appended_at = text(appended_at)?.parse().ok()?;
        (text(name)? == EVENT).then_some(Self { seq, json, appended_at })
    }
}

/// The entries in the answer to XRANGE and XREVRANGE.
pub(super) fn entries(answer: Value) -> Result<Vec<Entry>, StoreError> {
    let values = match answer {
        Value::Nil => return Ok(Vec::new()),
        Value::Array(values) => values,
        _ => return Err(foreign()),
    };
    values.into_iter().map(|value| Entry::parse(value).ok_or_else(foreign)).collect()
}

/// The streams in the answer to XREAD, by their keys.
pub(super) fn streams(answer: Value) -> Result<Vec<(String, Value)>, StoreError> {
    let pair = |value| {
        let [key, entries] = array(value)?;
        Some((text(key)?, entries))
    };
    match answer {
        Value::Nil => Ok(Vec::new()),
        Value::Array(values) => values.into_iter().map(|value| pair(value).ok_or_else(foreign)).collect(),
        Value::Map(pairs) => {
            let pair = |(key, entries)| Some((text(key)?, entries));
            pairs.into_iter().map(|value| pair(value).ok_or_else(foreign)).collect()
        }
        _ => Err(foreign()),
    }
}

fn array<const N: usize>(value: Value) -> Option<[Value; N]> {
    match value {
        Value::Array(values) => values.try_into().ok(),
        _ => None,
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

fn foreign() -> StoreError {
    unexpected("a stream in Redis has entries that are not of this store")
}
