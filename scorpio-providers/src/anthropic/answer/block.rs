//! A block of an answer that has begun, and the part that becomes of it, with the block as it must go back.

use scorpio_core::{
    Json, Native, OpaquePart, Part, Provenance, ReasoningPart, TextPart, ToolCallId, ToolCallPart, ToolName,
    model::{ModelError, PartKind},
};
use serde_json::value::RawValue;

use super::{super::event::BlockStart, protocol};
use crate::json;

/// The fields of a call that have a neutral form.
const KNOWN_OF_CALL: [&str; 4] = ["type", "id", "name", "input"];

/// A block.
#[derive(Debug)]
pub(super) struct Block {
    /// The server's number.
    pub(super) index: u64,
    /// Our number.
    pub(super) part: u32,
    /// The block as it began.
    start: Box<RawValue>,
    is: Is,
    text: String,
    signature: String,
    citations: Vec<Box<RawValue>>,
}

#[derive(Debug)]
enum Is {
    Text,
    Thinking,
    Call { call_id: ToolCallId, name: ToolName },
    Opaque,
}

/// A piece of a block.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Input(&'a str),
    Signature(&'a str),
    Citation(&'a RawValue),
}

impl Block {
    pub(super) fn new(
        index: u64,
        part: u32,
        start: &BlockStart<'_>,
        raw: &RawValue,
    ) -> Result<Self, ModelError> {
        let is = match start.kind.as_ref() {
            "text" => Is::Text,
            "thinking" => Is::Thinking,
            "tool_use" if start.id.is_empty() || start.name.is_empty() => {
                return Err(protocol("a tool call has no id or no name"));
            }
            "tool_use" => Is::Call {
                call_id: ToolCallId::from(start.id.as_ref()),
                name: ToolName::from(start.name.as_ref()),
            },
            // Redacted thinking among them: it cannot be read, only sent back.
            _ => Is::Opaque,
        };
        let text = match is {
            Is::Text => start.text.as_ref().to_owned(),
            Is::Thinking => start.thinking.as_ref().to_owned(),
            Is::Call { .. } | Is::Opaque => String::new(),
        };
        let citations = start.citations.0.iter().map(|citation| (*citation).to_owned()).collect();
        let signature = start.signature.as_ref().to_owned();
        Ok(Self { index, part, start: raw.to_owned(), is, text, signature, citations })
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self.is, Is::Call { .. })
    }

    /// What there is of its text.
    pub(super) fn said(&self) -> &str {
        &self.text
    }

    pub(super) fn kind(&self) -> PartKind {
        match &self.is {
            Is::Text => PartKind::Text,
            Is::Thinking => PartKind::Reasoning,
            Is::Call { call_id, name } => PartKind::ToolCall { call_id: call_id.clone(), name: name.clone() },
            Is::Opaque => PartKind::Opaque,
        }
    }

    /// Takes a piece, and gives back what of it may be shown.
    pub(super) fn push<'a>(&mut self, piece: Piece<'a>) -> Option<&'a str> {
        match piece {
            // A block that is not known keeps no text: nobody knows which field it is of.
            Piece::Text(_) if matches!(self.is, Is::Opaque) => None,
            Piece::Text(text) => {
                self.text.push_str(text);
                Some(text).filter(|text| !text.is_empty())
            }
            Piece::Input(json) => {
                self.text.push_str(json);
                Some(json).filter(|json| !json.is_empty() && self.is_call())
            }
            // The whole of it, once: the official clients replace what they have.
            Piece::Signature(signature) => {
                signature.clone_into(&mut self.signature);
                None
            }
            Piece::Citation(citation) => {
                self.citations.push(citation.to_owned());
                None
            }
        }
    }

    pub(super) fn finish(self) -> Part {
        let native = self.native();
        match self.is {
            Is::Text => {
                let part = TextPart::new(self.text, Provenance::Model);
                Part::Text(match native {
                    Some(item) => part.with_native(item),
                    None => part,
                })
            }
            Is::Thinking => {
                let part = ReasoningPart::new(self.text);
                Part::Reasoning(match native {
                    Some(item) => part.with_native(item),
                    None => part,
                })
            }
            Is::Call { call_id, name } => {
                let part = ToolCallPart::new(call_id, name, self.text);
                Part::ToolCall(match native {
                    Some(item) => part.with_native(item),
                    None => part,
                })
            }
            Is::Opaque => Part::Opaque(OpaquePart::new(Native::new(native.unwrap_or_default()))),
        }
    }

    /// The block as it must go back, where the neutral form does not say it all.
    fn native(&self) -> Option<Json> {
        let mut out = Vec::with_capacity(64 + self.text.len() + self.signature.len());
        out.push(b'{');
        match &self.is {
            Is::Text if self.citations.is_empty() => return None,
            Is::Text => {
                json::string_field(&mut out, "type", "text");
                json::string_field(&mut out, "text", &self.text);
                json::key(&mut out, "citations");
                out.push(b'[');
                for citation in &self.citations {
                    json::comma(&mut out);
                    out.extend_from_slice(citation.get().as_bytes());
                }
                out.push(b']');
            }
            // Unsigned thinking is refused, so there is nothing to send back.
            Is::Thinking if self.signature.is_empty() => return None,
            Is::Thinking => {
                json::string_field(&mut out, "type", "thinking");
                json::string_field(&mut out, "thinking", &self.text);
                json::string_field(&mut out, "signature", &self.signature);
            }
            Is::Call { .. } => {
                let mut says_more = false;
                json::each_field(self.start.get(), |name, _| says_more |= !KNOWN_OF_CALL.contains(&name));
                if !says_more {
                    return None;
                }
                self.begun_fields(&mut out);
                json::raw_field(&mut out, "input", self.input());
            }
            Is::Opaque if self.text.is_empty() => return Some(Json::from(self.start.clone())),
            Is::Opaque => {
                self.begun_fields(&mut out);
                json::raw_field(&mut out, "input", self.input());
            }
        }
        out.push(b'}');
        String::from_utf8(out).ok().and_then(|text| Json::parse(text).ok())
    }

    /// The input of a call, if it is JSON.
    fn input(&self) -> &str {
        let text = self.text.trim();
        if text.starts_with('{') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok() {
            return text;
        }
        "{}"
    }

    /// Appends the fields of the block as it began, without the input.
    fn begun_fields(&self, out: &mut Vec<u8>) {
        json::each_field(self.start.get(), |name, value| {
            if name != "input" {
                json::raw_field(out, name, value.get());
            }
        });
    }
}
