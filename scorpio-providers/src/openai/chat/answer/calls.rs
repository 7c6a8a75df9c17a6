//! The tool calls of an answer. OpenAI tells them apart by an index; others leave it away, or give all calls the same.

use std::collections::VecDeque;

use scorpio_core::{
    Part, ToolCallId, ToolCallPart, ToolName,
    model::{FinishReason, ModelError, ModelErrorKind, ModelEvent, PartKind},
};
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::{lenient::Text, openai::chat::chunk::CallDelta};

/// More calls than this in one answer are a fault.
const MAX_CALLS: usize = 1024;

/// The calls, in the order they began.
#[derive(Debug)]
pub(super) struct Calls {
    seed: u64,
    calls: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    /// The server's index.
    index: Option<u64>,
    /// The server's id, which may be missing.
    id: String,
    /// What the call is, once its name is known.
    started: Option<Started>,
    arguments: String,
}

#[derive(Debug)]
struct Started {
    part: u32,
    call_id: ToolCallId,
    name: ToolName,
}

impl Calls {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, calls: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.calls.iter().any(|call| call.started.is_some())
    }

    /// Whether the arguments of all are JSON.
    pub(super) fn are_whole(&self) -> bool {
        let is_json = |text: &str| text.trim().is_empty() || serde_json::from_str::<IgnoredAny>(text).is_ok();
        self.calls.iter().all(|call| is_json(&call.arguments))
    }

    /// Takes a piece of a call. `start` lets a part begin and gives its number; the piece of the arguments is returned.
    pub(super) fn read(
        &mut self,
        delta: &CallDelta<'_>,
        start: impl FnOnce(PartKind) -> u32,
    ) -> Result<Option<ModelEvent>, ModelError> {
        let place = match self.find(delta) {
            Some(place) => place,
            None => self.add(delta)?,
        };
        let unused_id = |id: &str| !id.is_empty() && !self.has_id(id);
        let name = delta.function.as_ref().map(|function| function.name.as_ref()).unwrap_or_default();
        let starting = match self.calls.get(place) {
            Some(call) if call.started.is_none() && !name.is_empty() => {
                let id = if call.id.is_empty() { delta.id.as_ref() } else { &call.id };
                let call_id = if unused_id(id) { id.to_owned() } else { self.made_up_id(place) };
                Some(ToolCallId::from(call_id))
            }
            _ => None,
        };
        let Some(call) = self.calls.get_mut(place) else { return Ok(None) };
        if call.id.is_empty() {
            call.id.push_str(delta.id.as_ref());
        }
        let seen = call.arguments.len();
        let raw = delta.function.as_ref().and_then(|function| function.arguments);
        push_arguments(&mut call.arguments, raw)?;
        let mut unsent = seen;
        if let Some(call_id) = starting {
            let name = ToolName::from(name);
            let kind = PartKind::ToolCall { call_id: call_id.clone(), name: name.clone() };
            call.started = Some(Started { part: start(kind), call_id, name });
            unsent = 0;
        }
        let Some(started) = &call.started else { return Ok(None) };
        let text = call.arguments.get(unsent..).filter(|text| !text.is_empty());
        Ok(text.map(|text| ModelEvent::Delta { index: started.part, text: text.into() }))
    }

    /// Ends every call.
    pub(super) fn close(
        &mut self,
        events: &mut VecDeque<ModelEvent>,
        reason: FinishReason,
    ) -> Result<(), ModelError> {
        for call in &self.calls {
            match &call.started {
                Some(Started { part, call_id, name }) => {
                    let part_of_call =
                        ToolCallPart::new(call_id.clone(), name.clone(), call.arguments.as_str());
                    let part_of_call = Box::new(Part::ToolCall(part_of_call));
                    events.push_back(ModelEvent::PartEnd { index: *part, part: part_of_call });
                }
                // One that was cut off, or that says nothing at all.
                None if reason == FinishReason::Length || call.arguments.is_empty() => {}
                None => {
                    return Err(ModelError::new(ModelErrorKind::Protocol, "a tool call has no name"));
                }
            }
        }
        Ok(())
    }

    /// The call that a piece belongs to. The latest is the likeliest.
    fn find(&self, delta: &CallDelta<'_>) -> Option<usize> {
        let id = delta.id.as_ref();
        let named = delta.function.as_ref().is_some_and(|function| !function.name.is_empty());
        let last = |matches: &dyn Fn(&Call) -> bool| self.calls.iter().rposition(matches);
        match delta.index.0 {
            Some(index) => last(&|call| call.index == Some(index)).filter(|place| {
                // Another id and a name at a known index: the server counts all calls as number 0.
                let known = self.calls.get(*place).map_or("", |call| call.id.as_str());
                !named || id.is_empty() || known.is_empty() || known == id
            }),
            None if !id.is_empty() => last(&|call| call.id == id),
            // Without an index and an id, a name begins a call and everything else goes on with the last.
            None if named => last(&|call| call.started.is_none() && call.index.is_none()),
            None => self.calls.len().checked_sub(1),
        }
    }

    fn add(&mut self, delta: &CallDelta<'_>) -> Result<usize, ModelError> {
        let place = self.calls.len();
        if place == MAX_CALLS {
            let message = format!("the answer holds more than {MAX_CALLS} tool calls");
            return Err(ModelError::new(ModelErrorKind::TooLarge, message));
        }
        let (id, arguments) = (String::new(), String::new());
        self.calls.push(Call { index: delta.index.0, id, started: None, arguments });
        Ok(place)
    }

    /// Results are matched to calls by their id, so no two calls may share one.
    fn has_id(&self, id: &str) -> bool {
        self.calls
            .iter()
            .filter_map(|call| call.started.as_ref())
            .any(|started| started.call_id.as_str() == id)
    }

    /// At most 40 bytes, which is as long as OpenAI takes them.
    fn made_up_id(&self, place: usize) -> String {
        format!("call_{:016x}_{place}", self.seed)
    }
}

/// Appends a piece of the arguments: the text of a JSON string, or JSON that was not put into one.
fn push_arguments(arguments: &mut String, raw: Option<&RawValue>) -> Result<(), ModelError> {
    let Some(json) = raw.map(|raw| raw.get().trim()) else { return Ok(()) };
    if !json.starts_with('"') {
        arguments.push_str(json);
        return Ok(());
    }
    let text: Text<'_> = serde_json::from_str(json).map_err(|error| {
        let message = format!("the arguments of a tool call cannot be read: {error}");
        ModelError::new(ModelErrorKind::Protocol, message).with_source(error)
    })?;
    arguments.push_str(text.as_ref());
    Ok(())
}
