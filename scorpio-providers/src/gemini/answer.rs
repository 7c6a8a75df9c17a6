//! Turns the responses of a stream into events of the model. Text goes on from response to response, until a signature or another kind
//! of part ends it: a signature belongs to the very part that it came on.

use std::{borrow::Cow, collections::VecDeque, sync::Arc};

use scorpio_core::{
    Json, Native, OpaquePart, Part, Provenance, ReasoningPart, TextPart, ToolCallId, ToolCallPart, ToolName,
    model::{FinishReason, ModelError, ModelErrorKind, ModelEvent, PartKind},
};
use serde_json::value::RawValue;

use super::{
    event::{Candidate, MAX_PARTS, Response, WirePart},
    usage::usage,
};
use crate::{
    failure,
    http::{Answer, Secrets},
    json,
    sse::SseEvent,
};

/// An answer while it arrives.
#[derive(Debug)]
pub(crate) struct GeminiAnswer {
    events: VecDeque<ModelEvent>,
    seed: u64,
    parts: u32,
    calls: u32,
    open: Option<OpenText>,
    reason: Option<FinishReason>,
    secrets: Arc<Secrets>,
}

/// A text or thoughts that may go on.
#[derive(Debug)]
struct OpenText {
    index: u32,
    is_thought: bool,
    text: String,
}

impl GeminiAnswer {
    /// An answer of which nothing has arrived. Calls without an id are given one that `seed` makes unlike those of other answers. No error
    /// that is read out of it shows the secrets.
    pub(crate) fn new(seed: u64, secrets: Arc<Secrets>) -> Self {
        let events = VecDeque::new();
        Self { events, seed, parts: 0, calls: 0, open: None, reason: None, secrets }
    }

    fn read(&mut self, json: &[u8]) -> Result<(), ModelError> {
        let response: Response<'_, WirePart<'_>> = self.parse(json)?;
        if response.parts().iter().all(WirePart::is_plain) {
            return self.response(response, Self::plain);
        }
        let response: Response<'_, &RawValue> = self.parse(json)?;
        self.response(response, Self::part)
    }

    fn response<P>(
        &mut self,
        response: Response<'_, P>,
        part: impl Fn(&mut Self, P) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        if let Some(error) =
            response.error.filter(|error| !failure::says_nothing(error) && error.get() != "null")
        {
            return Err(failure::in_stream(error.get().as_bytes(), &self.secrets));
        }
        if let Some(raw) = response.usage_metadata {
            self.events.push_back(ModelEvent::Usage(usage(raw)));
        }
        match response.candidates.0 {
            Some(candidate) => self.candidate(candidate, part)?,
            None => {
                let blocked =
                    response.prompt_feedback.is_some_and(|feedback| !feedback.block_reason.is_empty());
                if blocked {
                    self.reason.get_or_insert(FinishReason::ContentFilter);
                }
            }
        }
        Ok(())
    }

    fn candidate<P>(
        &mut self,
        candidate: Candidate<'_, P>,
        part: impl Fn(&mut Self, P) -> Result<(), ModelError>,
    ) -> Result<(), ModelError> {
        for each in candidate.content.map(|content| content.parts.0).unwrap_or_default() {
            part(self, each)?;
        }
        if let Some(token) = candidate.continuation_token {
            let mut item = b"{".to_vec();
            json::raw_field(&mut item, "continuationToken", token.get());
            item.push(b'}');
            self.opaque(&String::from_utf8_lossy(&item))?;
        }
        let word = candidate.finish_reason.as_ref();
        if word.is_empty() || word == "FINISH_REASON_UNSPECIFIED" {
            return Ok(());
        }
        let reason = finish_reason(word);
        if let Some(message) = complaint(word) {
            let says = candidate.finish_message.as_ref();
            let says = if says.is_empty() { String::new() } else { format!(": {says}") };
            let says = failure::kept(says.as_bytes(), &self.secrets);
            return Err(ModelError::new(ModelErrorKind::Protocol, format!("{message} ({word}){says}")));
        }
        // Given twice, the first counts.
        self.reason.get_or_insert(reason);
        Ok(())
    }

    fn part(&mut self, raw: &RawValue) -> Result<(), ModelError> {
        let part: WirePart<'_> = self.parse(raw.get().as_bytes())?;
        let signature = part.thought_signature.as_ref();
        if let Some(call) = &part.function_call {
            self.close();
            if call.name.is_empty() {
                return Err(ModelError::new(ModelErrorKind::Protocol, "a tool call has no name"));
            }
            let call_id = match call.id.as_ref() {
                "" => ToolCallId::from(format!("call_{:016x}_{}", self.seed, self.calls)),
                id => ToolCallId::from(id),
            };
            self.calls += 1;
            let name = ToolName::from(call.name.as_ref());
            let index = self.start(PartKind::ToolCall { call_id: call_id.clone(), name: name.clone() })?;
            let arguments: Arc<str> = call.args.map_or("{}", RawValue::get).into();
            self.events.push_back(ModelEvent::Delta { index, text: Arc::clone(&arguments) });
            let call = ToolCallPart::new(call_id, name, arguments).with_native(Json::from(raw.to_owned()));
            self.end_part(index, Part::ToolCall(call));
            return Ok(());
        }
        match &part.text {
            None => {
                self.close();
                self.opaque(raw.get())
            }
            Some(text) if !signature.is_empty() => {
                self.signed(text.as_ref(), part.thought == Some(true), raw)
            }
            Some(_) => self.plain(part),
        }
    }

    /// Text that goes on where it is of the same kind.
    fn plain(&mut self, part: WirePart<'_>) -> Result<(), ModelError> {
        let (text, is_thought) = (part.text.unwrap_or_default(), part.thought == Some(true));
        if self.open.as_ref().is_some_and(|open| open.is_thought != is_thought) {
            self.close();
        }
        if text.is_empty() {
            return Ok(());
        }
        if self.open.is_none() {
            let index = self.start(if is_thought { PartKind::Reasoning } else { PartKind::Text })?;
            self.open = Some(OpenText { index, is_thought, text: String::new() });
        }
        if let Some(open) = &mut self.open {
            open.text.push_str(text.as_ref());
            self.events.push_back(ModelEvent::Delta { index: open.index, text: text.as_ref().into() });
        }
        Ok(())
    }

    /// A part with a signature stands by itself. One without text carries nothing else, and so nobody sees it.
    fn signed(&mut self, text: &str, is_thought: bool, raw: &RawValue) -> Result<(), ModelError> {
        self.close();
        if text.is_empty() {
            return self.opaque(raw.get());
        }
        let index = self.start(if is_thought { PartKind::Reasoning } else { PartKind::Text })?;
        self.events.push_back(ModelEvent::Delta { index, text: text.into() });
        let native = Json::from(raw.to_owned());
        let part = match is_thought {
            true => Part::Reasoning(ReasoningPart::new(text).with_native(native)),
            false => Part::Text(TextPart::new(text, Provenance::Model).with_native(native)),
        };
        self.end_part(index, part);
        Ok(())
    }

    fn opaque(&mut self, item: &str) -> Result<(), ModelError> {
        let index = self.start(PartKind::Opaque)?;
        let item = Json::parse(item).unwrap_or_default();
        self.end_part(index, Part::Opaque(OpaquePart::new(Native::new(item))));
        Ok(())
    }

    fn start(&mut self, kind: PartKind) -> Result<u32, ModelError> {
        let index = self.parts;
        if index as usize == MAX_PARTS {
            let message = format!("the answer holds more than {MAX_PARTS} parts");
            return Err(ModelError::new(ModelErrorKind::TooLarge, message));
        }
        self.parts += 1;
        self.events.push_back(ModelEvent::PartStart { index, kind });
        Ok(index)
    }

    fn end_part(&mut self, index: u32, part: Part) {
        self.events.push_back(ModelEvent::PartEnd { index, part: Box::new(part) });
    }

    fn close(&mut self) {
        if let Some(OpenText { index, is_thought, text }) = self.open.take() {
            let part = match is_thought {
                true => Part::Reasoning(ReasoningPart::new(text)),
                false => Part::text(text, Provenance::Model),
            };
            self.end_part(index, part);
        }
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

impl Answer for GeminiAnswer {
    fn read_event(&mut self, event: &SseEvent<'_>) -> Result<(), ModelError> {
        // An error may come in a list of one.
        if event.data.first() == Some(&b'[') {
            return self.read_whole(event.data);
        }
        self.read(event.data)
    }

    /// A response, or the list of responses that a server sends which was not told of events.
    fn read_whole(&mut self, body: &[u8]) -> Result<(), ModelError> {
        if body.trim_ascii_start().first() != Some(&b'[') {
            return self.read(body);
        }
        let responses: Vec<&RawValue> = self.parse(body)?;
        responses.into_iter().try_for_each(|response| self.read(response.get().as_bytes()))
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
        self.close();
        let reason = match reason {
            FinishReason::Stop | FinishReason::Other if self.calls > 0 => FinishReason::ToolCalls,
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
        "STOP" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" | "LANGUAGE" => {
            FinishReason::ContentFilter
        }
        "CONTINUATION" => FinishReason::Paused,
        word if word.starts_with("IMAGE_") => FinishReason::ContentFilter,
        _ => FinishReason::Other,
    }
}

/// Ends that are faults: of the model, which may do better when it is asked again, or of the history.
fn complaint(word: &str) -> Option<&'static str> {
    match word {
        "MALFORMED_FUNCTION_CALL" => Some("the model wrote a tool call that cannot be read"),
        "MALFORMED_RESPONSE" => Some("the model wrote an answer that cannot be read"),
        "UNEXPECTED_TOOL_CALL" => Some("the model called a tool that it was not given"),
        "TOO_MANY_TOOL_CALLS" => Some("the model called too many tools"),
        "MISSING_THOUGHT_SIGNATURE" => Some("a signature is missing in the history"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
