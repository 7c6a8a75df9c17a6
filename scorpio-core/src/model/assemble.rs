//! Folds the events of a model into its answer, and holds the provider to the rules of the stream.

use std::mem;

use super::{FinishReason, ModelError, ModelErrorKind, ModelEvent, PartKind, ResponseInfo};
use crate::{Origin, Part, Provenance, ReasoningPart, ToolCallPart, Usage, message::TextPart};

/// A whole answer of a model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ModelAnswer {
    /// The parts, in the order they began.
    pub parts: Vec<Part>,
    /// What it cost.
    pub usage: Usage,
    /// Why the model stopped.
    pub reason: FinishReason,
    /// Who answered, when it was not the model that was asked.
    pub origin: Option<Origin>,
    /// What the provider said about the answer.
    pub response: Option<Box<ResponseInfo>>,
}

impl ModelAnswer {
    /// All text parts, joined.
    pub fn text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}

#[derive(Debug)]
enum Slot {
    Open { kind: PartKind, text: String },
    Done(Part),
}

/// Builds a [`ModelAnswer`], event by event. At any time it can tell what there is of it so far.
#[derive(Debug, Default)]
pub struct Assembler {
    /// In the order they began, with their numbers. The last is the likeliest to go on.
    slots: Vec<(u32, Slot)>,
    usage: Usage,
    /// What attempts at the same answer cost that came to nothing.
    earlier: Usage,
    reason: Option<FinishReason>,
    origin: Option<Origin>,
    response: Option<Box<ResponseInfo>>,
}

impl Assembler {
    /// An assembler that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next event.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Protocol`] when it contradicts the ones before it: a delta of a part that has not begun or has ended, a
    /// part that begins twice, anything after the finish, a finish with open parts, another attempt after the first part.
    pub fn push(&mut self, event: &ModelEvent) -> Result<(), ModelError> {
        if self.reason.is_some() {
            return Err(protocol("an event after the finish"));
        }
        match event {
            ModelEvent::PartStart { index, kind } => {
                if self.slot(*index).is_some() {
                    return Err(protocol("a part that began twice"));
                }
                self.slots.push((*index, Slot::Open { kind: kind.clone(), text: String::new() }));
            }
            ModelEvent::Delta { index, text: delta } => match self.slot(*index) {
                Some(Slot::Open { text, .. }) => text.push_str(delta),
                _ => return Err(protocol("a delta of a part that is not open")),
            },
            ModelEvent::PartEnd { index, part } => match self.slot(*index) {
                Some(slot @ Slot::Open { .. }) => *slot = Slot::Done(Part::clone(part)),
                _ => return Err(protocol("the end of a part that is not open")),
            },
            ModelEvent::Usage(usage) => {
                self.usage = usage.clone();
                // To add something, if only nothing, loses what the provider itself said.
                if self.earlier != Usage::default() {
                    self.usage += &self.earlier;
                }
            }
            ModelEvent::Response(response) => self.response = Some(response.clone()),
            ModelEvent::Retrying(_) | ModelEvent::FellBack(_) if !self.slots.is_empty() => {
                return Err(protocol("another attempt after the first part"));
            }
            ModelEvent::Retrying(_) => {}
            ModelEvent::FellBack(fell_back) => self.origin = Some(fell_back.to.clone()),
            ModelEvent::Finish { reason } => {
                if self.slots.iter().any(|(_, slot)| matches!(slot, Slot::Open { .. })) {
                    return Err(protocol("a finish while a part is open"));
                }
                self.reason = Some(*reason);
            }
        }
        Ok(())
    }

    /// Takes the whole answer out, and is then as new.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Truncated`] when no finish came. Nothing is taken out then.
    pub fn finish(&mut self) -> Result<ModelAnswer, ModelError> {
        let Some(reason) = self.reason else {
            return Err(ModelError::new(ModelErrorKind::Truncated, "the stream ended without a finish"));
        };
        let Self { slots, usage, origin, response, .. } = mem::take(self);
        // These are kept for as long as the session, so there is no room to spare in them.
        let mut parts = Vec::with_capacity(slots.len());
        parts.extend(slots.into_iter().filter_map(|(_, slot)| match slot {
            Slot::Done(part) => Some(part),
            Slot::Open { .. } => None,
        }));
        Ok(ModelAnswer { parts, usage, reason, origin, response })
    }

    /// Counts what an attempt at the same answer cost that came to nothing: it was used all the same.
    pub fn add_earlier(&mut self, usage: &Usage) {
        self.earlier += usage;
        self.usage += usage;
    }

    /// What the call has cost so far, earlier attempts included.
    pub fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Whether a part has begun.
    pub fn has_parts(&self) -> bool {
        !self.slots.is_empty()
    }

    /// What can be kept of an answer that broke off: its text and reasoning, finished or not. Tool calls are left out, because
    /// one that was never whole must not run and one that never ran must not stay in the history.
    pub fn partial(self) -> Vec<Part> {
        let keep = |slot| match slot {
            Slot::Done(Part::ToolCall(_)) => None,
            Slot::Open { kind: PartKind::ToolCall { .. } | PartKind::Opaque, .. } => None,
            Slot::Done(part) => Some(part),
            Slot::Open { text, .. } if text.is_empty() => None,
            Slot::Open { kind, text } => Some(finished_part(kind, text)),
        };
        self.slots.into_iter().map(|(_, slot)| slot).filter_map(keep).collect()
    }

    fn slot(&mut self, index: u32) -> Option<&mut Slot> {
        self.slots.iter_mut().rev().find(|(number, _)| *number == index).map(|(_, slot)| slot)
    }
}

/// The part that deltas add up to when the provider has nothing to add to them.
pub(crate) fn finished_part(kind: PartKind, text: String) -> Part {
    match kind {
        PartKind::Text | PartKind::Opaque => Part::Text(TextPart::new(text, Provenance::Model)),
        PartKind::Reasoning => Part::Reasoning(ReasoningPart::new(text)),
        PartKind::ToolCall { call_id, name } => Part::ToolCall(ToolCallPart::new(call_id, name, text)),
    }
}

fn protocol(message: &'static str) -> ModelError {
    ModelError::new(
        ModelErrorKind::Protocol,
        format!("the provider broke the rules of the stream: {message}"),
    )
}
