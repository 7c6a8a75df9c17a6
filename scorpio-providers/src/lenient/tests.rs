use super::*;

fn text(json: &str) -> String {
    serde_json::from_str::<Text<'_>>(json).unwrap().0.into_owned()
}

fn number(json: &str) -> Option<u64> {
    serde_json::from_str::<Number>(json).unwrap().0
}

#[test]
fn borrows_a_text_without_escapes() {
    assert!(matches!(serde_json::from_str::<Text<'_>>("\"plain ü\"").unwrap().0, Cow::Borrowed("plain ü")));
    assert!(
        matches!(serde_json::from_str::<Text<'_>>(r#""a\nb""#).unwrap().0, Cow::Owned(text) if text == "a\nb")
    );
}

#[test]
fn what_is_no_text_is_empty() {
    for json in ["null", "1", "-1", "1.5", "true", "[1,[2]]", r#"{"a":{"b":1}}"#] {
        assert_eq!(text(json), "", "{json}");
    }
}

#[test]
fn what_is_no_number_is_absent() {
    assert_eq!(number("7"), Some(7));
    assert_eq!(number("7.9"), Some(7));
    assert_eq!(number("1e300"), Some(u64::MAX));
    for json in ["null", "-1", "-0.5", "\"7\"", "true", "[1]", "{}"] {
        assert_eq!(number(json), None, "{json}");
    }
}

#[test]
fn reads_content_in_parts() {
    let json = r#"[{"type":"thinking","thinking":[{"type":"text","text":"Hm"},{"type":"text","text":"…"}]},
        {"type":"text","text":"A"},{"type":"text","text":"B"},{"type":"reference","reference_ids":[1]}]"#;
    let content: Content<'_> = serde_json::from_str(json).unwrap();
    assert_eq!((content.text.as_ref(), content.thinking.as_ref()), ("AB", "Hm…"));
}
