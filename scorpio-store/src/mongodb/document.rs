//! What the documents look like, and what they stand for. Times are microseconds since 1970, and JSON is kept as its text.

mod part;
mod run;

use std::{str::FromStr, time::Duration};

use jiff::Timestamp;
use scorpio_core::{
    Json,
    store::{NewSession, Session, StoreError},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(super) use self::{
    part::{ExecutionDocument, JournalDocument, MessageDocument},
    run::{FinishedRun, RunDocument, SignalText},
};
use super::{error::unreadable, history::History};

/// A session, with the run that came last. Every step of either is one update of this document.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct SessionDocument {
    /// Another one for a session that is made after one of the same id was deleted: what hangs on it goes by this.
    #[serde(rename = "_id")]
    pub(super) key: String,
    pub(super) session_id: String,
    pub(super) owner: String,
    pub(super) title: String,
    pub(super) version: i64,
    /// How often it was changed in any way that a later change builds on.
    pub(super) revision: i64,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) metadata: Option<String>,
    pub(super) approved_tools: Vec<String>,
    #[serde(default)]
    pub(super) history: History,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) run: Option<RunDocument>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) pending: Option<Pending>,
}

impl SessionDocument {
    pub(super) fn new(key: String, session: &Session, history: History) -> Self {
        Self {
            key,
            session_id: session.id.to_string(),
            owner: session.owner.to_string(),
            title: session.title.clone(),
            version: signed(session.version),
            revision: 0,
            created_at: session.created_at.as_microsecond(),
            updated_at: session.updated_at.as_microsecond(),
            metadata: session.metadata.as_ref().map(|metadata| metadata.get().to_owned()),
            approved_tools: session.approved_tools.iter().map(ToString::to_string).collect(),
            history,
            run: None,
            pending: None,
        }
    }

    pub(super) fn session(&self) -> Result<Session, StoreError> {
        let mut new = NewSession::new(id("a session", &self.session_id)?, id("a session", &self.owner)?);
        new.title.clone_from(&self.title);
        new.metadata = (self.metadata.clone().map(Json::parse).transpose())
            .map_err(|error| unreadable("the metadata of a session", error))?;
        let mut session = Session::create(new, time(self.created_at)?);
        session.version = unsigned(self.version);
        session.updated_at = time(self.updated_at)?;
        session.approved_tools = self.approved_tools.iter().map(|tool| tool.as_str().into()).collect();
        Ok(session)
    }

    /// The run, if it is live.
    pub(super) fn live_run(&self) -> Option<&RunDocument> {
        self.run.as_ref().filter(|run| run.is_live())
    }
}

/// What a step has decided and is still to be put in its place, in collections of its own.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Pending {
    /// The revision that decided it.
    pub(super) revision: i64,
    pub(super) messages: Vec<MessageDocument>,
    pub(super) executions: Vec<ExecutionDocument>,
    pub(super) journal: Option<JournalDocument>,
    /// Whether the run has ended.
    pub(super) is_end: bool,
}

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.executions.is_empty() && self.journal.is_none() && !self.is_end
    }

    /// How many bytes there are of what may be large.
    pub(super) fn size(&self) -> usize {
        let messages = self.messages.iter().map(|message| message.body.len());
        let executions = self.executions.iter().map(|execution| execution.body.len());
        let journal = self.journal.iter().map(|entry| entry.payload.len());
        messages.chain(executions).chain(journal).sum()
    }
}

fn read<T: DeserializeOwned>(what: &'static str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|error| unreadable(what, error))
}

pub(super) fn id<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    what: &'static str,
    text: &str,
) -> Result<T, StoreError> {
    text.parse().map_err(|error| unreadable(what, error))
}

fn time(micros: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_microsecond(micros).map_err(|error| unreadable("a time", error))
}

/// Now, as precisely as it is stored.
pub(super) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

pub(super) fn after(time: Timestamp, ttl: Duration) -> Timestamp {
    time.checked_add(ttl).unwrap_or(Timestamp::MAX)
}

/// MongoDB has no numbers without a sign.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

pub(super) fn millis(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX)
}
