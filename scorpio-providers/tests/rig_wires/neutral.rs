//! Answers without what belongs to their vendor: ids, native items, and how they were cut into pieces.

use std::collections::BTreeMap;

use futures::StreamExt;
use scorpio_core::{
    Message, Part,
    model::{CallContext, FinishReason, LlmProvider, ModelEvent, ModelRequest, PartKind},
};

/// An answer, as it comes from the events.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub parts: Vec<String>,
    pub reason: FinishReason,
    /// Read, read from the cache, and written.
    pub usage: (u64, u64, u64),
}

/// Streams an answer. What the deltas say and what the parts say must be the same.
pub async fn stream(provider: &dyn LlmProvider, request: ModelRequest) -> Answer {
    let events = provider.stream(request, &CallContext::new()).await.unwrap();
    let events: Vec<ModelEvent> = events.map(Result::unwrap).collect().await;
    let mut deltas: BTreeMap<u32, String> = BTreeMap::new();
    let (mut parts, mut kinds) = (BTreeMap::new(), BTreeMap::new());
    let (mut reason, mut usage) = (None, (0, 0, 0));
    for event in &events {
        match event {
            ModelEvent::PartStart { index, kind } => {
                assert!(kinds.insert(*index, kind.clone()).is_none(), "a part begins twice");
            }
            ModelEvent::Delta { index, text } => {
                assert!(kinds.contains_key(index) && !parts.contains_key(index), "a delta at a wrong time");
                deltas.entry(*index).or_default().push_str(text);
            }
            ModelEvent::PartEnd { index, part } => {
                assert!(kinds.contains_key(index), "a part ends that has not begun");
                assert!(parts.insert(*index, part.as_ref().clone()).is_none(), "a part ends twice");
            }
            ModelEvent::Usage(told) => usage = (told.input, told.cache_read, told.output),
            ModelEvent::Finish { reason: told } => {
                assert_eq!(reason.replace(*told), None, "the answer finishes twice");
            }
            _ => {}
        }
    }
    assert_eq!(parts.len(), kinds.len(), "a part has no end");
    for (index, part) in &parts {
        let said = deltas.get(index).map(String::as_str).unwrap_or_default();
        match (part, &kinds[index]) {
            (Part::Text(text), PartKind::Text) => assert_eq!(text.text, said),
            (Part::Reasoning(reasoning), PartKind::Reasoning) => assert_eq!(reasoning.text, said),
            (Part::ToolCall(call), PartKind::ToolCall { call_id, name }) => {
                assert_eq!((&call.call_id, &call.name), (call_id, name));
                assert_eq!(arguments(&call.arguments), arguments(said));
            }
            (Part::Opaque(_), PartKind::Opaque) => {}
            (part, kind) => panic!("{kind:?} became {part:?}"),
        }
    }
    Answer { parts: parts.values().filter_map(neutral).collect(), reason: reason.unwrap(), usage }
}

/// The parts of messages.
pub fn messages<'a>(messages: impl IntoIterator<Item = &'a Message>) -> Vec<Vec<String>> {
    messages.into_iter().map(|message| message.parts.iter().filter_map(neutral).collect()).collect()
}

fn neutral(part: &Part) -> Option<String> {
    match part {
        Part::Text(part) => Some(format!("text {}", part.text)),
        Part::Reasoning(part) if !part.text.is_empty() => Some(format!("reasoning {}", part.text)),
        Part::ToolCall(call) => Some(format!("call {} {}", call.name, arguments(&call.arguments))),
        Part::ToolResult(result) => Some(format!("result {} {}", result.name, result.output.display_text())),
        // Reasoning of which there is but a signature or an encrypted item, or whatever else is of one vendor.
        _ => None,
    }
}

/// The arguments of a call. None are an empty object.
fn arguments(text: &str) -> serde_json::Value {
    match text.trim() {
        "" => serde_json::json!({}),
        text => serde_json::from_str(text).unwrap(),
    }
}
