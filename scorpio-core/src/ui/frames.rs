//! Server-sent events, as text.

use std::fmt::Write;

use serde::Serialize;

/// Appends the frames of one event. The first of them carries the event's number as its `id`.
pub(super) struct Frames<'a> {
    out: &'a mut String,
    seq: Option<u64>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(out: &'a mut String, seq: u64) -> Self {
        Self { out, seq: Some(seq) }
    }

    pub(super) fn push(&mut self, chunk: &impl Serialize) {
        // Chunks are made of strings and JSON that is there already: they always have a JSON form.
        self.line(&serde_json::to_string(chunk).unwrap_or_else(|_| "{}".to_owned()));
    }

    /// The frame that ends the stream.
    pub(super) fn done(&mut self) {
        self.line("[DONE]");
    }

    fn line(&mut self, data: &str) {
        if let Some(seq) = self.seq.take() {
            // Writing to a string cannot fail.
            let _ = writeln!(self.out, "id: {seq}");
        }
        self.out.push_str("data: ");
        self.out.push_str(data);
        self.out.push_str("\n\n");
    }
}
