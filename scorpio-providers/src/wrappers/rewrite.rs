//! Streams whose parts are cut anew: a part of the provider becomes several, or one of another kind.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::Stream;
use scorpio_core::{
    Part,
    model::{ModelError, ModelEvent, ModelStream, PartKind},
};

/// Makes other events of those of a provider.
pub(super) trait Rewrite: Send + Unpin {
    /// Takes the next event.
    fn event(&mut self, event: ModelEvent, out: &mut Output);

    /// The stream has broken off. What is held back is to be given out, and parts stay open.
    fn broken(&mut self, out: &mut Output);
}

/// The events that come of it. Parts are numbered anew, in the order they begin.
#[derive(Default)]
pub(super) struct Output {
    events: VecDeque<ModelEvent>,
    parts: u32,
    /// The numbers of open parts that are handed on: the provider's, and ours.
    renumbered: Vec<(u32, u32)>,
}

impl Output {
    /// Begins a part.
    pub(super) fn open(&mut self, kind: PartKind) -> u32 {
        let index = self.parts;
        self.parts += 1;
        self.events.push_back(ModelEvent::PartStart { index, kind });
        index
    }

    /// Adds to a part.
    pub(super) fn delta(&mut self, index: u32, text: impl Into<Arc<str>>) {
        self.events.push_back(ModelEvent::Delta { index, text: text.into() });
    }

    /// Ends a part.
    pub(super) fn close(&mut self, index: u32, part: Part) {
        self.events.push_back(ModelEvent::PartEnd { index, part: Box::new(part) });
    }

    /// Hands an event on, with its part under its new number.
    pub(super) fn pass(&mut self, event: ModelEvent) {
        let event = match event {
            ModelEvent::PartStart { index, kind } => {
                self.renumbered.push((index, self.parts));
                self.open(kind);
                return;
            }
            ModelEvent::Delta { index, text } => ModelEvent::Delta { index: self.renumbered(index), text },
            ModelEvent::PartEnd { index, part } => {
                let ours = self.renumbered(index);
                self.renumbered.retain(|(known, _)| *known != index);
                ModelEvent::PartEnd { index: ours, part }
            }
            event => event,
        };
        self.events.push_back(event);
    }

    /// Our number of an open part. One that is not open gets a number that is not open either, for whoever reads to complain of.
    fn renumbered(&self, index: u32) -> u32 {
        let known = self.renumbered.iter().find(|(known, _)| *known == index);
        known.map_or(self.parts, |(_, ours)| *ours)
    }
}

/// A stream that is rewritten event by event.
pub(super) struct Rewritten<R> {
    inner: Option<ModelStream>,
    rewrite: R,
    out: Output,
    error: Option<ModelError>,
}

impl<R: Rewrite> Rewritten<R> {
    pub(super) fn new(inner: ModelStream, rewrite: R) -> Self {
        Self { inner: Some(inner), rewrite, out: Output::default(), error: None }
    }
}

impl<R: Rewrite> Stream for Rewritten<R> {
    type Item = Result<ModelEvent, ModelError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.out.events.pop_front() {
                return Poll::Ready(Some(Ok(event)));
            }
            let Some(inner) = &mut this.inner else { return Poll::Ready(this.error.take().map(Err)) };
            match ready!(inner.as_mut().poll_next(cx)) {
                Some(Ok(event)) => this.rewrite.event(event, &mut this.out),
                ended => {
                    this.error = ended.and_then(Result::err);
                    this.inner = None;
                    this.rewrite.broken(&mut this.out);
                }
            }
        }
    }
}

/// How many bytes at the end of `text` may be the beginning of `tag`.
pub(super) fn begins_at_end(text: &str, tag: &str) -> usize {
    let longest = tag.len().saturating_sub(1).min(text.len());
    (1..=longest)
        .rev()
        .find(|length| {
            let at = text.len() - length;
            text.get(at..).is_some_and(|end| tag.starts_with(end))
        })
        .unwrap_or(0)
}
