use super::*;
use crate::{MessageId, Origin, ReasoningPart, ToolCallPart};

fn entry(id: &str, message: Message) -> Arc<Entry> {
    Arc::new(Entry::new(message.with_id(MessageId::parse(id).unwrap())))
}

fn thought(id: &str) -> Arc<Entry> {
    let parts =
        vec![Part::Reasoning(ReasoningPart::new("hm")), Part::ToolCall(ToolCallPart::new("c", "look", "{}"))];
    entry(id, Message::new(Role::Assistant, parts).with_origin(Origin::new("p", "w", "m")))
}

fn summary(id: &str, replaces: &str) -> Arc<Entry> {
    let mut message = Message::user("summary");
    message.replaces = Some(MessageId::parse(replaces).unwrap());
    entry(id, message)
}

fn ids(transcript: &Transcript) -> Vec<&str> {
    transcript.messages().map(|message| message.id.as_str()).collect()
}

#[test]
fn a_history_without_a_summary_is_seen_whole() {
    let entries = vec![entry("q", Message::user("q")), thought("a")];
    let seen = view(entries.clone());
    assert!(seen.entries().iter().zip(&entries).all(|(seen, entry)| Arc::ptr_eq(seen, entry)));
}

#[test]
fn a_summary_stands_first_and_thinking_before_it_is_gone() {
    let entries = vec![
        entry("q1", Message::user("q")),
        thought("a1"),
        thought("a2"),
        summary("s", "a1"),
        thought("a3"),
    ];
    let seen = view(entries);
    assert_eq!(ids(&seen), ["s", "a2", "a3"]);
    let parts: Vec<_> = seen.messages().map(|message| message.parts.len()).collect();
    assert_eq!(parts, [1, 1, 2], "what was thought after the summary stays");
    assert!(seen.entries()[1].message().origin.is_none());
}

#[test]
fn only_the_newest_summary_counts() {
    let entries = vec![
        entry("q1", Message::user("q")),
        entry("q2", Message::user("q")),
        summary("s1", "q1"),
        entry("q3", Message::user("q")),
        summary("s2", "q2"),
        entry("q4", Message::user("q")),
    ];
    assert_eq!(ids(&view(entries)), ["s2", "q3", "q4"]);
}

#[test]
fn a_summary_of_what_is_not_there_is_a_message_like_any_other() {
    let entries = vec![entry("q1", Message::user("q")), summary("s", "gone")];
    assert_eq!(ids(&view(entries)), ["q1", "s"]);
}

#[test]
fn a_call_is_not_parted_from_its_results() {
    let long = "x".repeat(400);
    let entries = vec![
        entry("q", Message::user(long.clone())),
        thought("a"),
        entry("t", Message::new(Role::Tool, vec![Part::text(long.clone(), crate::Provenance::System)])),
        entry("q2", Message::user(long)),
    ];
    assert_eq!(split(&entries, 0), 4);
    assert_eq!(split(&entries, 110), 3);
    assert_eq!(split(&entries, 208), 3, "the results alone would be orphans");
    assert_eq!(split(&entries, 240), 1);
    assert_eq!(split(&entries, 10_000), 0);
}

#[test]
fn long_texts_are_cut_in_the_middle() {
    let message = Message::user("begin ".repeat(1_000) + "end");
    let text = render([&message].into_iter(), 1_000);
    assert!(text.len() < 1_100 && text.starts_with("User: begin") && text.trim_end().ends_with("end"));
    assert!(text.contains("[…]"));
}
