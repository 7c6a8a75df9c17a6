//! What a client posts to `/api/chat`, read and checked.

use axum::{body::Body, http::HeaderMap};
use scorpio_core::{
    Json, MediaPart, MediaSource, Message, MessageId, Part, SessionId, Surface, ui::ClientMessage,
};
use serde::Deserialize;

use crate::{
    extract::{self, read_json},
    problem::{Problem, Result},
};

/// The most bytes of a post: room for an image.
const BODY_LIMIT: usize = 6 * 1024 * 1024;
/// The most characters of all texts of a message.
const LONGEST_TEXT: usize = 100_000;
/// The most characters of a file's name.
const LONGEST_NAME: usize = 100;
/// The most parts of a message.
const MOST_PARTS: usize = 32;
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

/// A post to a chat.
#[derive(Debug)]
pub(super) struct ChatRequest {
    pub(super) chat: SessionId,
    pub(super) action: Action,
    /// The id of the model that is to answer, if one was chosen.
    pub(super) model: Option<String>,
}

/// What is asked for.
#[derive(Debug)]
pub(super) enum Action {
    /// Answer this message.
    Submit(Message),
    /// Go on with an answer that asks something.
    Decide {
        /// The answer.
        message: MessageId,
        /// What was decided.
        decisions: Vec<PostedDecision>,
    },
    /// Answer again.
    Regenerate {
        /// The message whose answer, or which answer, is to be written anew. The last one if there is none.
        message: Option<MessageId>,
        /// The user's message as the client has it: the user may have edited it.
        asked: Option<Message>,
    },
}

/// What somebody has decided, as the AI SDK posts it: in the part of the call. Whatever else the part says is not believed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct PostedDecision {
    pub(super) id: String,
    pub(super) approved: bool,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

/// The body of `DefaultChatTransport`, and the shorter form of it. The SDK adds fields of the program's own, so unknown ones are ignored.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Posted {
    id: SessionId,
    message: Option<Json>,
    messages: Option<Vec<Json>>,
    trigger: Option<Trigger>,
    message_id: Option<MessageId>,
    model: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Trigger {
    #[default]
    SubmitMessage,
    RegenerateMessage,
}

impl ChatRequest {
    pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Self> {
        let posted: Posted = read_json(headers, body, BODY_LIMIT).await?;
        if let Some(action) = posted.decisions()? {
            return Ok(Self { chat: posted.id, action, model: posted.model });
        }
        let asked = posted.last_user_message()?;
        let asked = asked.map(|(path, json)| message(&path, json)).transpose()?;
        let action = match (posted.trigger.unwrap_or_default(), asked) {
            (Trigger::RegenerateMessage, asked) => Action::Regenerate { message: posted.message_id, asked },
            (Trigger::SubmitMessage, Some(message)) => Action::Submit(message),
            (Trigger::SubmitMessage, None) => {
                return Err(Problem::field(Surface::Api, "message", "there is no message of the user"));
            }
        };
        Ok(Self { chat: posted.id, action, model: posted.model })
    }
}

impl Posted {
    /// The decisions in the last message, if it is an answer that has some.
    fn decisions(&self) -> Result<Option<Action>> {
        #[derive(Deserialize)]
        struct Answer {
            id: MessageId,
            role: String,
            #[serde(default)]
            parts: Vec<Part>,
        }
        #[derive(Deserialize)]
        struct Part {
            #[serde(default)]
            state: serde_json::Value,
            #[serde(default)]
            approval: Option<Json>,
        }
        let messages = self.messages.as_deref().unwrap_or_default();
        let (path, last) = match (&self.message, messages.last()) {
            _ if self.trigger.unwrap_or_default() != Trigger::SubmitMessage => return Ok(None),
            (Some(message), _) => ("message".to_owned(), message),
            (None, Some(last)) => (format!("messages[{}]", messages.len().saturating_sub(1)), last),
            (None, None) => return Ok(None),
        };
        // What is no answer at all is complained about where it is read as a question.
        let Ok(answer) = extract::parse_at::<Answer>(&path, last.get()) else { return Ok(None) };
        if answer.role != "assistant" {
            return Ok(None);
        }
        let decided = (0..).zip(&answer.parts).filter(|(_, part)| part.state == "approval-responded");
        let decisions = decided
            .map(|(index, part)| {
                let path = format!("{path}.parts[{index}].approval");
                let approval = part.approval.as_ref();
                extract::parse_at(&path, approval.map_or("null", |approval| approval.get()))
            })
            .collect::<Result<Vec<PostedDecision>>>()?;
        Ok((!decisions.is_empty()).then_some(Action::Decide { message: answer.id, decisions }))
    }

    /// The last message of the user, and where it stands.
    fn last_user_message(&self) -> Result<Option<(String, &Json)>> {
        #[derive(Deserialize)]
        struct Speaker {
            role: String,
        }
        if let Some(message) = &self.message {
            return Ok(Some(("message".to_owned(), message)));
        }
        for (index, json) in self.messages.as_deref().unwrap_or_default().iter().enumerate().rev() {
            let path = format!("messages[{index}]");
            let speaker: Speaker = extract::parse_at(&path, json.get())?;
            if speaker.role == "user" {
                return Ok(Some((path, json)));
            }
        }
        Ok(None)
    }
}

/// Reads a message of the user.
pub(super) fn message(path: &str, json: &Json) -> Result<Message> {
    let posted: ClientMessage = extract::parse_at(path, json.get())?;
    let message = Message::try_from(posted).map_err(|invalid| {
        Problem::field(Surface::Api, format!("{path}.{}", invalid.path), invalid.problem)
    })?;
    let parts = format!("{path}.parts");
    if message.parts.len() > MOST_PARTS {
        return Err(Problem::field(Surface::Api, parts, format!("must not be more than {MOST_PARTS}")));
    }
    if message.text().chars().count() > LONGEST_TEXT {
        let complaint = format!("must not have more than {LONGEST_TEXT} characters of text");
        return Err(Problem::field(Surface::Api, parts, complaint));
    }
    for (index, part) in message.parts.iter().enumerate() {
        if let Part::Media(media) = part {
            check_image(&format!("{parts}[{index}]"), media)?;
        }
    }
    Ok(message)
}

fn check_image(path: &str, media: &MediaPart) -> Result<()> {
    if !IMAGES.contains(&media.media_type.as_str()) {
        let complaint = format!("must be one of {}", IMAGES.join(", "));
        return Err(Problem::field(Surface::Api, format!("{path}.mediaType"), complaint));
    }
    if !matches!(media.source, MediaSource::Base64(_)) {
        return Err(Problem::field(Surface::Api, format!("{path}.url"), "must be a `data:` address"));
    }
    let name = media.filename.as_deref().unwrap_or("image");
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        let complaint = format!("must have 1 to {LONGEST_NAME} characters");
        return Err(Problem::field(Surface::Api, format!("{path}.filename"), complaint));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
