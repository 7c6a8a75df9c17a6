use super::*;

#[test]
fn an_object_goes_back_as_it_came() {
    for object in [r#"{"a": 1}"#, " \r\n\t{}\n", r#"{"a":"\u000b"}"#] {
        assert_eq!(as_object(object), object);
    }
    assert_eq!(as_object(" \n"), "{}");
}

#[test]
fn what_is_no_object_is_put_into_one() {
    // The last ones are an object in what Rust takes for space and JSON does not.
    for text in ["[1]", r#"{"a": "#, "{}{}", "{}\u{b}", "\u{a0}{}"] {
        let object = as_object(text);
        let object: serde_json::Value = serde_json::from_str(&object).unwrap();
        assert_eq!(object, serde_json::json!({"invalid_arguments": text}));
    }
}
