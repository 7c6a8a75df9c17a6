//! The history as a model sees it: messages that never change, each with a cache of the JSON that a wire makes of it. A turn
//! therefore costs the new message, not the whole history again.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;

use crate::Message;

/// The name of a wire format, such as `openai-chat`, together with whatever changes its encoding of a message.
pub type WireKey = &'static str;

/// Remembers what a value looks like on each wire that has been used with it.
#[derive(Default)]
pub struct Encoded(Mutex<Vec<(WireKey, Bytes)>>);

impl Encoded {
    /// The bytes for `wire`, made by `encode` the first time they are asked for.
    pub fn get_or_encode(&self, wire: WireKey, encode: impl FnOnce() -> Bytes) -> Bytes {
        let mut wires = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, bytes)) = wires.iter().find(|(known, _)| *known == wire) {
            return bytes.clone();
        }
        let bytes = encode();
        wires.push((wire, bytes.clone()));
        bytes
    }
}

impl fmt::Debug for Encoded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Encoded")
    }
}

/// A message of a [`Transcript`].
#[derive(Debug)]
pub struct Entry {
    message: Message,
    encoded: Encoded,
}

impl Entry {
    /// An entry of `message`.
    pub fn new(message: Message) -> Self {
        Self { message, encoded: Encoded::default() }
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// Its encodings.
    pub fn encoded(&self) -> &Encoded {
        &self.encoded
    }
}

/// A history that only grows. Cloning it copies pointers.
///
/// ```
/// use scorpio_core::{Message, model::Transcript};
/// let mut transcript = Transcript::new();
/// transcript.push(Message::user("Hello."));
/// assert_eq!(transcript.messages().count(), 1);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Transcript(Vec<Arc<Entry>>);

impl Transcript {
    /// An empty history.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a message.
    pub fn push(&mut self, message: Message) {
        self.push_entry(Arc::new(Entry::new(message)));
    }

    /// Appends a message that is shared with somebody else.
    pub fn push_entry(&mut self, entry: Arc<Entry>) {
        self.0.push(entry);
    }

    /// The entries, oldest first.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.0
    }

    /// The messages, oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Message> {
        self.0.iter().map(|entry| entry.message())
    }
}

impl FromIterator<Message> for Transcript {
    fn from_iter<I: IntoIterator<Item = Message>>(messages: I) -> Self {
        Self(messages.into_iter().map(|message| Arc::new(Entry::new(message))).collect())
    }
}
