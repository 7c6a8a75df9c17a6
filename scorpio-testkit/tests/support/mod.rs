//! Asking a strict provider in memory.

#![allow(dead_code, unreachable_pub)]

use http_body_util::BodyExt;
use scorpio_testkit::{StrictProvider, Wire};
use serde_json::Value;

/// A body or a header to change.
pub type Change = fn(&mut Value);

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The data of the events of a stream, without those that are no JSON.
    pub fn events(&self) -> Vec<Value> {
        let text = self.text().replace("\r\n", "\n");
        let data = text.split("\n\n").filter_map(|frame| {
            frame.lines().find_map(|line| line.strip_prefix("data: ").map(str::to_owned))
        });
        data.filter_map(|data| serde_json::from_str(&data).ok()).collect()
    }
}

pub fn path(wire: Wire, streams: bool) -> &'static str {
    match (wire, streams) {
        (Wire::OpenAiChat, _) => "/v1/chat/completions",
        (Wire::OpenAiResponses, _) => "/v1/responses",
        (Wire::AnthropicMessages, _) => "/v1/messages",
        (_, true) => "/v1beta/models/gemini-3-flash:streamGenerateContent?alt=sse",
        (_, false) => "/v1beta/models/gemini-3-flash:generateContent",
    }
}

pub fn headers(wire: Wire) -> &'static [(&'static str, &'static str)] {
    match wire {
        Wire::OpenAiChat | Wire::OpenAiResponses => &[("authorization", "Bearer key")],
        Wire::AnthropicMessages => &[("x-api-key", "key"), ("anthropic-version", "2026-10-21")],
        _ => &[("x-goog-api-key", "key")],
    }
}

/// Asks, and reads the answer to its end.
pub async fn ask(provider: &StrictProvider, wire: Wire, streams: bool, body: &Value) -> Answer {
    ask_with(provider, path(wire, streams), headers(wire), body).await
}

pub async fn ask_with(
    provider: &StrictProvider,
    path: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Answer {
    let request = headers
        .iter()
        .fold(http::Request::post(path), |request, (name, value)| request.header(*name, *value));
    let request = request.body(body.to_string().into()).unwrap();
    let (head, body) = provider.respond(request).await.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: head.status.as_u16(), headers: head.headers, bytes }
}
