//! The bytes of the answers, as OpenAI's servers send them. Each is made once.

use std::{collections::HashMap, sync::Arc};

use anyhow::Result;
use bytes::Bytes;
use serde_json::{Value, json};

use super::text;
use crate::{
    conversation::{ARGUMENTS, Conversation},
    wire::Wire,
};

const ID: &str = "chatcmpl-CeBQvR9XkTzm4nW2sLJ7yDpAfGh1K";
const CREATED: u64 = 1_760_000_000;

/// One answer.
#[derive(Debug, Clone)]
pub(super) enum Answer {
    /// It is streamed, event by event.
    Events(Arc<[Bytes]>),
    /// It is sent at once.
    Whole(Bytes),
}

/// The answers that were asked for so far.
#[derive(Debug, Default)]
pub(super) struct Answers {
    chat: HashMap<(Conversation, usize, bool), Answer>,
    texts: HashMap<(Wire, Conversation), Answer>,
}

impl Answers {
    /// What `model` answers after `turn` results of the tool.
    pub(super) fn get(&mut self, model: &str, turn: usize, stream: bool) -> Result<Answer> {
        let conversation = Conversation::of_model(model)?;
        let answer = self.chat.entry((conversation, turn, stream)).or_insert_with(|| {
            let said =
                if turn < conversation.tool_turns { Said::Call(turn) } else { Said::Text(conversation) };
            if stream { said.events(model) } else { said.whole(model) }
        });
        Ok(answer.clone())
    }

    /// The text that `model` streams on a wire other than Chat Completions.
    pub(super) fn text(&mut self, wire: Wire, model: &str) -> Result<Answer> {
        let conversation = Conversation::of_model(model)?;
        let answer = self
            .texts
            .entry((wire, conversation))
            .or_insert_with(|| Answer::Events(text::events(wire, model, conversation)));
        Ok(answer.clone())
    }
}

enum Said {
    Call(usize),
    Text(Conversation),
}

impl Said {
    fn finish_reason(&self) -> &'static str {
        match self {
            Self::Call(_) => "tool_calls",
            Self::Text(_) => "stop",
        }
    }

    fn whole(&self, model: &str) -> Answer {
        let message = match self {
            Self::Call(turn) => {
                let function = json!({"name": "add", "arguments": ARGUMENTS.concat()});
                let call = json!({"id": call_id(*turn), "type": "function", "function": function});
                json!({"role": "assistant", "content": null, "tool_calls": [call], "refusal": null, "annotations": []})
            }
            Self::Text(conversation) => {
                json!({"role": "assistant", "content": conversation.text(), "refusal": null, "annotations": []})
            }
        };
        let choice =
            json!({"index": 0, "message": message, "logprobs": null, "finish_reason": self.finish_reason()});
        let answer = json!({
            "id": ID, "object": "chat.completion", "created": CREATED, "model": model, "choices": [choice],
            "usage": usage(), "service_tier": "default", "system_fingerprint": "fp_f33640a400",
        });
        Answer::Whole(answer.to_string().into())
    }

    fn events(&self, model: &str) -> Answer {
        let mut events = match self {
            Self::Call(turn) => call_deltas(*turn),
            Self::Text(conversation) => text_deltas(*conversation),
        };
        events = events.into_iter().map(|delta| chunk(model, &choice(&delta, None), &Value::Null)).collect();
        let last = choice(&json!({}), Some(self.finish_reason()));
        events.push(chunk(model, &last, &Value::Null));
        events.push(chunk(model, &json!([]), &usage()));
        let events = events.iter().map(|event| format!("data: {event}\n\n").into());
        Answer::Events(events.chain([Bytes::from_static(b"data: [DONE]\n\n")]).collect())
    }
}

fn call_deltas(turn: usize) -> Vec<Value> {
    let first = json!({
        "role": "assistant", "content": null, "refusal": null,
        "tool_calls": [{
            "index": 0, "id": call_id(turn), "type": "function", "function": {"name": "add", "arguments": ""},
        }],
    });
    let arguments =
        ARGUMENTS.iter().map(|piece| json!({"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}));
    [first].into_iter().chain(arguments).collect()
}

fn text_deltas(conversation: Conversation) -> Vec<Value> {
    let first = json!({"role": "assistant", "content": "", "refusal": null});
    [first].into_iter().chain(conversation.text_deltas().map(|text| json!({"content": text}))).collect()
}

fn choice(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason}])
}

fn chunk(model: &str, choices: &Value, usage: &Value) -> Value {
    json!({
        "id": ID, "object": "chat.completion.chunk", "created": CREATED, "model": model, "service_tier": "default",
        "system_fingerprint": "fp_f33640a400", "choices": choices, "usage": usage,
    })
}

fn call_id(turn: usize) -> String {
    format!("call_{turn:024}")
}

fn usage() -> Value {
    json!({
        "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0,
        },
    })
}
