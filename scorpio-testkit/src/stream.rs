//! Events as bytes: frames, what stands between them, and where a fault cuts them.

use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use crate::{
    answer::Event,
    body::AnswerBody,
    fault::{Ending, Fault, FaultKind},
    style::Style,
    wire::Wire,
};

/// The body of a stream.
pub(crate) fn body(
    wire: Wire,
    mut events: Vec<Event>,
    style: &Style,
    fault: Option<&Fault>,
    request_id: &str,
) -> AnswerBody {
    let mut malformed = None;
    if let Some(fault) = fault
        && fault.after_bytes.is_none()
    {
        events.truncate(fault.after_events.unwrap_or(events.len() / 2));
    }
    if let Some(fault) = fault.filter(|fault| fault.kind == FaultKind::ErrorEvent) {
        events.push(wire.error_event(&fault.in_stream(wire), request_id));
    }
    if fault.is_some_and(|fault| fault.kind == FaultKind::NotJson) {
        malformed = Some("data: {\"type\": \"half\n\n");
    }
    let line_end = if style.crlf { "\r\n" } else { "\n" };
    let mut frames: Vec<String> = Vec::with_capacity(events.len());
    for event in &events {
        let mut frame = String::new();
        (0..style.pings).for_each(|_| frame.push_str(&ping(wire, line_end)));
        if style.unknown_events {
            frame.push_str(&unknown(wire).frame(line_end));
        }
        frame.push_str(&event.frame(line_end));
        frames.push(frame);
    }
    frames.extend(malformed.map(str::to_owned));
    let pause = Duration::from_millis(style.pause_ms);
    let ending = fault.map_or(Ending::Ends, Fault::ending);
    let cut = fault.and_then(|fault| fault.after_bytes);
    if style.split_bytes == 0 && cut.is_none() {
        return AnswerBody::new(frames.into_iter().map(Bytes::from), pause, ending);
    }
    let mut bytes = frames.concat().into_bytes();
    bytes.truncate(cut.unwrap_or(bytes.len()));
    let size = if style.split_bytes == 0 { bytes.len().max(1) } else { style.split_bytes };
    AnswerBody::new(bytes.chunks(size).map(Bytes::copy_from_slice), pause, ending)
}

fn ping(wire: Wire, line_end: &str) -> String {
    match wire {
        Wire::AnthropicMessages => Event::named("ping", json!({"type": "ping"})).frame(line_end),
        _ => format!(": ping{line_end}{line_end}"),
    }
}

fn unknown(wire: Wire) -> Event {
    match wire {
        Wire::OpenAiChat => Event::named("novelty", json!({"object": "novelty"})),
        Wire::OpenAiResponses => Event::named("response.novelty", json!({"type": "response.novelty"})),
        Wire::AnthropicMessages => Event::named("novelty", json!({"type": "novelty"})),
        Wire::GeminiGenerateContent => Event::unnamed(json!({"novelty": true})),
    }
}
