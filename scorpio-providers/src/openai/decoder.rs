//! Bytes of a response in, events of the model out. What comes out does not depend on where the bytes were cut.

use scorpio_core::model::{ModelError, ModelErrorKind, ModelEvent};

use super::answer::Answer;
use crate::sse::{SseLimits, SseParser, TooLarge};

/// The largest answer that is sent at once instead of streamed, in bytes.
const MAX_WHOLE_ANSWER: usize = 32 << 20;

/// A decoder of one response.
#[derive(Debug)]
pub(super) struct Decoder {
    answer: Answer,
    format: Format,
    ended: bool,
}

#[derive(Debug)]
enum Format {
    Events(SseParser),
    Whole(Vec<u8>),
}

impl Decoder {
    /// A decoder of server-sent events.
    pub(super) fn of_events(answer: Answer, limits: SseLimits) -> Self {
        Self { answer, format: Format::Events(SseParser::new(limits)), ended: false }
    }

    /// A decoder of an answer that the server sends at once, though it was asked to stream.
    pub(super) fn of_whole_answer(answer: Answer) -> Self {
        Self { answer, format: Format::Whole(Vec::new()), ended: false }
    }

    /// Whether the model has said why it stopped. What may still come is the usage.
    pub(super) fn is_whole(&self) -> bool {
        self.answer.is_whole()
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        match &mut self.format {
            _ if self.ended => Ok(()),
            Format::Events(parser) => parser.push(bytes).map_err(too_large),
            Format::Whole(body) if body.len() + bytes.len() > MAX_WHOLE_ANSWER => {
                let message = format!("the answer is larger than {MAX_WHOLE_ANSWER} bytes");
                Err(ModelError::new(ModelErrorKind::TooLarge, message))
            }
            Format::Whole(body) => {
                body.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// The next event, if there is one before more bytes come.
    pub(super) fn next_event(&mut self) -> Result<Option<ModelEvent>, ModelError> {
        loop {
            let Self { answer, format, ended } = self;
            if let Some(event) = answer.next_event() {
                return Ok(Some(event));
            }
            let Format::Events(parser) = format else { return Ok(None) };
            if *ended {
                return Ok(None);
            }
            let Some(event) = parser.next_event().map_err(too_large)? else { return Ok(None) };
            if event.data.starts_with(b"[DONE]") {
                *ended = true;
                answer.end()?;
            } else {
                answer.read(event.data, event.name == b"error")?;
            }
        }
    }

    /// The server has ended its response, or nobody wants to wait for more of it. There may be events left afterwards, even when
    /// this fails.
    pub(super) fn end(&mut self) -> Result<(), ModelError> {
        if self.ended {
            return Ok(());
        }
        self.ended = true;
        match &mut self.format {
            Format::Events(parser) => {
                // The last event may lack its empty line. If it lacks more than that, it was cut off and says nothing.
                if let Some(event) = parser.last_event()
                    && is_json(event.data)
                {
                    self.answer.read(event.data, event.name == b"error")?;
                }
            }
            Format::Whole(body) => {
                let body = std::mem::take(body);
                self.answer.read(&body, false)?;
                if !self.answer.is_whole() {
                    return Err(self.answer.unexpected("the answer is JSON, but no chat completion", &body));
                }
            }
        }
        self.answer.end()
    }
}

fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

fn too_large(limit: TooLarge) -> ModelError {
    let message = match limit {
        TooLarge::Event => "an event of the answer is larger than allowed",
        TooLarge::Stream => "the answer is larger than allowed",
    };
    ModelError::new(ModelErrorKind::TooLarge, message)
}

#[cfg(test)]
mod tests;
