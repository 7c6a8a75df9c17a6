//! A text that is taken apart while it streams.

use std::{mem, sync::Arc};

use scorpio_core::{Part, Provenance, ReasoningPart, TextPart, model::PartKind};

use super::Tags;
use crate::wrappers::rewrite::{Output, begins_at_end};

/// The most bytes of white space that are held back at the beginning.
const LEADING: usize = 256;

/// Where in the text the stream is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before anything but white space.
    Beginning,
    /// The same, where what comes is thinking with an opening tag or without.
    Inside,
    Thinking,
    /// After thinking, before anything but white space.
    After,
    Text,
}

pub(super) struct Text {
    tags: Arc<Tags>,
    place: Place,
    /// What may become a tag.
    held: String,
    /// The part of ours that is open, and what it holds.
    open: Option<(u32, PartKind, String)>,
    /// The text was more than text.
    cut: bool,
    /// A delta has come.
    streamed: bool,
}

impl Text {
    pub(super) fn new(tags: Arc<Tags>, starts_inside: bool) -> Self {
        let place = if starts_inside { Place::Inside } else { Place::Beginning };
        Self { tags, place, held: String::new(), open: None, cut: starts_inside, streamed: false }
    }

    /// Takes more of it.
    pub(super) fn push(&mut self, delta: Arc<str>, out: &mut Output) {
        self.streamed = true;
        if self.place == Place::Text && !self.tags.anywhere {
            return self.emit(PartKind::Text, delta, out);
        }
        self.held.push_str(&delta);
        while self.step(out) {}
    }

    /// The text is whole.
    pub(super) fn end(mut self, part: TextPart, out: &mut Output) {
        if !self.streamed {
            self.push(part.text.as_str().into(), out);
        }
        self.give_out(out);
        if self.cut {
            return self.close(out);
        }
        let index = match self.open {
            Some((index, ..)) => index,
            None => out.open(PartKind::Text),
        };
        out.close(index, Part::Text(part));
    }

    /// What is held back becomes no tag any more.
    pub(super) fn give_out(&mut self, out: &mut Output) {
        let held = mem::take(&mut self.held);
        match self.place {
            Place::Thinking | Place::Inside => self.think(&held, out),
            Place::After => self.emit(PartKind::Text, held.trim_start(), out),
            Place::Beginning | Place::Text => self.emit(PartKind::Text, held, out),
        }
    }

    /// Decides what can be decided about what is held. Whether there may be more to decide.
    fn step(&mut self, out: &mut Output) -> bool {
        let tags = Arc::clone(&self.tags);
        match self.place {
            Place::Beginning | Place::Inside | Place::After => self.begin(&tags.open),
            Place::Thinking => match self.held.split_once(&tags.close) {
                Some((thinking, rest)) => {
                    let (thinking, rest) = (thinking.to_owned(), rest.to_owned());
                    self.think(&thinking, out);
                    self.close(out);
                    self.go_on(Place::After, rest)
                }
                None => {
                    let thinking = self.split_off_tag(&tags.close);
                    self.think(&thinking, out);
                    false
                }
            },
            Place::Text if !tags.anywhere => {
                let text = mem::take(&mut self.held);
                self.emit(PartKind::Text, text, out);
                false
            }
            Place::Text => match self.held.split_once(&tags.open) {
                Some((text, rest)) => {
                    let (text, rest) = (text.to_owned(), rest.to_owned());
                    self.emit(PartKind::Text, text, out);
                    self.close(out);
                    self.cut = true;
                    self.go_on(Place::Thinking, rest)
                }
                None => {
                    let text = self.split_off_tag(&tags.open);
                    self.emit(PartKind::Text, text, out);
                    false
                }
            },
        }
    }

    /// Decides whether it begins with an opening tag.
    fn begin(&mut self, tag: &str) -> bool {
        let begun = self.held.trim_start();
        let white = self.held.len() - begun.len();
        let drops_white = self.place != Place::Beginning;
        if !drops_white && white > LEADING {
            self.place = Place::Text;
            return true;
        }
        if let Some(rest) = begun.strip_prefix(tag) {
            let rest = rest.to_owned();
            self.cut = true;
            return self.go_on(Place::Thinking, rest);
        }
        if tag.starts_with(begun) {
            if drops_white {
                self.held.drain(..white);
            }
            return false;
        }
        let place = if self.place == Place::Inside { Place::Thinking } else { Place::Text };
        let rest = if drops_white { begun.to_owned() } else { mem::take(&mut self.held) };
        self.go_on(place, rest)
    }

    fn go_on(&mut self, place: Place, rest: String) -> bool {
        self.place = place;
        self.held = rest;
        !self.held.is_empty()
    }

    /// What is held, but for what may become `tag`.
    fn split_off_tag(&mut self, tag: &str) -> String {
        let at = self.held.len() - begins_at_end(&self.held, tag);
        let tail = self.held.split_off(at);
        mem::replace(&mut self.held, tail)
    }

    fn think(&mut self, text: &str, out: &mut Output) {
        let text = if self.open.is_none() { text.trim_start() } else { text };
        self.emit(PartKind::Reasoning, text, out);
    }

    fn emit(&mut self, kind: PartKind, text: impl AsRef<str> + Into<Arc<str>>, out: &mut Output) {
        if text.as_ref().is_empty() {
            return;
        }
        let (index, _, whole) =
            self.open.get_or_insert_with(|| (out.open(kind.clone()), kind, String::new()));
        whole.push_str(text.as_ref());
        out.delta(*index, text);
    }

    fn close(&mut self, out: &mut Output) {
        let Some((index, kind, whole)) = self.open.take() else { return };
        out.close(
            index,
            match kind {
                PartKind::Reasoning => Part::Reasoning(ReasoningPart::new(whole)),
                _ => Part::text(whole, Provenance::Model),
            },
        );
    }
}
