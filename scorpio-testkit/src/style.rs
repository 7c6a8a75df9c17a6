//! How a whole answer is written on the wire: things that are odd, and that every client must be able to read.

use serde::{Deserialize, Serialize};

/// How an answer is streamed. Whatever it is, the answer is whole and means the same.
///
/// ```
/// use scorpio_testkit::{Style, Turn};
///
/// let torn = Turn::text("Zürich 🦂").style(Style::new().split_bytes(1).crlf().pings(3));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    pub(crate) characters: usize,
    pub(crate) pings: usize,
    pub(crate) unknown_events: bool,
    pub(crate) crlf: bool,
    pub(crate) split_bytes: usize,
    pub(crate) pause_ms: u64,
    pub(crate) interleaved: bool,
    pub(crate) out_of_order: bool,
    pub(crate) empty_pieces: bool,
    pub(crate) without_ids: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            characters: 5,
            pings: 0,
            unknown_events: false,
            crlf: false,
            split_bytes: 0,
            pause_ms: 0,
            interleaved: false,
            out_of_order: false,
            empty_pieces: false,
            without_ids: false,
        }
    }
}

impl Style {
    /// As the vendor writes on a good day.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many characters a delta has; 0 puts everything into one. Gemini's arguments always come whole.
    #[must_use]
    pub fn characters(mut self, characters: usize) -> Self {
        self.characters = characters;
        self
    }

    /// As many pings before each event; comments where the wire has no ping.
    #[must_use]
    pub fn pings(mut self, pings: usize) -> Self {
        self.pings = pings;
        self
    }

    /// An event of an unknown type before each event.
    #[must_use]
    pub fn unknown_events(mut self) -> Self {
        self.unknown_events = true;
        self
    }

    /// Lines end with CR and LF.
    #[must_use]
    pub fn crlf(mut self) -> Self {
        self.crlf = true;
        self
    }

    /// The body arrives in pieces of so many bytes, in the middle of characters and frames. 1 is the hardest.
    #[must_use]
    pub fn split_bytes(mut self, bytes: usize) -> Self {
        self.split_bytes = bytes;
        self
    }

    /// A pause of so many milliseconds before each piece.
    #[must_use]
    pub fn pause_ms(mut self, milliseconds: u64) -> Self {
        self.pause_ms = milliseconds;
        self
    }

    /// The pieces of several parts arrive in turns.
    #[must_use]
    pub fn interleaved(mut self) -> Self {
        self.interleaved = true;
        self
    }

    /// Responses: the items of the output end in reverse order.
    #[must_use]
    pub fn out_of_order(mut self) -> Self {
        self.out_of_order = true;
        self
    }

    /// An empty delta before and after those of each part.
    #[must_use]
    pub fn empty_pieces(mut self) -> Self {
        self.empty_pieces = true;
        self
    }

    /// Gemini: calls have no id, as those of older models.
    #[must_use]
    pub fn without_ids(mut self) -> Self {
        self.without_ids = true;
        self
    }

    /// The deltas of a text.
    pub(crate) fn deltas(&self, text: &str) -> Vec<String> {
        let characters: Vec<char> = text.chars().collect();
        let size = if self.characters == 0 { characters.len().max(1) } else { self.characters };
        let mut deltas: Vec<String> = characters.chunks(size).map(|piece| piece.iter().collect()).collect();
        if self.empty_pieces {
            deltas.insert(0, String::new());
            deltas.push(String::new());
        }
        deltas
    }

    /// The events of several parts, one part after the other or in turns.
    pub(crate) fn merged<T>(&self, parts: Vec<Vec<T>>) -> Vec<T> {
        if !self.interleaved {
            return parts.into_iter().flatten().collect();
        }
        let mut parts: Vec<_> = parts.into_iter().map(Vec::into_iter).collect();
        let mut merged = Vec::new();
        loop {
            let before = merged.len();
            merged.extend(parts.iter_mut().filter_map(Iterator::next));
            if merged.len() == before {
                return merged;
            }
        }
    }
}
