//! What is there of chats: lists, messages, titles.

use std::{collections::HashMap, time::Duration};

use jiff::Timestamp;
use scorpio_core::{
    ErrorKind, Json, OwnerId, Role, RunId, SessionId, Surface,
    store::{Page, RunRecord, Session, SessionPatch, StoreErrorKind, StoredMessage},
    ui::{self, UiMessage},
};
use serde::{Deserialize, Serialize};

use super::{models, title::LONGEST_TITLE};
use crate::{
    App,
    problem::{Problem, Result},
};

/// How many messages are loaded at a time.
const BATCH: usize = 500;
const PAGE: usize = 20;
const LARGEST_PAGE: usize = 100;
/// How often it is looked whether another process has stopped, and for how long.
const GLANCE: Duration = Duration::from_millis(50);
const SETTLING: Duration = Duration::from_secs(10);
/// The most tool calls of a chat of which it is told what somebody decided.
const MOST_CALLS: usize = 10_000;

/// A chat, as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatView {
    id: SessionId,
    title: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    /// The model that was chosen last.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<String>,
}

impl From<Session> for ChatView {
    fn from(session: Session) -> Self {
        let model = models::remembered(&session);
        let Session { id, title, created_at, updated_at, .. } = session;
        Self { id, title, created_at, updated_at, model }
    }
}

/// Which chats are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryQuery {
    limit: Option<String>,
    ending_before: Option<String>,
    starting_after: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChatPage {
    chats: Vec<ChatView>,
    has_more: bool,
}

impl HistoryQuery {
    fn page(&self) -> Result<Page> {
        let wrong = |path: &str, complaint: String| Problem::field(Surface::Api, path, complaint);
        let limit = match &self.limit {
            None => PAGE,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=LARGEST_PAGE).contains(limit))
                .ok_or_else(|| wrong("limit", format!("must be a number from 1 to {LARGEST_PAGE}")))?,
        };
        let cursor = |path: &str, text: &String| {
            text.parse().map_err(|_| wrong(path, "is not the id of a chat".into()))
        };
        match (&self.ending_before, &self.starting_after) {
            (None, None) => Ok(Page::First { limit }),
            (Some(id), None) => Ok(Page::OlderThan { id: cursor("ending_before", id)?, limit }),
            (None, Some(id)) => Ok(Page::NewerThan { id: cursor("starting_after", id)?, limit }),
            (Some(_), Some(_)) => {
                Err(wrong("starting_after", "cannot be given together with ending_before".to_owned()))
            }
        }
    }
}

/// A page of somebody's chats.
pub(super) async fn list(app: &App, owner: &OwnerId, query: &HistoryQuery) -> Result<ChatPage> {
    let listing =
        app.store().list_sessions(owner, query.page()?).await.map_err(|error| match error.kind() {
            StoreErrorKind::NotFound => Problem::no_such_chat().on(Surface::History),
            _ => error.into(),
        })?;
    let chats = listing.sessions.into_iter().map(ChatView::from).collect();
    Ok(ChatPage { chats, has_more: listing.has_more })
}

/// A chat with its messages.
#[derive(Debug, Serialize)]
pub(super) struct Conversation {
    chat: ChatView,
    messages: Vec<UiMessage>,
}

pub(super) async fn conversation(app: &App, owner: &OwnerId, id: &SessionId) -> Result<Conversation> {
    let session = app.store().session(owner, id).await?.ok_or_else(Problem::no_such_chat)?;
    let stored = all(app, owner, id).await?;
    let chosen = chosen_of(&stored);
    let mut messages = ui::messages(&stored);
    for message in messages.iter_mut().filter(|message| message.role == Role::Assistant) {
        let chosen = message.run.and_then(|run| chosen.get(&run)).map(String::as_str);
        if let Some(model) = models::answered_by(app, chosen, message.origin.as_ref()) {
            message.set_metadata(models::MODEL, model);
        }
    }
    let calls = app.store().executions(owner, id, MOST_CALLS).await?;
    for execution in calls.into_iter().filter(|execution| execution.approval.is_some()) {
        messages.iter_mut().for_each(|message| message.tell_of(&execution));
    }
    Ok(Conversation { chat: session.into(), messages })
}

/// The model that was chosen for each run, as the messages that the runs answer say it.
fn chosen_of(stored: &[StoredMessage]) -> HashMap<RunId, String> {
    let asked = stored.iter().map(|stored| &stored.message).filter(|message| message.role == Role::User);
    asked.filter_map(|message| Some((message.run?, models::noted(message.metadata.as_ref())?))).collect()
}

/// The metadata that says who writes the answer of a run. It is the same before the answer and after it.
pub(super) async fn model_of_run(app: &App, record: &RunRecord) -> Result<Option<Json>> {
    let stored = all(app, &record.owner, &record.session).await?;
    let chosen = chosen_of(&stored).remove(&record.id);
    Ok(models::answered_by(app, chosen.as_deref(), None))
}

/// All messages of a chat, in order.
pub(super) async fn all(app: &App, owner: &OwnerId, id: &SessionId) -> Result<Vec<StoredMessage>> {
    let mut stored: Vec<StoredMessage> = Vec::new();
    loop {
        let after = stored.last().map_or(0, |last| last.seq);
        let page = app.store().messages(owner, id, after, BATCH).await?;
        let is_full = page.len() == BATCH;
        stored.extend(page);
        if !is_full {
            return Ok(stored);
        }
    }
}

/// Gives a chat the title that its owner wants.
pub(super) async fn rename(app: &App, owner: &OwnerId, id: &SessionId, title: &str) -> Result<ChatView> {
    let title = title.trim();
    if !(1..=LONGEST_TITLE).contains(&title.chars().count()) || title.chars().any(char::is_control) {
        let complaint = format!("must be one line of 1 to {LONGEST_TITLE} characters");
        return Err(Problem::field(Surface::Api, "title", complaint));
    }
    let renamed = app.store().update_session(owner, id, SessionPatch::title(title)).await?;
    renamed.map(ChatView::from).ok_or_else(Problem::no_such_chat)
}

/// Stops what is being written in a chat, whichever process writes it, and waits until it is stored. Answers whether anything was.
pub(super) async fn stop(app: &App, owner: &OwnerId, id: &SessionId) -> Result<bool> {
    let Some(record) = app.store().live_run(owner, id).await? else { return Ok(false) };
    match app.runtime().stop(owner, record.id).await {
        Ok(()) => {}
        // It ended by itself meanwhile.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    if app.runs().stop(record.id).await {
        return Ok(true);
    }
    let over = async {
        while app.store().run(owner, record.id).await?.is_some_and(|record| record.status.is_live()) {
            tokio::time::sleep(GLANCE).await;
        }
        Ok::<(), Problem>(())
    };
    tokio::time::timeout(SETTLING, over).await.unwrap_or_else(|_| {
        tracing::warn!(run = %record.id, "an answer that another process writes takes long to stop");
        Ok(())
    })?;
    Ok(true)
}

/// Deletes a chat. An answer that is being written in it is stopped first.
pub(super) async fn delete(app: &App, owner: &OwnerId, id: &SessionId) -> Result<ChatView> {
    stop(app, owner, id).await?;
    let deleted = app.store().delete_session(owner, id).await?;
    deleted.map(ChatView::from).ok_or_else(Problem::no_such_chat)
}
