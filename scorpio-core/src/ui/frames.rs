//! Server-sent events, as text.

use serde::Serialize;

/// Appends the frames of one event. The last of them carries the event's number as its `id`: a client that was cut off between two
/// frames has not seen the event yet, and is sent the whole of it when it comes back.
pub(super) struct Frames<'a> {
    out: &'a mut String,
    /// Where the last frame begins.
    last: Option<usize>,
}

impl<'a> Frames<'a> {
    pub(super) fn new(out: &'a mut String) -> Self {
        Self { out, last: None }
    }

    pub(super) fn push(&mut self, chunk: &impl Serialize) {
        // Chunks are made of strings and JSON that is there already: they always have a JSON form.
        self.line(&serde_json::to_string(chunk).unwrap_or_else(|_| "{}".to_owned()));
    }

    /// The frame that ends the stream.
    pub(super) fn done(&mut self) {
        self.line("[DONE]");
    }

    /// Numbers what was pushed, if anything was.
    pub(super) fn number(self, seq: u64) {
        if let Some(last) = self.last {
            self.out.insert_str(last, &format!("id: {seq}\n"));
        }
    }

    fn line(&mut self, data: &str) {
        self.last = Some(self.out.len());
        self.out.push_str("data: ");
        self.out.push_str(data);
        self.out.push_str("\n\n");
    }
}
