//! What chats are called: at once the first words of the first message, and soon what a model makes of them.

use std::time::Duration;

use scorpio_core::{
    Message, OwnerId,
    model::{self, CallContext, ModelError, ModelRequest, Transcript},
    store::{Session, SessionPatch},
};
use scorpio_providers::ConfiguredModel;

use crate::App;

/// The most characters of a title.
pub(super) const LONGEST_TITLE: usize = 80;
/// How long a model may take to think of one.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most characters of the message that the model is shown.
const SHOWN: usize = 2_000;
const UNTITLED: &str = "New chat";
const INSTRUCTIONS: &str = "Write a title for a conversation that begins with the message you are given. Use the language of the \
    message, at most six words, no quotes, no colon and no full stop. Answer with the title alone. Do not answer the message.";

/// The first words of a message, as a title.
pub(super) fn first_words(message: &Message) -> String {
    tidy(&message.text()).unwrap_or_else(|| UNTITLED.to_owned())
}

/// One line of at most [`LONGEST_TITLE`] characters, without quotes around it. `None` when nothing is left.
fn tidy(text: &str) -> Option<String> {
    let is_decoration = |character: char| "\"'`*#“”„«»".contains(character) || character.is_whitespace();
    let printable = text.replace(char::is_control, " ");
    let line = printable.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_matches(is_decoration);
    let fits = line.char_indices().nth(LONGEST_TITLE).is_none();
    let title = if fits { line.to_owned() } else { shorten(line) };
    (!title.is_empty()).then_some(title)
}

/// Cuts between words if there is a place for it, and shows that something is missing.
fn shorten(line: &str) -> String {
    let head: String = line.chars().take(LONGEST_TITLE - 1).collect();
    let cut = head.rsplit_once(' ').map_or(head.as_str(), |(words, _)| words);
    let kept = if cut.chars().count() * 2 > LONGEST_TITLE { cut } else { head.as_str() };
    format!("{}…", kept.trim_end())
}

/// Asks a model for a better title, without keeping anybody waiting. A title that the user gave meanwhile stays.
pub(super) fn generate(app: &App, owner: OwnerId, session: &Session, first: &Message) {
    let Some(model) = app.title_model().cloned() else { return };
    let (shared, id, present) = (app.clone(), session.id.clone(), session.title.clone());
    let text: String = first.text().chars().take(SHOWN).collect();
    if text.is_empty() {
        return;
    }
    app.runs().beside(async move {
        let title = match tokio::time::timeout(PATIENCE, ask(&model, text)).await {
            Ok(Ok(title)) => title,
            Ok(Err(error)) => return tracing::warn!(%error, "a chat keeps its first words as a title"),
            Err(_) => {
                return tracing::warn!("a chat keeps its first words as a title: the model takes too long");
            }
        };
        let Some(title) = tidy(&title) else { return };
        let patch = SessionPatch::title(title).if_title(present);
        if let Err(error) = shared.store().update_session(&owner, &id, patch).await {
            tracing::warn!(?error, "a title could not be stored");
        }
    });
}

async fn ask(title: &ConfiguredModel, text: String) -> Result<String, ModelError> {
    let transcript = Transcript::from_iter([Message::user(text)]);
    let model = title.model();
    let request = ModelRequest::new(model.name().clone(), transcript)
        .with_parameters(title.parameters())
        .with_instructions(INSTRUCTIONS);
    let answer = model::complete(model.provider().as_ref(), request, &CallContext::new()).await?;
    Ok(answer.text())
}

#[cfg(test)]
mod tests;
