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

#[test]
fn a_list_is_bounded() {
    let read = |json: &str| serde_json::from_str::<List<Number, 2>>(json).map(|list| list.0.len());
    assert_eq!([read("null").unwrap(), read("[]").unwrap(), read("[1, null]").unwrap()], [0, 0, 2]);
    let refused = read("[1, 2, 3]").unwrap_err().to_string();
    assert!(refused.starts_with("invalid length 3, expected a list of at most 2 values"), "{refused}");
    assert!(read("{}").is_err());
}

#[test]
fn of_a_list_the_first_is_read() {
    let read = |json: &str| serde_json::from_str::<First<Number>>(json).map(|first| first.0);
    assert_eq!(read("[1, {\"a\": 2}]").unwrap(), Some(Number(Some(1))));
    assert_eq!([read("null").unwrap(), read("[]").unwrap()], [None, None]);
    assert!(read("[1, {]").is_err());
}
