//! The history as a model is to see it: where a summary stands for the older part, the summary and what came after that part.

use std::{borrow::Cow, fmt::Write, sync::Arc};

use crate::{
    Message, Part, Role,
    model::{Entry, Transcript},
};

/// What a model sees of `entries`, which are a whole history.
pub(super) fn view(entries: Vec<Arc<Entry>>) -> Transcript {
    let summary = entries.iter().enumerate().rev().find_map(|(at, entry)| {
        let replaced = entry.message().replaces.as_ref()?;
        let last = entries.iter().position(|other| other.message().id == *replaced)?;
        (last < at).then_some((at, last))
    });
    let mut transcript = Transcript::new();
    let Some((at, last)) = summary else {
        entries.into_iter().for_each(|entry| transcript.push_entry(entry));
        return transcript;
    };
    if let Some(summary) = entries.get(at) {
        transcript.push_entry(Arc::clone(summary));
    }
    for (place, entry) in entries.into_iter().enumerate().skip(last + 1) {
        if place == at || entry.message().replaces.is_some() {
            continue;
        }
        transcript.push_entry(if place < at { unbound(&entry) } else { entry });
    }
    transcript
}

/// The entry without what a model thought: that is bound to a beginning of the conversation that is gone. Without its origin it is as if
/// somebody else had written it, which every wire knows how to send.
fn unbound(entry: &Arc<Entry>) -> Arc<Entry> {
    if entry.message().origin.is_none() {
        return Arc::clone(entry);
    }
    let mut message = entry.message().clone();
    message.origin = None;
    message.parts.retain(|part| !matches!(part, Part::Reasoning(_) | Part::Opaque(_)));
    Arc::new(Entry::new(message))
}

/// About how many tokens a message has, as if four bytes made one.
pub(super) fn tokens(message: &Message) -> u64 {
    let bytes: usize = message.parts.iter().map(|part| text_of(part).len() + 8).sum();
    u64::try_from(bytes / 4).unwrap_or(u64::MAX)
}

/// How many of `entries`, from the oldest, are to be replaced so that about `keep` tokens stay. What stays begins where no call is parted
/// from its results.
pub(super) fn split(entries: &[Arc<Entry>], keep: u64) -> usize {
    let mut kept = 0;
    let mut at = entries.len();
    for (index, entry) in entries.iter().enumerate().rev() {
        kept += tokens(entry.message());
        if kept > keep {
            break;
        }
        if entry.message().role != Role::Tool {
            at = index;
        }
    }
    at
}

/// The messages as text for whoever writes the summary, at most about `limit` bytes of it. Long texts are cut in their middles, so that each
/// message has its say.
pub(super) fn render<'a>(messages: impl Iterator<Item = &'a Message> + Clone, limit: usize) -> String {
    let parts = messages.clone().map(|message| message.parts.len()).sum::<usize>().max(1);
    let each = (limit / parts).max(200);
    let mut text = String::new();
    for message in messages {
        let speaker = match message.role {
            Role::System => "System",
            Role::User => "User",
            Role::Assistant => "Assistant",
            Role::Tool => "Tool",
        };
        for part in &message.parts {
            if matches!(part, Part::Reasoning(_) | Part::Opaque(_)) {
                continue;
            }
            // Writing to a string does not fail.
            let _ = writeln!(text, "{speaker}: {}", shortened(&text_of(part), each));
        }
    }
    text
}

fn text_of(part: &Part) -> Cow<'_, str> {
    match part {
        Part::Text(text) => Cow::Borrowed(&text.text),
        Part::Reasoning(reasoning) => Cow::Borrowed(&reasoning.text),
        Part::ToolCall(call) => Cow::Owned(format!("calls {}({})", call.name, call.arguments)),
        Part::ToolResult(result) => {
            Cow::Owned(format!("{} answers: {}", result.name, result.output.display_text()))
        }
        Part::Media(media) => Cow::Owned(format!("[{}]", media.media_type)),
        Part::Source(source) => Cow::Borrowed(&source.url),
        _ => Cow::Borrowed(""),
    }
}

/// The beginning and the end of a text that is longer than `limit` bytes.
fn shortened(text: &str, limit: usize) -> Cow<'_, str> {
    if text.len() <= limit {
        return Cow::Borrowed(text);
    }
    let head = text.floor_char_boundary(limit / 2);
    let tail = text.ceil_char_boundary(text.len() - limit / 2);
    let (begin, end) = (text.get(..head).unwrap_or_default(), text.get(tail..).unwrap_or_default());
    Cow::Owned(format!("{begin} […] {end}"))
}

#[cfg(test)]
mod tests;
