//! What a client posts.

use serde::Deserialize;
use serde_json::Value;

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

/// A part as it was posted. Its fields are read once its type is known, so that each complaint names its place.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
#[doc(hidden)]
pub struct ClientPart {
    #[serde(default)]
    r#type: Value,
    #[serde(default)]
    text: Value,
    #[serde(default)]
    media_type: Value,
    #[serde(default)]
    url: Value,
    #[serde(default)]
    filename: Value,
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
    let at = |field: &str| format!("parts[{index}].{field}");
    match part.r#type.as_str() {
        Some("text") => match part.text {
            Value::String(text) if text.trim().is_empty() => Err(invalid(at("text"), "must not be empty")),
            Value::String(text) => Ok(Part::text(text, Provenance::User)),
            _ => Err(invalid(at("text"), "must be a string")),
        },
        Some("file") => {
            let Value::String(media_type) = part.media_type else {
                return Err(invalid(at("mediaType"), "must be a string"));
            };
            let data = part.url.as_str().and_then(|url| inline_data(url, &media_type));
            let problem = "must be a `data:` address in base64, of the part's media type";
            let data = data.ok_or_else(|| invalid(at("url"), problem))?.to_owned();
            let mut media = MediaPart::new(media_type, MediaSource::Base64(data));
            media.filename = match part.filename {
                Value::Null => None,
                Value::String(name) => Some(name),
                _ => return Err(invalid(at("filename"), "must be a string")),
            };
            Ok(Part::Media(media))
        }
        _ => Err(invalid(at("type"), "must be `text` or `file`")),
    }
}

/// The base64 text in a `data:` address. Other addresses are refused: the provider would fetch whatever they name.
fn inline_data<'a>(url: &'a str, media_type: &str) -> Option<&'a str> {
    let data = url.strip_prefix("data:")?.strip_prefix(media_type)?.strip_prefix(";base64,")?;
    let digits = data.strip_suffix("==").or_else(|| data.strip_suffix('=')).unwrap_or(data);
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
    let is_whole = !digits.is_empty() && data.len().is_multiple_of(4);
    (is_whole && digits.bytes().all(is_digit)).then_some(data)
}
