//! Bytes of a response in, events of the model out. What comes out does not depend on where the bytes were cut.

use std::borrow::Cow;

use scorpio_core::model::{ModelError, ModelErrorKind, ModelEvent};

use crate::sse::{SseEvent, SseLimits, SseParser, TooLarge};

/// The largest answer that is sent at once instead of streamed, in bytes.
const MAX_WHOLE_ANSWER: usize = 32 << 20;

/// What one wire makes of the events of a response. It does no I/O: events go in, the model's events come out, and the end of the
/// stream tells whether the answer is whole.
pub(crate) trait Answer: Send + Unpin + 'static {
    /// Takes an event of the stream.
    fn read_event(&mut self, event: &SseEvent<'_>) -> Result<(), ModelError>;

    /// Takes an answer that the server sent at once, though it was asked to stream.
    fn read_whole(&mut self, body: &[u8]) -> Result<(), ModelError>;

    /// The next event of the model, if there is one before more is read.
    fn next_event(&mut self) -> Option<ModelEvent>;

    /// Whether the model has said why it stopped. What may still come is the usage.
    fn is_whole(&self) -> bool;

    /// Whether nothing can follow: the rest of the stream is not read.
    fn is_over(&self) -> bool {
        false
    }

    /// The stream has ended: closes what is open, and fails when the answer is not whole.
    fn end(&mut self) -> Result<(), ModelError>;

    /// The error that the server sent `body`, which is no answer.
    fn unexpected(&self, message: impl Into<Cow<'static, str>>, body: &[u8]) -> ModelError;
}

/// A decoder of one response.
#[derive(Debug)]
pub(crate) struct Decoder<A> {
    answer: A,
    format: Format,
    ended: bool,
    /// What was wrong with the end. It comes after everything that came before it.
    failure: Option<ModelError>,
}

#[derive(Debug)]
enum Format {
    Events(SseParser),
    Whole(Vec<u8>),
}

impl<A: Answer> Decoder<A> {
    /// A decoder of server-sent events.
    pub(crate) fn of_events(answer: A, limits: SseLimits) -> Self {
        Self { answer, format: Format::Events(SseParser::new(limits)), ended: false, failure: None }
    }

    /// A decoder of an answer that the server sends at once, though it was asked to stream.
    pub(crate) fn of_whole_answer(answer: A) -> Self {
        Self { answer, format: Format::Whole(Vec::new()), ended: false, failure: None }
    }

    /// Whether the model has said why it stopped. What may still come is the usage.
    pub(crate) fn is_whole(&self) -> bool {
        self.answer.is_whole()
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
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
    pub(crate) fn next_event(&mut self) -> Result<Option<ModelEvent>, ModelError> {
        loop {
            let Self { answer, format, ended, failure } = self;
            if let Some(event) = answer.next_event() {
                return Ok(Some(event));
            }
            if let Some(failure) = failure.take() {
                return Err(failure);
            }
            let Format::Events(parser) = format else { return Ok(None) };
            if *ended {
                return Ok(None);
            }
            let Some(event) = parser.next_event().map_err(too_large)? else { return Ok(None) };
            let is_done = event.data.starts_with(b"[DONE]");
            if !is_done {
                answer.read_event(&event)?;
            }
            if is_done || answer.is_over() {
                *ended = true;
                *failure = answer.end().err();
            }
        }
    }

    /// The server has ended its response, or nobody wants to wait for more of it. There may be events left afterwards, even when
    /// this fails.
    pub(crate) fn end(&mut self) -> Result<(), ModelError> {
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
                    self.answer.read_event(&event)?;
                }
            }
            Format::Whole(body) => {
                let body = std::mem::take(body);
                self.answer.read_whole(&body)?;
                if !self.answer.is_whole() {
                    return Err(self
                        .answer
                        .unexpected("the answer is JSON, but no answer of a model", &body));
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
