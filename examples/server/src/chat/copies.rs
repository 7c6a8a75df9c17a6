//! Copies of chats: one that goes on from a message by itself, and files that may be kept and put in again.

use axum::{body::Body, http::HeaderMap};
use jiff::Timestamp;
use scorpio_core::{
    ErrorKind, MessageId, OwnerId, Role, SessionId, Surface,
    store::{Session, SessionSnapshot, SnapshotMessage, StoreErrorKind},
};
use serde::Deserialize;

use super::{
    branches::{newest, snapshot},
    history::ChatView,
};
use crate::{
    App,
    extract::read_text,
    problem::{Problem, Result},
};

/// The media type of JSON Lines.
pub(super) const JSON_LINES: &str = "application/x-ndjson";
/// The most bytes of a file that is put in.
const LARGEST_IMPORT: usize = 32 * 1024 * 1024;

/// Where a copy ends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Fork {
    message_id: MessageId,
}

/// Makes a chat that begins as this one did, up to a message: with an answer, to its end.
pub(super) async fn fork(app: &App, owner: &OwnerId, chat: &SessionId, at: &Fork) -> Result<ChatView> {
    let snapshot = snapshot(app, owner, chat).await?;
    let seq = end_of(&snapshot, newest(&snapshot, &at.message_id)?);
    let fork = snapshot.fork_at(seq, SessionId::new());
    let fork = fork.ok_or_else(|| Problem::internal("a message of the chat leads nowhere"))?;
    put_in(app, fork).await.map(ChatView::from)
}

/// The sequence number of the last message of the answer that begins with `first`. A question ends with itself.
fn end_of(snapshot: &SessionSnapshot, first: &SnapshotMessage) -> u64 {
    let mut last = first;
    while last.message.role != Role::User {
        let mut next =
            snapshot.messages.iter().filter(|next| next.parent == last.seq && next.run == first.run);
        match next.find(|next| next.message.role != Role::User) {
            Some(next) => last = next,
            None => break,
        }
    }
    last.seq
}

/// The chat as a file.
pub(super) async fn export(app: &App, owner: &OwnerId, chat: &SessionId) -> Result<String> {
    Ok(snapshot(app, owner, chat).await?.to_json_lines())
}

/// Puts in a chat that was exported, as a new one. Tools that its owner let run without being asked ask again.
pub(super) async fn import(app: &App, owner: OwnerId, headers: &HeaderMap, body: Body) -> Result<ChatView> {
    let text = read_text(headers, body, JSON_LINES, LARGEST_IMPORT).await?;
    let wrong = |complaint: String| Problem::field(Surface::Chat, "", complaint);
    let mut snapshot =
        SessionSnapshot::from_json_lines(&text).map_err(|invalid| wrong(invalid.to_string()))?;
    let now = Timestamp::now();
    let session = &mut snapshot.session;
    (session.id, session.owner, session.updated_at) = (SessionId::new(), owner, now);
    session.approved_tools.clear();
    snapshot.check().map_err(|error| wrong(error.to_string()))?;
    put_in(app, snapshot).await.map(ChatView::from)
}

async fn put_in(app: &App, snapshot: SessionSnapshot) -> Result<Session> {
    app.store().import_session(snapshot).await.map_err(|error| match error.kind() {
        StoreErrorKind::Corrupt => Problem::new(
            ErrorKind::BadRequest,
            Surface::Chat,
            "The messages of this chat do not fit together.",
        ),
        _ => error.into(),
    })
}
