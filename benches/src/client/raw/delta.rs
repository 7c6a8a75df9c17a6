//! What a hand-written reader needs of each wire to show a text as it is written.

use std::borrow::Cow;

use anyhow::Result;
use serde::Deserialize;
use serde_json::json;

use super::wire::Chunk;
use crate::{
    conversation::{INSTRUCTIONS, QUESTION},
    wire::Wire,
};

/// The body of a request on a wire other than Chat Completions.
pub(super) fn request(wire: Wire, model: &str) -> Vec<u8> {
    let body = match wire {
        Wire::Anthropic => json!({
            "model": model, "max_tokens": 4096, "system": INSTRUCTIONS, "stream": true,
            "messages": [{"role": "user", "content": QUESTION}],
        }),
        Wire::Gemini => json!({
            "systemInstruction": {"parts": [{"text": INSTRUCTIONS}]},
            "contents": [{"role": "user", "parts": [{"text": QUESTION}]}],
        }),
        Wire::Chat | Wire::Responses => json!({
            "model": model, "instructions": INSTRUCTIONS, "stream": true, "store": false,
            "input": [{"role": "user", "content": QUESTION}],
        }),
    };
    body.to_string().into_bytes()
}

/// The piece of text in an event, if there is one.
pub(super) fn text_delta(wire: Wire, data: &[u8]) -> Result<Option<Cow<'_, str>>> {
    Ok(match wire {
        Wire::Chat => {
            let chunk: Chunk<'_> = serde_json::from_slice(data)?;
            chunk.choices.into_iter().next().and_then(|choice| choice.delta.content)
        }
        Wire::Responses => {
            let event: ResponsesEvent<'_> = serde_json::from_slice(data)?;
            event.delta.filter(|_| event.kind == "response.output_text.delta")
        }
        Wire::Anthropic => {
            let event: AnthropicEvent<'_> = serde_json::from_slice(data)?;
            event.delta.and_then(|delta| delta.text)
        }
        Wire::Gemini => {
            let event: GeminiEvent<'_> = serde_json::from_slice(data)?;
            let candidate = event.candidates.into_iter().next();
            let parts = candidate.and_then(|candidate| candidate.content).map(|content| content.parts);
            parts.and_then(|parts| parts.into_iter().next()).and_then(|part| part.text)
        }
    })
}

#[derive(Deserialize)]
struct ResponsesEvent<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    delta: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct AnthropicEvent<'a> {
    #[serde(borrow, default)]
    delta: Option<AnthropicDelta<'a>>,
}

#[derive(Deserialize)]
struct AnthropicDelta<'a> {
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct GeminiEvent<'a> {
    #[serde(borrow, default)]
    candidates: Vec<GeminiCandidate<'a>>,
}

#[derive(Deserialize)]
struct GeminiCandidate<'a> {
    #[serde(borrow, default)]
    content: Option<GeminiContent<'a>>,
}

#[derive(Deserialize)]
struct GeminiContent<'a> {
    #[serde(borrow, default)]
    parts: Vec<GeminiPart<'a>>,
}

#[derive(Deserialize)]
struct GeminiPart<'a> {
    #[serde(borrow, default)]
    text: Option<Cow<'a, str>>,
}
