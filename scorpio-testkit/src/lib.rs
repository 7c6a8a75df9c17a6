//! A strict fake of the model providers, to test agents and clients against.
//!
//! [`StrictProvider`] speaks the wires of OpenAI (Chat Completions and Responses), Anthropic (Messages) and Gemini (generateContent),
//! streamed and not. It says what a [`Script`] tells it, each vendor's way, and it holds every request to the vendor's rules: a history with
//! a call that nobody answered, a signature that changed or a prefix that is not the one of before gets the vendor's own 400.
//!
//! Whatever it issues (ids, signatures, encrypted reasoning) is made from the conversation and a key. It checks them without having to
//! remember them, so one server serves any number of conversations, and one that was killed goes on where it was.
#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
mod anthropic;
mod body;
mod chat;
mod conversation;
mod fault;
mod gemini;
mod json;
mod openai;
mod provider;
mod request;
mod responses;
mod rule;
mod schema;
mod script;
mod seal;
#[cfg(feature = "server")]
mod server;
mod stream;
mod style;
mod turn;
mod wire;

#[cfg(feature = "server")]
pub use self::server::Running;
pub use self::{
    body::AnswerBody,
    conversation::{Conversation, Step, ToolCall, ToolResult},
    fault::Fault,
    provider::StrictProvider,
    request::{Asked, Request, Verdict},
    rule::{Refusal, Rule},
    script::{Dialogue, Script, ScriptError},
    style::Style,
    turn::{Part, Stop, Turn, Usage},
    wire::Wire,
};
