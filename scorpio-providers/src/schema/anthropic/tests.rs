#![allow(clippy::unwrap_used)]

use scorpio_core::Json;

use super::super::{Subset, rewrite};

fn rewritten(schema: &str) -> String {
    rewrite(&Json::parse(schema).unwrap(), Subset::Anthropic).unwrap()
}

fn refused(schema: &str) -> String {
    rewrite(&Json::parse(schema).unwrap(), Subset::Anthropic).unwrap_err().to_string()
}

#[test]
fn what_may_be_left_out_stays_so() {
    let schema = r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","default":3}},"required":["a"]}"#;
    let expected = concat!(
        r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer","description":"default: 3"}},"#,
        r#""required":["a"],"additionalProperties":false}"#,
    );
    assert_eq!(rewritten(schema), expected);
}

#[test]
fn what_only_narrows_goes_into_the_description() {
    let property = |schema: &str| {
        let whole =
            rewritten(&format!(r#"{{"type":"object","properties":{{"a":{schema}}},"required":["a"]}}"#));
        let inner = whole.strip_prefix(r#"{"type":"object","properties":{"a":"#).unwrap().to_owned();
        inner.strip_suffix(r#"},"required":["a"],"additionalProperties":false}"#).unwrap().to_owned()
    };
    for (schema, expected) in [
        (
            r#"{"type":"integer","description":"A.","minimum":1,"maximum":10}"#,
            r#"{"type":"integer","description":"A. (minimum: 1, maximum: 10)"}"#,
        ),
        (r#"{"type":"string","pattern":"^h"}"#, r#"{"type":"string","description":"pattern: \"^h\""}"#),
        (r#"{"type":"string","format":"uri"}"#, r#"{"type":"string","format":"uri"}"#),
        (
            r#"{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":2}"#,
            r#"{"type":"array","items":{"type":"string"},"minItems":1,"description":"maxItems: 2"}"#,
        ),
        (
            r#"{"type":"array","items":{"type":"string"},"minItems":2}"#,
            r#"{"type":"array","items":{"type":"string"},"description":"minItems: 2"}"#,
        ),
    ] {
        assert_eq!(property(schema), expected);
    }
}

#[test]
fn what_holds_itself_is_refused() {
    let list = r##"{"type":"object","properties":{"head":{"$ref":"#/$defs/Node"}},"required":["head"],"$defs":{"Node":{
        "type":"object","properties":{"next":{"anyOf":[{"$ref":"#/$defs/Node"},{"type":"null"}]}},"required":["next"]}}}"##;
    assert!(refused(list).contains("holds itself"));
    let twice = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/P"},"b":{"$ref":"#/$defs/P"}},"required":["a","b"],
        "$defs":{"P":{"type":"object","properties":{"x":{"type":"string"}},"required":["x"]}}}"##;
    assert!(rewritten(twice).contains(r##""b":{"$ref":"#/$defs/P"}"##));
}

#[test]
fn what_leaves_too_much_open_is_refused() {
    let of = |count: usize, property: &str| {
        let properties: Vec<String> = (0..count).map(|place| format!(r#""p{place}":{property}"#)).collect();
        format!(r#"{{"type":"object","properties":{{{}}}}}"#, properties.join(","))
    };
    rewritten(&of(24, r#"{"type":"string"}"#));
    assert!(refused(&of(25, r#"{"type":"string"}"#)).contains("25 properties"));
    rewritten(&of(16, r#"{"type":["string","null"]}"#));
    assert!(refused(&of(17, r#"{"type":["string","null"]}"#)).contains("17 places"));
}
