//! What Responses answers: a response, or the events in which its items come to be.

use serde_json::{Value, json};

use super::ids;
use crate::{
    answer::{Answering, Data, Event},
    json::{at, field, items, set, text},
    turn::{Part, Stop, Turn, Usage},
};

/// The answer, whole.
pub(crate) fn whole(turn: &Turn, to: &Answering<'_>) -> Value {
    let mut response = response(to, "completed");
    set(&mut response, "output", output(turn, to));
    set(&mut response, "usage", usage(turn.usage));
    let reason = match turn.stops() {
        Stop::Length => Some("max_output_tokens"),
        Stop::ContentFilter => Some("content_filter"),
        _ => None,
    };
    if let Some(reason) = reason {
        set(&mut response, "status", "incomplete");
        set(&mut response, "incomplete_details", json!({"reason": reason}));
    }
    response
}

/// The answer, event by event.
pub(crate) fn events(turn: &Turn, to: &Answering<'_>) -> Vec<Event> {
    let begun = response(to, "in_progress");
    let mut events = vec![
        Event::named("response.created", json!({"type": "response.created", "response": begun})),
        Event::named("response.in_progress", json!({"type": "response.in_progress", "response": begun})),
    ];
    let items: Vec<Pieces> =
        output(turn, to).into_iter().enumerate().map(|(place, item)| Pieces::of(place, &item, to)).collect();
    events.extend(ordered(items, to));
    let whole = whole(turn, to);
    let last =
        if text(&whole, "status") == "completed" { "response.completed" } else { "response.incomplete" };
    events.push(Event::named(last, json!({"type": last, "response": whole})));
    for (number, event) in events.iter_mut().enumerate() {
        if let Data::Json(data) = &mut event.data {
            set(data, "sequence_number", number);
        }
    }
    events
}

/// The events of an item.
#[derive(Default)]
struct Pieces {
    added: Vec<Event>,
    deltas: Vec<Event>,
    done: Vec<Event>,
}

fn ordered(pieces: Vec<Pieces>, to: &Answering<'_>) -> Vec<Event> {
    if !to.style.interleaved && !to.style.out_of_order {
        return pieces.into_iter().flat_map(|item| [item.added, item.deltas, item.done]).flatten().collect();
    }
    let (mut added, mut deltas, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for item in pieces {
        added.extend(item.added);
        deltas.push(item.deltas);
        done.push(item.done);
    }
    if to.style.out_of_order {
        deltas.reverse();
        done.reverse();
    }
    added.extend(to.style.merged(deltas));
    added.extend(done.into_iter().flatten());
    added
}

impl Pieces {
    fn of(place: usize, item: &Value, to: &Answering<'_>) -> Self {
        let mut pieces = Self::default();
        let id = text(item, "id");
        let event = |kind: &'static str, more: Value| {
            let mut data = json!({"type": kind, "output_index": place, "item_id": id});
            if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
                data.extend(more);
            }
            Event::named(kind, data)
        };
        let mut begun = item.clone();
        set(&mut begun, "status", "in_progress");
        match text(item, "type") {
            "message" => {
                set(&mut begun, "content", Vec::<Value>::new());
                let content = field(item, "content").get(0).cloned().unwrap_or_default();
                let said = text(&content, "text");
                let empty = json!({"type": "output_text", "text": "", "annotations": [], "logprobs": []});
                pieces
                    .deltas
                    .push(event("response.content_part.added", json!({"content_index": 0, "part": empty})));
                pieces.deltas.extend(to.style.deltas(said).into_iter().map(|delta| {
                    event(
                        "response.output_text.delta",
                        json!({"content_index": 0, "delta": delta, "logprobs": [], "obfuscation": "x"}),
                    )
                }));
                pieces.done.push(event(
                    "response.output_text.done",
                    json!({"content_index": 0, "text": said, "logprobs": []}),
                ));
                pieces
                    .done
                    .push(event("response.content_part.done", json!({"content_index": 0, "part": content})));
            }
            "reasoning" => {
                // The content is only whole at the end.
                set(&mut begun, "summary", Vec::<Value>::new());
                set(&mut begun, "encrypted_content", "");
                pieces.reasoning(item, to, &event);
            }
            "function_call" => {
                set(&mut begun, "arguments", "");
                let arguments = text(item, "arguments");
                pieces.deltas.extend(to.style.deltas(arguments).into_iter().map(|delta| {
                    event(
                        "response.function_call_arguments.delta",
                        json!({"delta": delta, "obfuscation": "x"}),
                    )
                }));
                let name = text(item, "name");
                pieces.done.push(event(
                    "response.function_call_arguments.done",
                    json!({"arguments": arguments, "name": name}),
                ));
            }
            _ => {}
        }
        let whole = |kind: &'static str, item: &Value| {
            Event::named(kind, json!({"type": kind, "output_index": place, "item": item}))
        };
        pieces.added.push(whole("response.output_item.added", &begun));
        pieces.done.push(whole("response.output_item.done", item));
        pieces
    }

    fn reasoning(&mut self, item: &Value, to: &Answering<'_>, event: &dyn Fn(&'static str, Value) -> Event) {
        for (index, part) in items(field(item, "summary")).iter().enumerate() {
            let said = text(part, "text");
            let empty = json!({"type": "summary_text", "text": ""});
            self.deltas.push(event(
                "response.reasoning_summary_part.added",
                json!({"summary_index": index, "part": empty}),
            ));
            self.deltas.extend(to.style.deltas(said).into_iter().map(|delta| {
                event(
                    "response.reasoning_summary_text.delta",
                    json!({"summary_index": index, "delta": delta, "obfuscation": "x"}),
                )
            }));
            self.deltas.push(event(
                "response.reasoning_summary_text.done",
                json!({"summary_index": index, "text": said}),
            ));
            self.deltas.push(event(
                "response.reasoning_summary_part.done",
                json!({"summary_index": index, "part": part}),
            ));
        }
    }
}

/// The items of the output.
fn output(turn: &Turn, to: &Answering<'_>) -> Vec<Value> {
    let mut needs = None;
    let mut output = Vec::with_capacity(turn.say.len());
    for (place, part) in turn.say.iter().enumerate() {
        let id = |kind: &str, needs: Option<usize>| ids::issue(to, kind, place, needs);
        let reasoning = |summary: Value| {
            let id = id("rs", None);
            let encrypted = ids::encrypt(to.seal, to.model(), &to.admission.prefix, &id);
            json!({"type": "reasoning", "id": id, "summary": summary, "encrypted_content": encrypted, "status": "completed"})
        };
        output.push(match part {
            Part::Reasoning(text) => {
                needs = Some(place);
                reasoning(json!([{"type": "summary_text", "text": text}]))
            }
            Part::HiddenReasoning => {
                needs = Some(place);
                reasoning(json!([]))
            }
            Part::Text(text) => json!({
                "type": "message", "id": id("msg", needs), "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}],
            }),
            Part::Call { name, arguments, id: call_id } => {
                let made_up = || format!("call_{}{place:02x}", to.nonce);
                json!({
                    "type": "function_call", "id": id("fc", needs), "status": "completed",
                    "call_id": call_id.clone().unwrap_or_else(made_up),
                    "name": name, "arguments": Part::arguments(arguments),
                })
            }
            Part::ServerSearch { query } => json!({
                "type": "web_search_call", "id": id("ws", needs), "status": "completed",
                "action": {"type": "search", "query": query},
            }),
        });
    }
    output
}

/// A response without its output.
fn response(to: &Answering<'_>, status: &str) -> Value {
    let body = to.request.body();
    let tool_choice = match field(body, "tool_choice") {
        Value::Null => json!("auto"),
        choice => choice.clone(),
    };
    let mut response = json!({
        "id": format!("resp_{}", to.nonce),
        "object": "response",
        "created_at": 1_790_000_000,
        "status": status,
        "model": to.model(),
        "output": [],
        "error": null,
        "incomplete_details": null,
        "instructions": field(body, "instructions"),
        "metadata": {},
        "parallel_tool_calls": at(body, &["parallel_tool_calls"]).as_bool().unwrap_or(true),
        "tool_choice": tool_choice,
        "tools": items(field(body, "tools")),
        "store": false,
        "usage": null,
    });
    if !to.admission.transformations.is_empty() {
        set(&mut response, "input_transformations", to.admission.transformations.clone());
    }
    response
}

fn usage(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.prompt(),
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": usage.cache_write},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt() + usage.output,
    })
}
