//! The history as a model sees it: messages that never change, each with a cache of the JSON that a wire makes of it. A turn
//! therefore costs the new message, not the whole history again.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use crate::Message;

/// The name of a wire format, such as `openai-chat`, together with whatever changes its encoding of a message.
pub type WireKey = &'static str;

/// Remembers what a value looks like on each wire that has been used with it.
#[derive(Default)]
pub struct Encoded {
    first: OnceLock<(WireKey, Bytes)>,
    others: OnceLock<Box<Self>>,
}

impl Encoded {
    /// The bytes for `wire`, if they were made.
    pub fn get(&self, wire: WireKey) -> Option<&Bytes> {
        let mut place = self;
        loop {
            let (known, bytes) = place.first.get()?;
            if *known == wire {
                return Some(bytes);
            }
            place = place.others.get()?;
        }
    }

    /// The bytes for `wire`, made by `encode` the first time they are asked for.
    pub fn get_or_encode(&self, wire: WireKey, encode: impl FnOnce() -> Bytes) -> &Bytes {
        let mut encode = Some(encode);
        let mut place = self;
        loop {
            let encode = || (wire, encode.take().map_or_else(Bytes::new, |encode| encode()));
            let (known, bytes) = place.first.get_or_init(encode);
            if *known == wire {
                return bytes;
            }
            place = place.others.get_or_init(Box::default);
        }
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

/// A history that only grows. Cloning it copies a pointer; what is appended while there are clones copies one for each message.
///
/// ```
/// use scorpio_core::{Message, model::Transcript};
/// let mut transcript = Transcript::new();
/// transcript.push(Message::user("Hello."));
/// assert_eq!(transcript.messages().count(), 1);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Transcript(Arc<Vec<Arc<Entry>>>);

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
        Arc::make_mut(&mut self.0).push(entry);
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
        Self(Arc::new(messages.into_iter().map(|message| Arc::new(Entry::new(message))).collect()))
    }
}
