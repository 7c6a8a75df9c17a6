//! What a client posts.

use serde::Deserialize;

use crate::{MediaPart, MediaSource, Message, MessageId, Part, Provenance, Role};

/// A message of a user, as the AI SDK posts it: text, and files as `data:` addresses. Fields that are not listed here are ignored.
///
/// ```
/// use scorpio_core::{Message, ui::ClientMessage};
/// let posted: ClientMessage = serde_json::from_str(
///     r#"{"id": "m1", "role": "user", "parts": [{"type": "text", "text": "Hello."}]}"#,
/// ).unwrap();
/// assert_eq!(Message::try_from(posted).unwrap().text(), "Hello.");
/// ```
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct ClientMessage {
    /// The id, which the client chooses.
    pub id: MessageId,
    /// Who speaks.
    pub role: String,
    /// What it is made of.
    pub parts: Vec<ClientPart>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[allow(missing_docs)]
#[doc(hidden)]
pub enum ClientPart {
    Text {
        text: String,
    },
    File {
        media_type: String,
        url: String,
        filename: Option<String>,
    },
    #[serde(untagged)]
    Other(serde::de::IgnoredAny),
}

/// What is wrong with a message, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` {problem}")]
#[non_exhaustive]
pub struct InvalidMessage {
    /// The field, such as `parts[0].text`.
    pub path: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

fn invalid(path: impl Into<String>, problem: &'static str) -> InvalidMessage {
    InvalidMessage { path: path.into(), problem }
}

impl TryFrom<ClientMessage> for Message {
    type Error = InvalidMessage;

    fn try_from(posted: ClientMessage) -> Result<Self, InvalidMessage> {
        if posted.role != "user" {
            return Err(invalid("role", "must be `user`"));
        }
        let parts = posted.parts.into_iter().enumerate().map(|(index, part)| take(index, part));
        let parts = parts.collect::<Result<Vec<Part>, _>>()?;
        if parts.is_empty() {
            return Err(invalid("parts", "must not be empty"));
        }
        Ok(Message::new(Role::User, parts).with_id(posted.id))
    }
}

fn take(index: usize, part: ClientPart) -> Result<Part, InvalidMessage> {
    match part {
        ClientPart::Text { text } if text.trim().is_empty() => {
            Err(invalid(format!("parts[{index}].text"), "must not be empty"))
        }
        ClientPart::Text { text } => Ok(Part::text(text, Provenance::User)),
        ClientPart::File { media_type, url, filename } => {
            let problem = "must be a `data:` address in base64, of the part's media type";
            let data = inline_data(&url, &media_type)
                .ok_or_else(|| invalid(format!("parts[{index}].url"), problem))?;
            let mut media = MediaPart::new(media_type, MediaSource::Base64(data.to_owned()));
            media.filename = filename;
            Ok(Part::Media(media))
        }
        ClientPart::Other(_) => Err(invalid(format!("parts[{index}].type"), "must be `text` or `file`")),
    }
}

/// The base64 text in a `data:` address. Other addresses are refused: the provider would fetch whatever they name.
fn inline_data<'a>(url: &'a str, media_type: &str) -> Option<&'a str> {
    let data = url.strip_prefix("data:")?.strip_prefix(media_type)?.strip_prefix(";base64,")?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte);
    (!data.is_empty() && data.bytes().all(is_base64)).then_some(data)
}
