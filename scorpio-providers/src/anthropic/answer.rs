//! Turns the events of an answer into events of the model. Blocks may interleave; each is a part.

mod block;

use std::{borrow::Cow, collections::VecDeque, sync::Arc};

use scorpio_core::model::{FinishReason, ModelError, ModelErrorKind, ModelEvent};
use serde_json::value::RawValue;

use self::block::{Block, Piece};
use super::{
    event::{BlockStart, Delta, MAX_BLOCKS, StreamEvent, Transformation, WholeMessage},
    usage::Counts,
};
use crate::{
    failure,
    http::{Answer, Secrets},
    sse::SseEvent,
};

/// An answer while it arrives.
#[derive(Debug)]
pub(crate) struct MessagesAnswer {
    events: VecDeque<ModelEvent>,
    has_begun: bool,
    parts: u32,
    has_calls: bool,
    /// The blocks that have begun and not ended. There is mostly one.
    open: Vec<Block>,
    counts: Counts,
    reason: Option<FinishReason>,
    is_over: bool,
    secrets: Arc<Secrets>,
}

impl MessagesAnswer {
    /// An answer of which nothing has arrived. No error that is read out of it shows the secrets.
    pub(crate) fn new(secrets: Arc<Secrets>) -> Self {
        Self {
            events: VecDeque::new(),
            has_begun: false,
            parts: 0,
            has_calls: false,
            open: Vec::new(),
            counts: Counts::default(),
            reason: None,
            is_over: false,
            secrets,
        }
    }

    fn begin(&mut self, message: Option<&RawValue>) -> Result<(), ModelError> {
        if std::mem::replace(&mut self.has_begun, true) {
            return Err(protocol("a message began twice"));
        }
        let message = message.map(|raw| self.parse::<WholeMessage<'_>>(raw.get().as_bytes())).transpose()?;
        let Some(message) = message else { return Ok(()) };
        self.told_about(&message);
        Ok(())
    }

    fn told_about(&mut self, message: &WholeMessage<'_>) {
        if let Some(usage) = message.usage {
            self.count(usage);
        }
        log_transformations(&message.input_transformations.0);
    }

    /// What comes before the message begins is what is left of one whose beginning was lost.
    fn must_have_begun(&self) -> Result<(), ModelError> {
        match self.has_begun {
            true => Ok(()),
            false => Err(protocol("a block before the message began")),
        }
    }

    fn start_block(&mut self, index: u64, raw: &RawValue) -> Result<(), ModelError> {
        self.must_have_begun()?;
        if self.open.iter().any(|block| block.index == index) {
            return Err(protocol("a block began twice"));
        }
        if self.parts as usize == MAX_BLOCKS {
            let message = format!("the answer holds more than {MAX_BLOCKS} blocks");
            return Err(ModelError::new(ModelErrorKind::TooLarge, message));
        }
        let start: BlockStart<'_> = self.parse(raw.get().as_bytes())?;
        let block = Block::new(index, self.parts, &start, raw)?;
        self.has_calls |= block.is_call();
        self.parts += 1;
        self.events.push_back(ModelEvent::PartStart { index: block.part, kind: block.kind() });
        // A block may begin with some of its text.
        let said = block.said().to_owned();
        self.delta_of(block.part, &said);
        self.open.push(block);
        Ok(())
    }

    fn delta(&mut self, index: u64, delta: &Delta<'_>) -> Result<(), ModelError> {
        let Some(block) = self.open.iter_mut().rev().find(|block| block.index == index) else {
            return Err(protocol("a delta of a block that is not open"));
        };
        let piece = match delta.kind.as_ref() {
            "text_delta" => Piece::Text(delta.text.as_ref()),
            "thinking_delta" => Piece::Text(delta.thinking.as_ref()),
            "input_json_delta" => Piece::Input(delta.partial_json.as_ref()),
            "signature_delta" => Piece::Signature(delta.signature.as_ref()),
            "citations_delta" => match delta.citation {
                Some(citation) => Piece::Citation(citation),
                None => return Ok(()),
            },
            // A newer kind of piece.
            _ => return Ok(()),
        };
        let part = block.part;
        if let Some(text) = block.push(piece) {
            let text: Arc<str> = text.into();
            self.events.push_back(ModelEvent::Delta { index: part, text });
        }
        Ok(())
    }

    fn stop_block(&mut self, index: u64) -> Result<(), ModelError> {
        let place = self.open.iter().position(|block| block.index == index);
        let Some(place) = place else { return Err(protocol("the end of a block that is not open")) };
        let block = self.open.remove(place);
        self.finish_block(block);
        Ok(())
    }

    fn finish_block(&mut self, block: Block) {
        let (index, part) = (block.part, Box::new(block.finish()));
        self.events.push_back(ModelEvent::PartEnd { index, part });
    }

    fn delta_of(&mut self, index: u32, text: &str) {
        if !text.is_empty() {
            self.events.push_back(ModelEvent::Delta { index, text: text.into() });
        }
    }

    fn stopped(&mut self, reason: &str) {
        if !reason.is_empty() {
            self.reason = Some(finish_reason(reason));
        }
    }

    fn count(&mut self, raw: &RawValue) {
        let usage = self.counts.read(raw);
        self.events.push_back(ModelEvent::Usage(usage));
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

impl Answer for MessagesAnswer {
    fn read_event(&mut self, event: &SseEvent<'_>) -> Result<(), ModelError> {
        let parsed: StreamEvent<'_> = self.parse(event.data)?;
        let kind = parsed.kind.as_ref();
        let index = parsed.index.or_zero();
        match (kind, parsed.delta, parsed.content_block) {
            ("content_block_delta", Some(delta), _) => return self.delta(index, &delta),
            ("content_block_start", _, Some(block)) => return self.start_block(index, block),
            ("content_block_stop", ..) => return self.stop_block(index),
            ("message_start", ..) => return self.begin(parsed.message),
            ("message_delta", delta, _) => {
                self.stopped(delta.unwrap_or_default().stop_reason.as_ref());
                if let Some(usage) = parsed.usage {
                    self.count(usage);
                }
                log_transformations(&parsed.input_transformations.0);
            }
            ("message_stop", ..) => self.is_over = true,
            ("error", ..) => return Err(failure::in_stream(event.data, &self.secrets)),
            _ if event.name == b"error" => return Err(failure::in_stream(event.data, &self.secrets)),
            // `ping`, and whatever is new.
            _ => {}
        }
        Ok(())
    }

    fn read_whole(&mut self, body: &[u8]) -> Result<(), ModelError> {
        let message: WholeMessage<'_> = self.parse(body)?;
        match message.kind.as_ref() {
            "error" => return Err(failure::in_stream(body, &self.secrets)),
            "message" => {}
            _ => return Ok(()),
        }
        self.has_begun = true;
        self.told_about(&message);
        for (index, raw) in (0..).zip(message.content.0) {
            self.start_block(index, raw)?;
            let start: BlockStart<'_> = self.parse(raw.get().as_bytes())?;
            if let (Some(input), Some(block)) = (start.input, self.open.last_mut())
                && let Some(text) = block.push(Piece::Input(input.get()))
            {
                let (index, text) = (block.part, text.into());
                self.events.push_back(ModelEvent::Delta { index, text });
            }
            self.stop_block(index)?;
        }
        self.stopped(message.stop_reason.as_ref());
        self.is_over = true;
        Ok(())
    }

    fn next_event(&mut self) -> Option<ModelEvent> {
        self.events.pop_front()
    }

    fn is_whole(&self) -> bool {
        self.is_over
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn end(&mut self) -> Result<(), ModelError> {
        let (true, Some(reason)) = (self.is_over, self.reason) else {
            let message = "the answer ended without `message_stop`, or without a reason to stop";
            return Err(ModelError::new(ModelErrorKind::Truncated, message));
        };
        for block in std::mem::take(&mut self.open) {
            self.finish_block(block);
        }
        let reason = match reason {
            FinishReason::Stop | FinishReason::ToolCalls | FinishReason::Other if self.has_calls => {
                FinishReason::ToolCalls
            }
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

fn finish_reason(word: &str) -> FinishReason {
    match word {
        "end_turn" | "stop_sequence" => FinishReason::Stop,
        "tool_use" => FinishReason::ToolCalls,
        "max_tokens" | "model_context_window_exceeded" => FinishReason::Length,
        "refusal" => FinishReason::ContentFilter,
        "pause_turn" => FinishReason::Paused,
        _ => FinishReason::Other,
    }
}

/// What the API left out of the history, by its place in the request. Nothing in it is secret.
fn log_transformations(transformations: &[Transformation<'_>]) {
    for Transformation { kind, path, reason } in transformations {
        tracing::warn!(
            kind = kind.as_ref(),
            path = path.as_ref(),
            reason = reason.as_ref(),
            "Anthropic changed the history"
        );
    }
}

fn protocol(message: &'static str) -> ModelError {
    ModelError::new(ModelErrorKind::Protocol, message)
}

#[cfg(test)]
mod tests;
