//! What the server says.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// A turn of the script.
#[derive(Debug, Clone)]
pub struct Turn {
    blocks: Vec<Value>,
    stop_reason: &'static str,
}

impl Turn {
    pub fn new() -> Self {
        Self { blocks: Vec::new(), stop_reason: "end_turn" }
    }

    pub fn thinking(mut self, text: &str) -> Self {
        self.blocks.push(json!({"type": "thinking", "thinking": text, "signature": ""}));
        self
    }

    pub fn redacted(mut self) -> Self {
        self.blocks.push(json!({"type": "redacted_thinking", "data": ""}));
        self
    }

    pub fn text(mut self, text: &str) -> Self {
        self.blocks.push(json!({"type": "text", "text": text}));
        self
    }

    pub fn call(mut self, id: &str, name: &str, input: Value) -> Self {
        self.blocks.push(json!({"type": "tool_use", "id": id, "name": name, "input": input}));
        self.stop_reason = "tool_use";
        self
    }

    /// Pauses in a tool of the server's own.
    pub fn pause(mut self) -> Self {
        let search = json!({"query": "x"});
        self.blocks.push(
            json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": search}),
        );
        self.stop_reason = "pause_turn";
        self
    }

    /// The blocks, with thinking bound to what was said before.
    pub(super) fn blocks(&self, prefix: u64) -> Vec<Value> {
        let mut blocks = self.blocks.clone();
        for block in &mut blocks {
            match block["type"].as_str() {
                Some("thinking") => block["signature"] = signature(prefix).into(),
                Some("redacted_thinking") => block["data"] = signature(prefix).into(),
                _ => {}
            }
        }
        blocks
    }

    /// The events of a stream.
    pub(super) fn events(&self, blocks: &[Value], dropped: &[Value]) -> String {
        let mut out = String::new();
        let mut message = json!({"id": "msg_1", "type": "message", "role": "assistant", "content": [],
            "usage": {"input_tokens": 5, "cache_read_input_tokens": 7, "cache_creation_input_tokens": 3, "output_tokens": 1}});
        if !dropped.is_empty() {
            message["input_transformations"] = dropped.into();
        }
        event(&mut out, &json!({"type": "message_start", "message": message}));
        event(&mut out, &json!({"type": "ping"}));
        for (index, block) in blocks.iter().enumerate() {
            let mut start = block.clone();
            let mut deltas = Vec::new();
            match block["type"].as_str().unwrap() {
                "thinking" => {
                    start["thinking"] = "".into();
                    start["signature"] = "".into();
                    deltas.push(json!({"type": "thinking_delta", "thinking": block["thinking"]}));
                    deltas.push(json!({"type": "signature_delta", "signature": block["signature"]}));
                }
                "text" => {
                    start["text"] = "".into();
                    let text: Vec<char> = block["text"].as_str().unwrap().chars().collect();
                    deltas.extend(text.chunks(3).map(
                        |piece| json!({"type": "text_delta", "text": piece.iter().collect::<String>()}),
                    ));
                }
                "tool_use" | "server_tool_use" => {
                    start["input"] = json!({});
                    let input = block["input"].to_string();
                    // Of an empty input nothing but an empty piece is sent.
                    let input = if input == "{}" { "" } else { &input };
                    let (one, two) = input.split_at(input.len() / 2);
                    deltas.extend(
                        [one, two].map(|piece| json!({"type": "input_json_delta", "partial_json": piece})),
                    );
                }
                _ => {}
            }
            event(&mut out, &json!({"type": "content_block_start", "index": index, "content_block": start}));
            for delta in deltas {
                event(&mut out, &json!({"type": "content_block_delta", "index": index, "delta": delta}));
            }
            event(&mut out, &json!({"type": "content_block_stop", "index": index}));
        }
        let delta = json!({"stop_reason": self.stop_reason, "stop_sequence": null});
        event(&mut out, &json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 11}}));
        event(&mut out, &json!({"type": "message_stop"}));
        out
    }
}

/// Whether thinking was thought after this.
pub(super) fn is_bound(block: &Value, prefix: u64) -> bool {
    block["signature"] == signature(prefix) || block["data"] == signature(prefix)
}

fn signature(prefix: u64) -> String {
    format!("sig+/{prefix:016x}==")
}

fn event(out: &mut String, event: &Value) {
    write!(out, "event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap()).unwrap();
}
