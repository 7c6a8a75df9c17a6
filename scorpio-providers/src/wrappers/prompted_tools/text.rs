//! A text with calls in it, which is taken apart while it streams.

use std::{mem, sync::Arc};

use scorpio_core::{Part, Provenance, TextPart, ToolCallPart, model::PartKind};

use super::{
    CALL, RESULT,
    call::{self, Scanner},
};
use crate::wrappers::rewrite::{Output, begins_at_end};

/// The most bytes of a call. What is longer is text.
const LARGEST_CALL: usize = 1 << 20;

/// Where in the text the stream is.
#[derive(Default)]
enum Place {
    #[default]
    Text,
    /// After a call, before anything but white space.
    AfterCall,
    /// In a call, which the scanner looks for the end of.
    Call(Scanner),
    /// In a result that the model made up, and whatever it makes of it.
    MadeUp,
}

#[derive(Default)]
pub(super) struct Text {
    place: Place,
    /// What may become a tag, or the call so far.
    held: String,
    /// The part of ours that is open, and its text.
    open: Option<(u32, String)>,
    /// The text was more than text.
    cut: bool,
    called: bool,
    /// A delta has come.
    streamed: bool,
}

impl Text {
    /// Takes more of it.
    pub(super) fn push(&mut self, delta: Arc<str>, out: &mut Output) {
        self.streamed = true;
        let is_plain = matches!(self.place, Place::Text) && self.held.is_empty() && !delta.contains('<');
        if is_plain {
            return self.emit(delta, out);
        }
        self.held.push_str(&delta);
        while self.step(out) {}
    }

    /// The text is whole. Whether it called a tool.
    pub(super) fn end(mut self, part: TextPart, out: &mut Output) -> bool {
        if !self.streamed {
            self.push(part.text.as_str().into(), out);
        }
        while let Place::Call(_) = self.place
            && self.end_call(out)
        {}
        self.give_out(out);
        if self.cut {
            self.close(out);
        } else {
            let index = self.open.map_or_else(|| out.open(PartKind::Text), |(index, _)| index);
            out.close(index, Part::Text(part));
        }
        self.called
    }

    /// Makes of a call that has not ended what can be made of it. Whether something could.
    fn end_call(&mut self, out: &mut Output) -> bool {
        // Models forget to close the last tag. JSON that is whole was meant as a call.
        if let Some(call) = call::strict(&self.held) {
            self.held.clear();
            self.place = Place::AfterCall;
            self.call(call, out);
            return true;
        }
        // A quotation mark too many has hidden the closing tag.
        let Some(end) = self.held.find(CALL[1]) else { return false };
        self.end_at(end, out);
        while self.step(out) {}
        true
    }

    /// The call ends here, before its closing tag.
    fn end_at(&mut self, end: usize, out: &mut Output) {
        let rest = self.held.split_off(end + CALL[1].len());
        let body = mem::replace(&mut self.held, rest);
        self.called_with(body.get(..end).unwrap_or_default(), out);
    }

    /// What is held back becomes no tag and no call any more.
    pub(super) fn give_out(&mut self, out: &mut Output) {
        let held = mem::take(&mut self.held);
        match self.place {
            Place::Text => self.emit(held, out),
            Place::AfterCall => self.emit(held.trim_start(), out),
            Place::Call(_) => self.emit(format!("{}{held}", CALL[0]), out),
            Place::MadeUp => {}
        }
    }

    /// Decides what can be decided about what is held. Whether there may be more to decide.
    fn step(&mut self, out: &mut Output) -> bool {
        match &mut self.place {
            Place::MadeUp => {
                self.held.clear();
                false
            }
            Place::Call(scanner) => match scanner.end(&self.held) {
                Some(end) => {
                    self.end_at(end, out);
                    !self.held.is_empty()
                }
                None if self.held.len() > LARGEST_CALL => {
                    self.give_out(out);
                    self.place = Place::Text;
                    false
                }
                None => false,
            },
            Place::AfterCall => {
                let text = self.held.trim_start();
                if text.is_empty() {
                    self.held.clear();
                    return false;
                }
                // A tag may follow, so what was white before it stays away.
                if CALL[0].starts_with(text) || RESULT[0].starts_with(text) {
                    self.held = text.to_owned();
                    return false;
                }
                self.held = text.to_owned();
                self.place = Place::Text;
                true
            }
            Place::Text => self.text(out),
        }
    }

    /// Looks for the next tag.
    fn text(&mut self, out: &mut Output) -> bool {
        let call = self.held.find(CALL[0]);
        // Before it has called anything, a model may speak of results as it likes.
        let result = if self.called { self.held.find(RESULT[0]) } else { None };
        let (at, tag, place) = match (call, result) {
            (Some(call), Some(result)) if result < call => (result, RESULT[0], Place::MadeUp),
            (Some(call), _) => (call, CALL[0], Place::Call(Scanner::default())),
            (None, Some(result)) => (result, RESULT[0], Place::MadeUp),
            (None, None) => {
                let of_result = if self.called { begins_at_end(&self.held, RESULT[0]) } else { 0 };
                let keep = begins_at_end(&self.held, CALL[0]).max(of_result);
                let tail = self.held.split_off(self.held.len() - keep);
                let text = mem::replace(&mut self.held, tail);
                self.emit(text, out);
                return false;
            }
        };
        let rest = self.held.split_off(at + tag.len());
        let mut text = mem::replace(&mut self.held, rest);
        text.truncate(at);
        self.emit(text, out);
        self.place = place;
        self.cut |= tag == RESULT[0];
        !self.held.is_empty()
    }

    /// A call has been closed.
    fn called_with(&mut self, body: &str, out: &mut Output) {
        if let Some(call) = call::strict(body).or_else(|| call::mended(body)) {
            self.call(call, out);
            self.place = Place::AfterCall;
        } else {
            tracing::warn!("what a model wrote as a tool call names no tool; it stays text");
            self.emit(format!("{}{body}{}", CALL[0], CALL[1]), out);
            self.place = Place::Text;
        }
    }

    fn call(&mut self, call: ToolCallPart, out: &mut Output) {
        self.close(out);
        (self.called, self.cut) = (true, true);
        let index = out.open(PartKind::ToolCall { call_id: call.call_id.clone(), name: call.name.clone() });
        out.delta(index, Arc::clone(&call.arguments));
        out.close(index, Part::ToolCall(call));
    }

    fn emit(&mut self, text: impl AsRef<str> + Into<Arc<str>>, out: &mut Output) {
        if text.as_ref().is_empty() {
            return;
        }
        let (index, whole) = self.open.get_or_insert_with(|| (out.open(PartKind::Text), String::new()));
        whole.push_str(text.as_ref());
        out.delta(*index, text);
    }

    fn close(&mut self, out: &mut Output) {
        if let Some((index, whole)) = self.open.take() {
            out.close(index, Part::text(whole, Provenance::Model));
        }
    }
}
