//! The wire of Responses, which OpenAI itself and Azure speak.

mod answer;
mod event;
mod message;
mod request;
mod usage;

use scorpio_core::model::WireKey;

pub(crate) use self::answer::ResponsesAnswer;
pub(in crate::openai) use self::request::encode;

/// The name of the wire.
pub(super) const WIRE: WireKey = "openai-responses";
