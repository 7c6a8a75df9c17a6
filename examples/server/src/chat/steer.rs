//! A message that joins an answer which is being written.

use scorpio_core::{ErrorKind, Json, SessionId, Surface};
use serde::Deserialize;

use super::request;
use crate::{
    App,
    auth::{Allowance, SignedIn},
    problem::{Problem, Result},
};

/// What the model is to be told at its next turn.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Steering {
    message: Json,
}

/// Adds a message to what is being written in a chat, whichever process writes it. It counts as any other message.
pub(super) async fn steer(
    app: &App,
    signed_in: &SignedIn,
    chat: &SessionId,
    posted: &Steering,
) -> Result<()> {
    let message = request::message("message", &posted.message)?;
    let owner = signed_in.owner();
    let session = app.store().session(&owner, chat).await?.ok_or_else(Problem::no_such_chat)?;
    let record = app.store().live_run(&owner, chat).await?.ok_or_else(nothing_is_written)?;
    let key = format!("{chat} {} {}", session.created_at, message.id);
    Allowance::of(app, &signed_in.user).spend(key).await?;
    app.runtime().steer(&owner, record.id, message).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => nothing_is_written(),
        _ => error.into(),
    })
}

fn nothing_is_written() -> Problem {
    let detail = "No answer is being written in this chat. Send it as a message of its own.";
    Problem::new(ErrorKind::Conflict, Surface::Chat, detail)
}
