//! A snapshot as JSON Lines: the session first, then its messages, then its tool executions, one a line.

use serde::{Deserialize, Serialize};

use super::{SessionSnapshot, SnapshotMessage};
use crate::store::{Session, ToolExecution};

/// The version of the format that is written, and the newest one that is read.
const VERSION: u32 = 1;

/// What it is comes before it: JSON that is kept as it was written cannot be read the other way round.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Export { version: u32, session: Session },
    Message(Box<SnapshotMessage>),
    ToolExecution(Box<ToolExecution>),
}

/// A line of an export that cannot be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {problem}")]
#[non_exhaustive]
pub struct InvalidLine {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

impl SessionSnapshot {
    /// The snapshot as JSON Lines.
    ///
    /// ```
    /// use jiff::Timestamp;
    /// use scorpio_core::{OwnerId, SessionId, store::{NewSession, Session, SessionSnapshot}};
    /// let session = Session::create(NewSession::new(SessionId::new(), OwnerId::local()), Timestamp::now());
    /// let snapshot = SessionSnapshot::new(session, Vec::new(), Vec::new());
    /// assert_eq!(SessionSnapshot::from_json_lines(&snapshot.to_json_lines()).unwrap(), snapshot);
    /// ```
    pub fn to_json_lines(&self) -> String {
        let first = Line::Export { version: VERSION, session: self.session.clone() };
        let messages = self.messages.iter().map(|message| Line::Message(Box::new(message.clone())));
        let executions = self.executions.iter().map(|call| Line::ToolExecution(Box::new(call.clone())));
        let mut lines = String::new();
        for line in std::iter::once(first).chain(messages).chain(executions) {
            // All of it was JSON before.
            lines.push_str(&serde_json::to_string(&line).unwrap_or_default());
            lines.push('\n');
        }
        lines
    }

    /// Reads what [`SessionSnapshot::to_json_lines`] writes. Empty lines are passed over.
    ///
    /// # Errors
    ///
    /// When a line is not what it should be, by its number.
    pub fn from_json_lines(text: &str) -> Result<Self, InvalidLine> {
        let mut snapshot: Option<Self> = None;
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let invalid = |problem: &str| InvalidLine { line, problem: problem.to_owned() };
            let parsed = serde_json::from_str(text).map_err(|error| invalid(&what(&error)))?;
            match (parsed, &mut snapshot) {
                (Line::Export { version, .. }, None) if version > VERSION => {
                    let newer = format!("it is of version {version}, and this program reads up to {VERSION}");
                    return Err(invalid(&newer));
                }
                (Line::Export { session, .. }, None) => {
                    snapshot = Some(Self::new(session, Vec::new(), Vec::new()));
                }
                (Line::Export { .. }, Some(_)) => return Err(invalid("there is a second session")),
                (_, None) => return Err(invalid("the session must come first")),
                (Line::Message(message), Some(snapshot)) => snapshot.messages.push(*message),
                (Line::ToolExecution(call), Some(snapshot)) => snapshot.executions.push(*call),
            }
        }
        snapshot.ok_or_else(|| InvalidLine { line: 1, problem: "there is no session".to_owned() })
    }
}

/// What serde_json says, without its count of lines: each line is parsed by itself.
fn what(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text).to_owned()
}
