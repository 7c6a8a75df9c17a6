//! An answer: what a wire needs to write one, and the events that it is streamed in.

use serde_json::Value;

use crate::{request::Request, rule::Admission, seal::Seal, style::Style, turn::Turn};

/// What is known when an answer is written.
#[derive(Debug)]
pub(crate) struct Answering<'a> {
    pub(crate) request: &'a Request,
    pub(crate) seal: &'a Seal,
    pub(crate) admission: &'a Admission,
    /// What tells this answer from others: 12 hexadecimal digits.
    pub(crate) nonce: String,
    pub(crate) style: &'a Style,
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: Option<&'static str>,
    pub(crate) data: Data,
}

/// The data of an event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Data {
    Json(Value),
    Text(&'static str),
}

impl<'a> Answering<'a> {
    pub(crate) fn new(
        request: &'a Request,
        seal: &'a Seal,
        admission: &'a Admission,
        turn: &'a Turn,
    ) -> Self {
        let nonce = seal.short("answer", &[request.model(), &admission.prefix], 12);
        Self { request, seal, admission, nonce, style: &turn.style }
    }

    pub(crate) fn model(&self) -> &str {
        self.request.model()
    }
}

impl Event {
    pub(crate) fn named(name: &'static str, data: Value) -> Self {
        Self { name: Some(name), data: Data::Json(data) }
    }

    pub(crate) fn unnamed(data: Value) -> Self {
        Self { name: None, data: Data::Json(data) }
    }

    pub(crate) fn text(data: &'static str) -> Self {
        Self { name: None, data: Data::Text(data) }
    }

    /// The frame of this event.
    pub(crate) fn frame(&self, line_end: &str) -> String {
        let name = self.name.map_or_else(String::new, |name| format!("event: {name}{line_end}"));
        match &self.data {
            Data::Json(data) => format!("{name}data: {data}{line_end}{line_end}"),
            Data::Text(data) => format!("{name}data: {data}{line_end}{line_end}"),
        }
    }
}
