//! A server in memory that holds each request to the rules of Anthropic's Messages, thinking that is bound to its conversation among them,
//! and answers with the turns of a script.

mod rules;
mod script;

use std::{
    collections::VecDeque,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use scorpio_core::model::ModelError;
use scorpio_providers::{Transport, TransportBody};
use serde_json::{Value, json};

pub use self::script::Turn;

/// The beta in which thinking may be dropped.
const BINDING_CONTROLS: &str = "thinking-binding-controls-2026-08-01";

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub url: String,
    pub headers: HeaderMap,
    pub text: String,
    pub body: Value,
    /// What was refused in it.
    pub refusal: Option<String>,
}

/// The server. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Server(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Turn>,
    asked: Vec<Asked>,
    /// The answers that were given, block by block.
    issued: Vec<Vec<Value>>,
}

impl Server {
    pub fn new(script: impl IntoIterator<Item = Turn>) -> Self {
        let state = State { script: script.into_iter().collect(), ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.0.lock().unwrap().asked.clone()
    }

    /// What was refused, in order.
    pub fn refusals(&self) -> Vec<String> {
        self.asked().into_iter().filter_map(|asked| asked.refusal).collect()
    }

    /// The turns that nobody has asked for.
    pub fn left(&self) -> usize {
        self.0.lock().unwrap().script.len()
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: Request<Bytes>) -> Result<Response<TransportBody>, ModelError> {
        let (head, body) = request.into_parts();
        let mut state = self.0.lock().unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let body: Value = serde_json::from_str(&text).unwrap();
        let judged = state.judge(&head.uri.to_string(), &head.headers, &body);
        state.asked.push(Asked {
            url: head.uri.to_string(),
            headers: head.headers,
            text,
            body,
            refusal: judged.as_ref().err().cloned(),
        });
        let response = Response::builder().header("request-id", "req_7");
        Ok(match judged {
            Err(message) => {
                let error = json!({"type": "error", "request_id": "req_7",
                    "error": {"type": "invalid_request_error", "message": message}});
                let response = response.status(400).header("content-type", "application/json");
                response.body(error.to_string().into_bytes().into()).unwrap()
            }
            Ok((prefix, dropped)) => {
                let turn = state.script.pop_front().expect("the script has a turn for it");
                let blocks = turn.blocks(prefix);
                let events = turn.events(&blocks, &dropped);
                state.issued.push(blocks);
                let response = response
                    .header("content-type", "text/event-stream; charset=utf-8")
                    .header("anthropic-ratelimit-requests-limit", "50")
                    .header("anthropic-ratelimit-requests-remaining", "49");
                response.body(events.into_bytes().into()).unwrap()
            }
        })
    }
}

impl State {
    /// The conversation that the answer is bound to, and what of the history was dropped.
    fn judge(&self, url: &str, headers: &HeaderMap, body: &Value) -> Result<(u64, Vec<Value>), String> {
        rules::headers(url, headers, body)?;
        rules::fields(body)?;
        rules::conversation(body)?;
        let binding = &body["thinking"]["block_binding"]["prefix_mismatch_behavior"];
        let betas = headers.get("anthropic-beta").map_or("", |value| value.to_str().unwrap());
        let drops = binding == "drop_block" && betas.split(',').any(|beta| beta == BINDING_CONTROLS);
        if !binding.is_null() && !drops {
            return Err("thinking.block_binding: Extra inputs are not permitted".to_owned());
        }
        self.bound(body, drops)
    }

    /// Follows the conversation, and holds all thinking to what was said before it.
    fn bound(&self, body: &Value, drops: bool) -> Result<(u64, Vec<Value>), String> {
        let (mut dropped, mut kept) = (Vec::new(), Vec::new());
        for (place, message) in body["messages"].as_array().unwrap().iter().enumerate() {
            let prefix = prefix(body, &kept);
            let blocks = message["content"].as_array().unwrap();
            let mut left = Vec::new();
            for (index, block) in blocks.iter().enumerate() {
                let path = format!("messages.{place}.content.{index}");
                if !matches!(block["type"].as_str(), Some("thinking" | "redacted_thinking")) {
                    left.push(block.clone());
                    continue;
                }
                if !self.issued.iter().flatten().any(|issued| issued == block) {
                    return Err(format!(
                        "{path}: `thinking` or `redacted_thinking` blocks cannot be modified"
                    ));
                }
                let is_bound = script::is_bound(block, prefix);
                match (is_bound, drops) {
                    (true, _) => left.push(block.clone()),
                    (false, true) => dropped.push(json!({
                        "type": "thinking_dropped", "path": path, "reason": "prefix_binding_mismatch",
                    })),
                    (false, false) => {
                        return Err(format!(
                            "{path}: this `thinking` block is bound to a different conversation"
                        ));
                    }
                }
            }
            if !drops {
                self.complete(&format!("messages.{place}"), blocks)?;
            }
            kept.push(json!({"role": message["role"], "content": left}));
        }
        Ok((prefix(body, &kept), dropped))
    }

    /// An answer of this server comes back whole: nothing of the thinking before a call may be missing.
    fn complete(&self, path: &str, blocks: &[Value]) -> Result<(), String> {
        for issued in &self.issued {
            let call = issued.iter().find(|block| block["type"] == "tool_use");
            let Some(at) = call.and_then(|call| blocks.iter().position(|block| block["id"] == call["id"]))
            else {
                continue;
            };
            let before = issued.iter().take_while(|block| block["type"] != "tool_use");
            let thought = |block: &&Value| block["type"].as_str().unwrap().ends_with("thinking");
            let came_back = blocks[..at].iter().filter(thought).eq(before.filter(thought));
            let was_dropped = !blocks[..at].iter().any(|block| thought(&block));
            if !came_back && !was_dropped {
                return Err(format!("{path}: the thinking before `tool_use` is not as it was sent"));
            }
        }
        Ok(())
    }
}

/// A conversation, up to some place. A mark for the cache is no part of it.
fn prefix(body: &Value, before: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    json!([body["system"], body["tools"], before]).to_string().hash(&mut hasher);
    hasher.finish()
}
