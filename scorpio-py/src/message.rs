//! Messages, which cross the seam as JSON text.

use pyo3::prelude::*;
use scorpio_core::{Json, Message, MessageId, Part, Role, store::StoredMessage};
use serde::Deserialize;

use crate::{error, json};

/// A message of the user, as `_messages.to_engine` writes it.
#[derive(Deserialize)]
struct Written {
    parts: Vec<Part>,
    id: Option<MessageId>,
    metadata: Option<Json>,
}

/// Reads a message of the user.
pub(crate) fn read(text: &str) -> PyResult<Message> {
    let written: Written = serde_json::from_str(text).map_err(error::invalid)?;
    let mut message = Message::new(Role::User, written.parts);
    if let Some(id) = written.id {
        message = message.with_id(id);
    }
    message.metadata = written.metadata;
    Ok(message)
}

/// Messages as the package's own `Message`s.
pub(crate) fn write<'a>(
    py: Python<'_>,
    messages: impl IntoIterator<Item = &'a Message>,
) -> PyResult<Py<PyAny>> {
    let text = serde_json::to_string(&messages.into_iter().collect::<Vec<_>>()).map_err(error::invalid)?;
    json::read_by(py, "scorpio._messages", "from_engine", text).map(Bound::unbind)
}

/// Messages of a session, which know their places, as the package's own `Message`s.
pub(crate) fn write_stored(py: Python<'_>, messages: &[StoredMessage]) -> PyResult<Py<PyAny>> {
    let text = serde_json::to_string(messages).map_err(error::invalid)?;
    json::read_by(py, "scorpio._messages", "stored_from_engine", text).map(Bound::unbind)
}
