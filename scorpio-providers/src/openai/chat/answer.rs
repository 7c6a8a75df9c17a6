//! Turns the chunks of an answer into events. It does no I/O: chunks go in, events come out, and the end of the stream tells
//! whether the answer is whole.

mod calls;

use std::{borrow::Cow, collections::VecDeque, mem, sync::Arc};

use scorpio_core::{
    Part, Provenance, ReasoningPart,
    model::{FinishReason, ModelError, ModelErrorKind, ModelEvent, PartKind},
};

use self::calls::Calls;
use super::{
    chunk::{Choice, Chunk, Delta},
    usage,
};
use crate::{
    failure,
    http::{Answer, Secrets},
    lenient::Text,
    sse::SseEvent,
};

/// An answer while it arrives.
#[derive(Debug)]
pub(crate) struct ChatAnswer {
    events: VecDeque<ModelEvent>,
    parts: u32,
    open: Option<OpenText>,
    calls: Calls,
    reason: Option<FinishReason>,
    refused: bool,
    secrets: Arc<Secrets>,
}

/// A part of text or reasoning that goes on. There is one at a time: what begins another ends it.
#[derive(Debug)]
struct OpenText {
    index: u32,
    kind: PartKind,
    text: String,
}

impl ChatAnswer {
    /// An answer of which nothing has arrived. Calls without an id are given one that `seed` makes unlike those of other answers.
    /// No error that is read out of it shows the secrets.
    pub(crate) fn new(seed: u64, secrets: Arc<Secrets>) -> Self {
        let (events, calls) = (VecDeque::new(), Calls::new(seed));
        Self { events, parts: 0, open: None, calls, reason: None, refused: false, secrets }
    }

    /// Takes an event of the stream, or a whole answer: the two look alike.
    fn read(&mut self, json: &[u8], is_error: bool) -> Result<(), ModelError> {
        // One check of the whole is much faster than one of each string in it.
        let chunk: Result<Chunk<'_>, _> = match std::str::from_utf8(json) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(json),
        };
        let chunk = chunk.map_err(|error| {
            self.unexpected(format!("a part of the answer cannot be read: {error}"), json).with_source(error)
        })?;
        if let Some(error) = chunk.error.filter(|error| !failure::says_nothing(error)) {
            return Err(failure::in_stream(error.get().as_bytes(), &self.secrets));
        }
        if is_error {
            return Err(failure::in_stream(json, &self.secrets));
        }
        if let Some(choice) = chunk.choices.0 {
            self.choice(choice)?;
        }
        if let Some(raw) = chunk.usage {
            self.events.push_back(ModelEvent::Usage(usage::usage(raw)));
        }
        Ok(())
    }

    fn choice(&mut self, choice: Choice<'_>) -> Result<(), ModelError> {
        if let Some(delta) = choice.delta.or(choice.message) {
            self.delta(&delta)?;
        }
        if !choice.finish_reason.is_empty() {
            // Given twice, the first counts.
            self.reason.get_or_insert(finish_reason(choice.finish_reason.as_ref()));
        }
        Ok(())
    }

    fn delta(&mut self, delta: &Delta<'_>) -> Result<(), ModelError> {
        // Some servers send the same reasoning under both names.
        let named = [&delta.reasoning_content, &delta.reasoning, &delta.content.thinking];
        if let Some(reasoning) = named.into_iter().find(|text| !text.is_empty()) {
            self.text(PartKind::Reasoning, reasoning);
        }
        self.text(PartKind::Text, &delta.content.text);
        if !delta.refusal.is_empty() {
            self.refused = true;
            self.text(PartKind::Text, &delta.refusal);
        }
        for call in &delta.tool_calls.0 {
            let Self { events, parts, open, calls, .. } = self;
            calls
                .read(call, |kind| {
                    close(open, events);
                    start(parts, events, kind)
                })
                .map(|delta| events.extend(delta))?;
        }
        Ok(())
    }

    fn text(&mut self, kind: PartKind, piece: &Text<'_>) {
        if piece.is_empty() {
            return;
        }
        if self.open.as_ref().is_none_or(|open| open.kind != kind) {
            self.close_text();
            let index = start(&mut self.parts, &mut self.events, kind.clone());
            self.open = Some(OpenText { index, kind, text: String::new() });
        }
        if let Some(open) = &mut self.open {
            open.text.push_str(piece.as_ref());
            self.events.push_back(ModelEvent::Delta { index: open.index, text: piece.as_ref().into() });
        }
    }

    fn close_text(&mut self) {
        close(&mut self.open, &mut self.events);
    }
}

impl Answer for ChatAnswer {
    fn read_event(&mut self, event: &SseEvent<'_>) -> Result<(), ModelError> {
        self.read(event.data, event.name == b"error")
    }

    fn read_whole(&mut self, body: &[u8]) -> Result<(), ModelError> {
        self.read(body, false)
    }

    fn next_event(&mut self) -> Option<ModelEvent> {
        self.events.pop_front()
    }

    fn is_whole(&self) -> bool {
        self.reason.is_some()
    }

    fn end(&mut self) -> Result<(), ModelError> {
        let Some(reason) = self.reason else {
            let message = "the answer ended without a reason to finish";
            return Err(ModelError::new(ModelErrorKind::Truncated, message));
        };
        self.close_text();
        self.calls.close(&mut self.events, reason)?;
        let reason = match reason {
            FinishReason::Length | FinishReason::ContentFilter => reason,
            _ if self.refused => FinishReason::ContentFilter,
            // Servers differ in what they call an answer that holds calls. An unknown word may mean that it was cut.
            FinishReason::Other if !self.calls.are_whole() => FinishReason::Other,
            _ if !self.calls.is_empty() => FinishReason::ToolCalls,
            FinishReason::ToolCalls => FinishReason::Stop,
            reason => reason,
        };
        self.events.push_back(ModelEvent::Finish { reason });
        Ok(())
    }

    fn unexpected(&self, message: impl Into<Cow<'static, str>>, body: &[u8]) -> ModelError {
        ModelError::new(ModelErrorKind::Protocol, message).with_body(failure::kept(body, &self.secrets))
    }
}

/// Numbers a part and lets it begin.
fn start(parts: &mut u32, events: &mut VecDeque<ModelEvent>, kind: PartKind) -> u32 {
    let index = *parts;
    *parts += 1;
    events.push_back(ModelEvent::PartStart { index, kind });
    index
}

fn close(open: &mut Option<OpenText>, events: &mut VecDeque<ModelEvent>) {
    if let Some(OpenText { index, kind, text }) = mem::take(open) {
        let part = match kind {
            PartKind::Reasoning => Part::Reasoning(ReasoningPart::new(text)),
            _ => Part::text(text, Provenance::Model),
        };
        events.push_back(ModelEvent::PartEnd { index, part: Box::new(part) });
    }
}

fn finish_reason(word: &str) -> FinishReason {
    match word {
        "stop" => FinishReason::Stop,
        "tool_calls" | "function_call" => FinishReason::ToolCalls,
        "length" => FinishReason::Length,
        "content_filter" => FinishReason::ContentFilter,
        _ => FinishReason::Other,
    }
}
