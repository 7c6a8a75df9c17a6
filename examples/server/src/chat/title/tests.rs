use super::*;

#[test]
fn a_title_is_one_line_without_quotes() {
    assert_eq!(tidy("  \"Why is\n the  sky blue?\" ").as_deref(), Some("Why is the sky blue?"));
    assert_eq!(tidy("## **Sky**").as_deref(), Some("Sky"));
    assert_eq!(tidy("tab\there\u{0}").as_deref(), Some("tab here"));
    assert_eq!(tidy("\"\"\n"), None);
}

#[test]
fn a_long_title_is_cut_between_words() {
    let long =
        "Explain the whole history of the world in great detail and with many examples, please, right now";
    let title = tidy(long).unwrap();
    assert!(title.chars().count() <= LONGEST_TITLE && title.ends_with('…'), "{title}");
    assert!(long.starts_with(title.trim_end_matches('…')));
    let one_word = "ż".repeat(200);
    assert_eq!(tidy(&one_word).unwrap().chars().count(), LONGEST_TITLE);
    assert_eq!(tidy(&"x".repeat(LONGEST_TITLE)).unwrap(), "x".repeat(LONGEST_TITLE));
}

#[test]
fn a_message_without_text_has_a_title_too() {
    assert_eq!(first_words(&Message::new(scorpio_core::Role::User, Vec::new())), UNTITLED);
}
