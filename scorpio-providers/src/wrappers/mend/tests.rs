use super::*;

fn mended(text: &str) -> Option<String> {
    object(text).map(|(text, _)| text.into_owned())
}

#[test]
fn what_is_an_object_stays_as_it_is() {
    for text in ["{}", r#"{"a": 1.0,  "b":[1e400]}"#, " {\"a\":\"```\"}\n"] {
        let (same, mended) = object(text).unwrap();
        assert_eq!((&*same, mended), (text, Mended::default()));
        assert!(matches!(same, Cow::Borrowed(_)));
    }
}

#[test]
fn what_can_be_read_in_one_way_is_mended() {
    for (text, expected) in [
        // In a string, in a block, in both.
        (r#""{\"a\":1}""#, r#"{"a":1}"#),
        ("```json\n{\"a\":1}\n```", "{\"a\":1}\n"),
        ("```{\"a\":1}```", "{\"a\":1}"),
        ("```json {\"a\":1} ```", " {\"a\":1} "),
        ("\"```\\n{'a': 1}\\n```\"", r#"{"a":1}"#),
        // Quotes.
        ("{'a': 'It\\'s \"it\"'}", r#"{"a":"It's \"it\""}"#),
        ("{“a”: “b”}", r#"{"a":"b"}"#),
        ("{a: 1, b-c: 2, $d: 3}", r#"{"a":1,"b-c":2,"$d":3}"#),
        // Words.
        ("{'a': True, 'b': False, 'c': None}", r#"{"a":true,"b":false,"c":null}"#),
        // Commas.
        (r#"{"a":[1,2,],"b":{"c":1,},}"#, r#"{"a":[1,2],"b":{"c":1}}"#),
        ("{\"a\": 1\n \"b\": \"x\" \"c\": []}", r#"{"a":1,"b":"x","c":[]}"#),
        // Comments.
        ("{// one\n\"a\": /* two */ 1}", r#"{"a":1}"#),
        // Strings.
        ("{\"a\": \"one\ntwo\tthree\u{1}\"}", "{\"a\":\"one\\ntwo\\tthree\\u0001\"}"),
        (r#"{"a": "C:\dir\d+"}"#, r#"{"a":"C:\\dir\\d+"}"#),
        // Brackets.
        (r#"{"a": {"b": [1, 2], "c": "x""#, r#"{"a":{"b":[1,2],"c":"x"}}"#),
        (r#"{"a": ["x""#, r#"{"a":["x"]}"#),
        (r#"{"a": "x","#, r#"{"a":"x"}"#),
        (r#"{"a": 1}}"#, r#"{"a":1}"#),
        // Numbers keep their digits.
        ("{a: 12345678901234567890.10}", r#"{"a":12345678901234567890.10}"#),
    ] {
        let mended = mended(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(mended, expected, "{text}");
        serde_json::from_str::<serde_json::Value>(&mended).unwrap();
    }
}

#[test]
fn nothing_is_made_up() {
    for text in [
        "",
        "[]",
        "[{\"a\":1}]",
        "1",
        "null",
        "\"a\"",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":}",
        "{\"a\":,\"b\":1}",
        // A string or a number that was cut.
        "{\"a\": \"b",
        "{\"a\": 12",
        "{\"a\": tru",
        // Which quote ends it?
        "{\"a\": \"say \"hi\" now\"}",
        "{a: hello}",
        "{a: undefined, b: NaN}",
        "{\"a\": 1} {\"a\": 2}",
        "{\"a\": 1} and that is all",
        "Sure: {\"a\": 1}",
        "{\"a\": [1 2]}",
        "{a b: 1}",
        "{\"a\": 01}",
        "{\"a\": 1]",
        "{/",
        "{/* \"a\": 1}",
        "{\"a\": \"\\u12\"}",
    ] {
        assert_eq!(mended(text), None, "{text}");
    }
}

#[test]
fn it_ends_soon_and_uses_little() {
    for text in [
        "[".repeat(200_000),
        "{\"a\":".repeat(60_000),
        "{'a':'".repeat(40_000),
        format!("{{'a':{}", "[[".repeat(100_000)),
        "\"".repeat(250_000),
        "```".repeat(80_000),
        "/*".repeat(100_000),
        format!("{{'a':'{}'", "x".repeat(300 << 10)),
    ] {
        assert_eq!(mended(&text), None);
    }
    // An object is one, however large it is.
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(300 << 10));
    assert_eq!(mended(&large).as_deref(), Some(&*large));
}
