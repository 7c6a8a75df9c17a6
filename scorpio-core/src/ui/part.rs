//! A part of the answer that has begun and not ended.

use jiff::Timestamp;

use super::{
    chunk::{Chunk, Measured},
    frames::Frames,
};
use crate::{Json, PartStarted, ToolCallId, model::PartKind};

/// A part that is open. Text and reasoning are shown from their first letter on: a model may well think in secret, or open a text that
/// it never fills.
#[derive(Debug)]
pub(super) struct OpenPart {
    turn: u32,
    index: u32,
    pub(super) id: ToolCallId,
    kind: PartKind,
    since: Timestamp,
    shown: bool,
}

impl OpenPart {
    pub(super) fn new(start: &PartStarted, id: ToolCallId, since: Timestamp) -> Self {
        let PartStarted { turn, index, part } = start;
        Self { turn: *turn, index: *index, id, kind: part.clone(), since, shown: false }
    }

    pub(super) fn is(&self, turn: u32, index: u32) -> bool {
        self.turn == turn && self.index == index
    }

    /// Says that a tool call begins.
    pub(super) fn begin_call(&mut self, frames: &mut Frames<'_>) {
        if let PartKind::ToolCall { name, .. } = &self.kind {
            frames.push(&Chunk::ToolInputStart { tool_call_id: &self.id, tool_name: name, dynamic: true });
            self.shown = true;
        }
    }

    pub(super) fn delta(&mut self, delta: &str, frames: &mut Frames<'_>) {
        if delta.is_empty() {
            return;
        }
        let (id, begun) = (self.id.as_str(), std::mem::replace(&mut self.shown, true));
        match &self.kind {
            PartKind::Text => {
                if !begun {
                    frames.push(&Chunk::TextStart { id });
                }
                frames.push(&Chunk::TextDelta { id, delta });
            }
            PartKind::Reasoning => {
                if !begun {
                    frames.push(&Chunk::ReasoningStart { id });
                }
                frames.push(&Chunk::ReasoningDelta { id, delta });
            }
            PartKind::ToolCall { .. } => {
                frames.push(&Chunk::ToolInputDelta { tool_call_id: &self.id, input_text_delta: delta });
            }
            PartKind::Opaque => {}
        }
    }

    /// Ends the part. `whole` is its text, for a model that gives it at the end alone.
    pub(super) fn finish(mut self, whole: &str, at: Timestamp, frames: &mut Frames<'_>) {
        if !self.shown {
            self.delta(whole, frames);
        }
        self.close(at, frames);
    }

    /// Ends the part with what was said of it.
    pub(super) fn close(self, at: Timestamp, frames: &mut Frames<'_>) {
        let id = self.id.as_str();
        match &self.kind {
            _ if !self.shown => {}
            PartKind::Opaque => {}
            PartKind::Text => frames.push(&Chunk::TextEnd { id }),
            PartKind::Reasoning => {
                let took = u64::try_from(at.duration_since(self.since).as_millis()).unwrap_or(0);
                frames.push(&Chunk::ReasoningEnd { id, provider_metadata: Measured::new(took) });
            }
            PartKind::ToolCall { name, .. } => frames.push(&Chunk::ToolInputError {
                tool_call_id: &self.id,
                tool_name: name,
                input: &Json::null(),
                error_text: "The answer ended before the call was whole; the tool was not run.",
                dynamic: true,
            }),
        }
    }
}
