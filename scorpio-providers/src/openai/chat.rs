//! The wire of Chat Completions, which nearly every server speaks.

mod answer;
mod chunk;
mod message;
mod request;
mod usage;

use scorpio_core::model::WireKey;

pub(crate) use self::answer::ChatAnswer;
pub(in crate::openai) use self::request::encode;

/// The name of the wire.
pub(super) const WIRE: WireKey = "openai-chat";

#[cfg(test)]
mod tests;
