//! Turns the events of a response into events of the model. Each item of the output is a part; which one an event belongs to is told by
//! its index or its id, never by when it comes.

use std::{borrow::Cow, collections::VecDeque, sync::Arc};

use scorpio_core::{
    Json, Native, OpaquePart, Part, Provenance, ReasoningPart, TextPart, ToolCallId, ToolCallPart,
    model::{FinishReason, ModelError, ModelErrorKind, ModelEvent, PartKind},
};
use serde_json::value::RawValue;

use super::{
    event::{Item, MAX_ITEMS, StreamEvent, WholeResponse},
    usage::usage,
};
use crate::{
    failure,
    http::{Answer, Secrets},
    sse::SseEvent,
};

/// An answer while it arrives.
#[derive(Debug)]
pub(crate) struct ResponsesAnswer {
    events: VecDeque<ModelEvent>,
    has_begun: bool,
    /// In the order they began.
    items: Vec<Open>,
    has_calls: bool,
    refused: bool,
    reason: Option<FinishReason>,
    secrets: Arc<Secrets>,
}

/// An item that has begun.
#[derive(Debug)]
struct Open {
    output_index: u64,
    id: String,
    kind: PartKind,
    /// What was shown of it.
    sent: String,
    is_done: bool,
}

impl ResponsesAnswer {
    /// An answer of which nothing has arrived. No error that is read out of it shows the secrets.
    pub(crate) fn new(secrets: Arc<Secrets>) -> Self {
        Self {
            events: VecDeque::new(),
            has_begun: false,
            items: Vec::new(),
            has_calls: false,
            refused: false,
            reason: None,
            secrets,
        }
    }

    fn begin_item(&mut self, output_index: u64, item: &Item<'_>) -> Result<usize, ModelError> {
        if self.items.iter().any(|open| open.output_index == output_index) {
            return Err(protocol("an item of the output began twice"));
        }
        if self.items.len() == MAX_ITEMS {
            let message = format!("the answer holds more than {MAX_ITEMS} items");
            return Err(ModelError::new(ModelErrorKind::TooLarge, message));
        }
        let kind = match item.kind.as_ref() {
            "message" => PartKind::Text,
            "reasoning" => PartKind::Reasoning,
            "function_call" if item.call_id.is_empty() || item.name.is_empty() => {
                return Err(protocol("a tool call has no id or no name"));
            }
            "function_call" => {
                self.has_calls = true;
                let call_id = ToolCallId::from(item.call_id.as_ref());
                PartKind::ToolCall { call_id, name: item.name.as_ref().into() }
            }
            _ => PartKind::Opaque,
        };
        let place = self.items.len();
        self.events.push_back(ModelEvent::PartStart { index: part_index(place), kind: kind.clone() });
        let id = item.id.as_ref().to_owned();
        self.items.push(Open { output_index, id, kind, sent: String::new(), is_done: false });
        Ok(place)
    }

    fn delta(&mut self, event: &StreamEvent<'_>, text: &str) -> Result<(), ModelError> {
        let by_id =
            || self.items.iter().rposition(|open| !open.id.is_empty() && open.id == event.item_id.as_ref());
        let place = match event.output_index.0 {
            Some(index) => self.items.iter().rposition(|open| open.output_index == index),
            None => by_id(),
        };
        let Some((place, open)) = place.and_then(|place| Some((place, self.items.get_mut(place)?))) else {
            return Err(protocol("a delta of an item that has not begun"));
        };
        if open.is_done {
            return Err(protocol("a delta of an item that is whole"));
        }
        if !text.is_empty() && open.kind != PartKind::Opaque {
            open.sent.push_str(text);
            self.events.push_back(ModelEvent::Delta { index: part_index(place), text: text.into() });
        }
        Ok(())
    }

    /// An item is whole. What the server kept until now is shown now.
    fn finish_item(&mut self, output_index: u64, raw: &RawValue) -> Result<(), ModelError> {
        let item: Item<'_> = self.parse(raw.get().as_bytes())?;
        let place = match self.items.iter().position(|open| open.output_index == output_index) {
            Some(place) => place,
            None => self.begin_item(output_index, &item)?,
        };
        self.refused |= item.refuses();
        let Some(open) = self.items.get_mut(place) else { return Ok(()) };
        if std::mem::replace(&mut open.is_done, true) {
            return Err(protocol("an item of the output ended twice"));
        }
        let text = match &open.kind {
            PartKind::ToolCall { .. } => item.arguments.as_ref().to_owned(),
            _ => item.text(),
        };
        let index = part_index(place);
        if open.kind != PartKind::Opaque
            && let Some(rest) = text.strip_prefix(open.sent.as_str()).filter(|rest| !rest.is_empty())
        {
            self.events.push_back(ModelEvent::Delta { index, text: rest.into() });
        }
        let native = Json::from(raw.to_owned());
        let part = match open.kind.clone() {
            PartKind::Text => Part::Text(TextPart::new(text, Provenance::Model).with_native(native)),
            PartKind::Reasoning => Part::Reasoning(ReasoningPart::new(text).with_native(native)),
            PartKind::ToolCall { call_id, name } => {
                Part::ToolCall(ToolCallPart::new(call_id, name, text).with_native(native))
            }
            _ => Part::Opaque(OpaquePart::new(Native::new(native))),
        };
        self.events.push_back(ModelEvent::PartEnd { index, part: Box::new(part) });
        Ok(())
    }

    /// The last word: how it went, and whatever was not told before.
    fn conclude(&mut self, raw: &RawValue) -> Result<(), ModelError> {
        let response: WholeResponse<'_> = self.parse(raw.get().as_bytes())?;
        let error = response.error.filter(|error| !failure::says_nothing(error) && error.get() != "null");
        if let Some(error) = error {
            return Err(failure::in_stream(error.get().as_bytes(), &self.secrets));
        }
        if response.status.as_ref() == "failed" {
            return Err(failure::in_stream(raw.get().as_bytes(), &self.secrets));
        }
        for (index, item) in (0..).zip(response.output.0) {
            let is_known = self.items.iter().any(|open| open.output_index == index && open.is_done);
            if !is_known {
                self.finish_item(index, item)?;
            }
        }
        let dropped = response.input_transformations.0;
        if !dropped.is_empty() {
            tracing::info!(count = dropped.len(), "OpenAI left reasoning out of the history");
        }
        if let Some(raw) = response.usage {
            self.events.push_back(ModelEvent::Usage(usage(raw)));
        }
        let why = response.incomplete_details.unwrap_or_default();
        self.reason = Some(match (response.status.as_ref(), why.reason.as_ref()) {
            (_, "max_output_tokens") => FinishReason::Length,
            (_, "content_filter") => FinishReason::ContentFilter,
            ("incomplete", _) => FinishReason::Other,
            _ if self.has_calls => FinishReason::ToolCalls,
            _ if self.refused => FinishReason::ContentFilter,
            _ => FinishReason::Stop,
        });
        Ok(())
    }

    fn parse<'a, T: serde::Deserialize<'a>>(&self, json: &'a [u8]) -> Result<T, ModelError> {
        // One check of the whole is much faster than one of each string in it.
        let parsed = match std::str::from_utf8(json) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(json),
        };
        parsed.map_err(|error| {
            self.unexpected(format!("a part of the answer cannot be read: {error}"), json).with_source(error)
        })
    }
}

impl Answer for ResponsesAnswer {
    fn read_event(&mut self, event: &SseEvent<'_>) -> Result<(), ModelError> {
        let parsed: StreamEvent<'_> = self.parse(event.data)?;
        let text = parsed.delta.as_ref();
        match (parsed.kind.as_ref(), parsed.item, parsed.response) {
            (
                "response.output_text.delta"
                | "response.refusal.delta"
                | "response.reasoning_summary_text.delta"
                | "response.reasoning_text.delta"
                | "response.function_call_arguments.delta",
                ..,
            ) => self.delta(&parsed, text),
            // Paragraphs of a summary come one by one.
            ("response.reasoning_summary_part.added", ..) if parsed.summary_index.or_zero() > 0 => {
                self.delta(&parsed, "\n\n")
            }
            ("response.output_item.added", Some(item), _) => {
                let item: Item<'_> = self.parse(item.get().as_bytes())?;
                let next = u64::try_from(self.items.len()).unwrap_or(u64::MAX);
                self.begin_item(parsed.output_index.0.unwrap_or(next), &item).map(drop)
            }
            ("response.output_item.done", Some(item), _) => {
                let open = self.items.iter().rev().find(|open| !open.is_done);
                let next = open
                    .map_or(u64::try_from(self.items.len()).unwrap_or(u64::MAX), |open| open.output_index);
                self.finish_item(parsed.output_index.0.unwrap_or(next), item)
            }
            ("response.created", ..) if std::mem::replace(&mut self.has_begun, true) => {
                Err(protocol("a response began twice"))
            }
            ("response.completed" | "response.incomplete" | "response.failed", _, Some(response)) => {
                self.conclude(response)
            }
            ("error", ..) => Err(failure::in_stream(event.data, &self.secrets)),
            _ if event.name == b"error" => Err(failure::in_stream(event.data, &self.secrets)),
            // What repeats others, and whatever is new.
            _ => Ok(()),
        }
    }

    fn read_whole(&mut self, body: &[u8]) -> Result<(), ModelError> {
        let raw: &RawValue = self.parse(body)?;
        let response: WholeResponse<'_> = self.parse(body)?;
        let is_error = response.error.is_some_and(|error| error.get() != "null");
        if response.object.as_ref() != "response" && !is_error {
            return Ok(());
        }
        self.conclude(raw)
    }

    fn next_event(&mut self) -> Option<ModelEvent> {
        self.events.pop_front()
    }

    fn is_whole(&self) -> bool {
        self.reason.is_some()
    }

    fn is_over(&self) -> bool {
        self.reason.is_some()
    }

    fn end(&mut self) -> Result<(), ModelError> {
        let Some(reason) = self.reason else {
            let message = "the answer ended without the event that says how it went";
            return Err(ModelError::new(ModelErrorKind::Truncated, message));
        };
        if self.items.iter().any(|open| !open.is_done) {
            return Err(protocol("the answer is over, but an item of it is not"));
        }
        self.events.push_back(ModelEvent::Finish { reason });
        Ok(())
    }

    fn unexpected(&self, message: impl Into<Cow<'static, str>>, body: &[u8]) -> ModelError {
        ModelError::new(ModelErrorKind::Protocol, message).with_body(failure::kept(body, &self.secrets))
    }
}

fn part_index(place: usize) -> u32 {
    // There are at most `MAX_ITEMS`.
    u32::try_from(place).unwrap_or(u32::MAX)
}

fn protocol(message: &'static str) -> ModelError {
    ModelError::new(ModelErrorKind::Protocol, message)
}

#[cfg(test)]
mod tests;
