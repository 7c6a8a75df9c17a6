//! The UI message stream of the AI SDK, version 6: the view of a run that `useChat` and its relatives read.
//!
//! [`UiStream`] turns the events of a run into server-sent events, [`messages`] turns a stored history into the messages that such a
//! client begins with, and [`ClientMessage`] is what it posts. The format is defined by the npm package `ai`, version 6, in
//! `src/ui-message-stream/ui-message-chunks.ts` and `src/ui/ui-messages.ts`.

mod calls;
mod chunk;
mod client;
mod frames;
mod history;
mod part;
mod stream;

pub use self::{
    client::{ClientMessage, InvalidMessage},
    frames::{FrameId, InvalidFrameId},
    history::{UiMessage, messages},
    stream::UiStream,
};

/// The headers of the stream: `UI_MESSAGE_STREAM_HEADERS` of the package, save `connection`, which HTTP/2 forbids and HTTP/1.1 implies.
pub const HEADERS: [(&str, &str); 4] = [
    ("content-type", "text/event-stream"),
    ("cache-control", "no-cache"),
    ("x-vercel-ai-ui-message-stream", "v1"),
    ("x-accel-buffering", "no"),
];

/// What a stream says while nothing happens, so that nobody in between closes the connection.
pub const KEEP_ALIVE: &str = ": keep-alive\n\n";

#[cfg(test)]
mod tests;
