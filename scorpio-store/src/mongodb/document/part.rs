//! What hangs on a session, in collections of its own.

use scorpio_core::{
    Json, Message, RunId,
    store::{JournalEntry, StoreError, ToolExecution},
};
use serde::{Deserialize, Serialize};

use super::{id as parse, read, signed, time, unsigned};
use crate::{
    mongodb::error::unreadable,
    record::{MessageRow, json},
};

/// A message, which never changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::mongodb) struct MessageDocument {
    #[serde(rename = "_id")]
    pub(in crate::mongodb) key: String,
    /// The key of its session.
    pub(in crate::mongodb) session: String,
    pub(in crate::mongodb) seq: i64,
    /// The message before it on its branch; 0 for the first.
    pub(in crate::mongodb) parent: i64,
    pub(in crate::mongodb) message_id: String,
    /// The run that it began or that wrote it.
    pub(in crate::mongodb) run: String,
    pub(in crate::mongodb) role: String,
    pub(in crate::mongodb) body: String,
}

impl MessageDocument {
    pub(in crate::mongodb) fn new(
        session: &str,
        (seq, parent): (i64, i64),
        run: RunId,
        message: &Message,
    ) -> Result<Self, StoreError> {
        let MessageRow { id, role, body } = MessageRow::of(message)?;
        Ok(Self {
            key: format!("{session}:{seq}"),
            session: session.to_owned(),
            seq,
            parent,
            message_id: id.to_string(),
            run: run.to_string(),
            role: role.to_owned(),
            body,
        })
    }

    pub(in crate::mongodb) fn message(&self) -> Result<Message, StoreError> {
        read("a message", &self.body)
    }
}

/// A tool execution, as the latest step left it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::mongodb) struct ExecutionDocument {
    #[serde(rename = "_id")]
    pub(in crate::mongodb) key: String,
    /// The key of its session.
    pub(in crate::mongodb) session: String,
    /// The revision that planned it and its place among those of the revision, which order them.
    pub(in crate::mongodb) planned: i64,
    pub(in crate::mongodb) place: i64,
    /// The revision that wrote it last.
    pub(in crate::mongodb) revision: i64,
    pub(in crate::mongodb) run: String,
    pub(in crate::mongodb) tool: String,
    pub(in crate::mongodb) status: String,
    pub(in crate::mongodb) body: String,
}

impl ExecutionDocument {
    pub(in crate::mongodb) fn new(
        session: &str,
        (revision, place): (i64, i64),
        execution: &ToolExecution,
    ) -> Result<Self, StoreError> {
        let ToolExecution { run, turn, index, .. } = execution;
        Ok(Self {
            key: format!("{session}:{run}:{turn}:{index}"),
            session: session.to_owned(),
            planned: revision,
            place,
            revision,
            run: run.to_string(),
            tool: execution.tool.to_string(),
            status: execution.status.as_str().to_owned(),
            body: json("a tool execution", execution)?,
        })
    }

    pub(in crate::mongodb) fn execution(&self) -> Result<ToolExecution, StoreError> {
        read("a tool execution", &self.body)
    }
}

/// A step in a run's journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::mongodb) struct JournalDocument {
    #[serde(rename = "_id")]
    pub(in crate::mongodb) key: String,
    /// The key of its session.
    pub(in crate::mongodb) session: String,
    pub(in crate::mongodb) run: String,
    pub(in crate::mongodb) seq: i64,
    pub(in crate::mongodb) fence: i64,
    pub(in crate::mongodb) payload: String,
    pub(in crate::mongodb) at: i64,
    pub(in crate::mongodb) previous: String,
    pub(in crate::mongodb) hash: String,
}

impl JournalDocument {
    pub(in crate::mongodb) fn new(session: &str, run: RunId, entry: &JournalEntry) -> Self {
        Self {
            key: format!("{run}:{}", entry.seq),
            session: session.to_owned(),
            run: run.to_string(),
            seq: signed(entry.seq),
            fence: signed(entry.fence),
            payload: entry.payload.get().to_owned(),
            at: entry.at.as_microsecond(),
            previous: entry.previous.to_string(),
            hash: entry.hash.to_string(),
        }
    }

    pub(in crate::mongodb) fn entry(self) -> Result<JournalEntry, StoreError> {
        let payload =
            Json::parse(self.payload).map_err(|error| unreadable("an entry of a journal", error))?;
        let (previous, hash) = (parse("a journal", &self.previous)?, parse("a journal", &self.hash)?);
        let (seq, fence) = (unsigned(self.seq), unsigned(self.fence));
        Ok(JournalEntry::from_parts(seq, fence, payload, time(self.at)?, previous, hash))
    }
}
