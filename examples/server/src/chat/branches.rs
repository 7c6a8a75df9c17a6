//! The ways in which a chat went on: an edited question and an answer that was written anew leave the old ones where they were.

use std::collections::HashMap;

use scorpio_core::{
    ErrorKind, MessageId, OwnerId, SessionId, Surface,
    store::{BranchPoint, SessionSnapshot, SnapshotMessage, StoreErrorKind},
};
use serde::{Deserialize, Serialize};

use super::history::ChatView;
use crate::{
    App,
    problem::{Problem, Result},
};

/// The places of a chat where it went on in more than one way.
#[derive(Debug, Serialize)]
pub(super) struct Branches {
    branches: Vec<BranchView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BranchView {
    /// The sequence number of the message after which the ways part; 0 for the beginning.
    after: u64,
    /// What differs: the question, or only the answer to it.
    differs: Differs,
    /// The ways, oldest first.
    ways: Vec<WayView>,
}

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
enum Differs {
    Question,
    Answer,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WayView {
    seq: u64,
    message_id: MessageId,
    /// The id of the answer to it, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer_id: Option<MessageId>,
    current: bool,
}

/// A way that a chat is to go: through this message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Switch {
    #[serde(default)]
    seq: Option<u64>,
    #[serde(default)]
    message_id: Option<MessageId>,
}

pub(super) async fn list(app: &App, owner: &OwnerId, chat: &SessionId) -> Result<Branches> {
    app.store().session(owner, chat).await?.ok_or_else(Problem::no_such_chat)?;
    let points = app.store().branch_points(owner, chat).await?;
    if points.is_empty() {
        return Ok(Branches { branches: Vec::new() });
    }
    let snapshot = snapshot(app, owner, chat).await?;
    let by_seq: HashMap<u64, &SnapshotMessage> =
        snapshot.messages.iter().map(|message| (message.seq, message)).collect();
    let mut answers: HashMap<u64, &MessageId> = HashMap::new();
    for message in &snapshot.messages {
        answers.entry(message.parent).or_insert(&message.message.id);
    }
    let view = |point: BranchPoint| {
        let parts = |seq: u64| by_seq.get(&seq).map(|message| &message.message.parts);
        let first = point.ways.first().and_then(|way| parts(way.seq));
        let is_same = point.ways.iter().all(|way| parts(way.seq) == first);
        let ways = point.ways.into_iter().map(|way| WayView {
            seq: way.seq,
            answer_id: answers.get(&way.seq).copied().cloned(),
            message_id: way.message,
            current: way.is_current,
        });
        let differs = if is_same { Differs::Answer } else { Differs::Question };
        BranchView { after: point.after, differs, ways: ways.collect() }
    };
    Ok(Branches { branches: points.into_iter().map(view).collect() })
}

/// Makes the branch through a message the history of the chat.
pub(super) async fn switch(app: &App, owner: &OwnerId, chat: &SessionId, to: Switch) -> Result<ChatView> {
    let seq = match (to.seq, to.message_id) {
        (Some(seq), None) => seq,
        (None, Some(id)) => newest(&snapshot(app, owner, chat).await?, &id)?.seq,
        _ => return Err(Problem::field(Surface::Chat, "", "say either seq or messageId")),
    };
    let switched = app.store().switch_branch(owner, chat, seq).await.map_err(|error| match error.kind() {
        StoreErrorKind::NotFound => no_such_message(),
        StoreErrorKind::Busy => {
            let detail = "An answer is being written in this chat. Stop it, or wait for it.";
            Problem::new(ErrorKind::Conflict, Surface::Chat, detail)
        }
        _ => error.into(),
    })?;
    switched.map(ChatView::from).ok_or_else(Problem::no_such_chat)
}

/// A chat with all that hangs on it.
pub(super) async fn snapshot(app: &App, owner: &OwnerId, chat: &SessionId) -> Result<SessionSnapshot> {
    app.store().export_session(owner, chat).await?.ok_or_else(Problem::no_such_chat)
}

/// The message with this id: the one on the current branch, or else the newest.
pub(super) fn newest<'a>(snapshot: &'a SessionSnapshot, id: &MessageId) -> Result<&'a SnapshotMessage> {
    let named = || snapshot.messages.iter().rev().filter(|message| message.message.id == *id);
    named().find(|message| message.is_current).or_else(|| named().next()).ok_or_else(no_such_message)
}

fn no_such_message() -> Problem {
    Problem::new(ErrorKind::NotFound, Surface::Chat, "There is no such message in this chat.")
}
