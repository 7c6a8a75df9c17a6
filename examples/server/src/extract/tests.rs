use axum::http::HeaderValue;

use super::*;

#[test]
fn counts_levels_and_not_brackets_in_strings() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    assert!(!is_deeper_than(nested(64).as_bytes(), 64));
    assert!(is_deeper_than(nested(65).as_bytes(), 64));
    assert!(!is_deeper_than(br#"["[[[[\"[[[[", {"a\\": "{{{{"}]"#, 2));
    assert!(!is_deeper_than(b"[[],[],[],[]]", 2));
}

#[test]
fn takes_json_in_utf_8_only() {
    let accepted = |value: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(value));
        check_content_type(&headers).is_ok()
    };
    assert!(accepted("application/json"));
    assert!(accepted("Application/JSON; charset=UTF-8"));
    assert!(accepted("application/json; charset=\"utf-8\""));
    for refused in ["", "text/plain", "application/json5", "application/json; charset=utf-16", "text/json"] {
        assert!(!accepted(refused), "{refused}");
    }
    assert!(check_content_type(&HeaderMap::new()).is_err());
}

#[derive(Debug, serde::Deserialize)]
struct Outer {
    #[allow(dead_code)]
    items: Vec<Inner>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Inner {
    #[allow(dead_code)]
    text: String,
}

#[test]
fn names_the_place_of_an_error() {
    let told = |json: &str| format!("{:?}", parse::<Outer>(json.as_bytes()).unwrap_err());
    assert!(told(r#"{"items":[{"text":"a"},{"text":7}]}"#).contains(r#"path: "items[1].text""#));
    assert!(told(r#"{"items":[{"text":"a","x":1}]}"#).contains(r#"path: "items[0].x""#));
    assert!(told("{}").contains("missing field `items`"));
    assert!(told(r#"{"items":[]} {}"#).contains("after the end"));
    assert!(told("\u{feff}{}").contains("expected value"));
    assert!(told(r#"{"items":[],"items":[]}"#).contains("duplicate field"));
}
