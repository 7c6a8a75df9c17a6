//! What of the history goes to the model: not the thinking that stands in texts.

use std::sync::Arc;

use scorpio_core::{
    Message, Part, Role,
    model::{Entry, Transcript},
};

use super::Tags;

/// The history without thinking in the texts of answers. None if there is none in it, so that what was encoded stays so.
pub(super) fn without_thinking(transcript: &Transcript, tags: &Tags) -> Option<Transcript> {
    if !transcript.messages().any(|message| thinks(message, tags)) {
        return None;
    }
    let mut thoughtless = Transcript::new();
    for entry in transcript.entries() {
        if thinks(entry.message(), tags) {
            thoughtless.push_entry(Arc::new(Entry::new(cleared(entry.message(), tags))));
        } else {
            thoughtless.push_entry(Arc::clone(entry));
        }
    }
    Some(thoughtless)
}

fn thinks(message: &Message, tags: &Tags) -> bool {
    let is_thinking = |part: &Part| matches!(part, Part::Text(text) if answer(&text.text, tags).is_some());
    message.role == Role::Assistant && message.parts.iter().any(is_thinking)
}

fn cleared(message: &Message, tags: &Tags) -> Message {
    let mut message = message.clone();
    let clear = |part| {
        let Part::Text(text) = part else { return Some(part) };
        match answer(&text.text, tags) {
            None => Some(Part::Text(text)),
            Some("") => None,
            Some(answer) => Some(Part::text(answer, text.provenance.clone())),
        }
    };
    message.parts = message.parts.into_iter().filter_map(clear).collect();
    message
}

/// What follows the thinking that `text` begins with, if it does.
fn answer<'a>(text: &'a str, tags: &Tags) -> Option<&'a str> {
    let mut rest = text.trim_start();
    let mut thought = false;
    while let Some(thinking) = rest.strip_prefix(tags.open.as_str()) {
        thought = true;
        // Thinking that broke off has no answer.
        rest = thinking.split_once(tags.close.as_str()).map_or("", |(_, rest)| rest).trim_start();
    }
    if !thought && tags.starts_inside {
        return rest.split_once(tags.close.as_str()).map(|(_, rest)| rest.trim_start());
    }
    thought.then_some(rest)
}
