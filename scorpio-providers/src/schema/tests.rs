use serde_json::json;

use super::*;

fn strict_of(schema: &str) -> String {
    rewrite(&Json::parse(schema).unwrap(), Subset::OpenAi).unwrap()
}

/// The strict form of one required property `a`.
fn property(schema: &str) -> String {
    let strict = strict_of(&format!(r#"{{"type":"object","properties":{{"a":{schema}}},"required":["a"]}}"#));
    let inner = strict.strip_prefix(r#"{"type":"object","properties":{"a":"#).unwrap();
    inner.strip_suffix(r#"},"required":["a"],"additionalProperties":false}"#).unwrap().to_owned()
}

/// The strict form of one optional property `a`.
fn optional(schema: &str) -> String {
    let strict = strict_of(&format!(r#"{{"type":"object","properties":{{"a":{schema}}}}}"#));
    let inner = strict.strip_prefix(r#"{"type":"object","properties":{"a":"#).unwrap();
    inner.strip_suffix(r#"},"required":["a"],"additionalProperties":false}"#).unwrap().to_owned()
}

fn refused(schema: &str) -> String {
    rewrite(&Json::parse(schema).unwrap(), Subset::OpenAi).unwrap_err().to_string()
}

#[test]
fn objects_are_closed_and_keep_their_order() {
    let schema = r#"{"$schema":"x","title":"T","type":"object","properties":{"z":{"type":"string"},
        "a":{"type":"object","properties":{"b":{"type":"integer","format":"int32"}},"required":["b"]}},"required":["z","a"]}"#;
    let expected = concat!(
        r#"{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"object","properties":{"b":{"type":"integer"}},"#,
        r#""required":["b"],"additionalProperties":false}},"required":["z","a"],"additionalProperties":false}"#,
    );
    assert_eq!(strict_of(schema), expected);
    assert_eq!(
        strict_of(r#"{"type":"object"}"#),
        r#"{"type":"object","properties":{},"required":[],"additionalProperties":false}"#
    );
}

#[test]
fn what_may_be_left_out_may_be_null() {
    assert_eq!(optional(r#"{"type":"string"}"#), r#"{"type":["string","null"]}"#);
    assert_eq!(optional(r#"{"type":["string","null"],"default":null}"#), r#"{"type":["string","null"]}"#);
    assert_eq!(
        optional(r#"{"type":"string","enum":["x"]}"#),
        r#"{"type":["string","null"],"enum":["x",null]}"#
    );
    assert_eq!(optional(r#"{"const":"x"}"#), r#"{"anyOf":[{"type":"string","const":"x"},{"type":"null"}]}"#);
    let either = r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#;
    assert_eq!(optional(either), either);
    assert_eq!(
        optional(r#"{"oneOf":[{"type":"string"},{"type":"integer"}]}"#),
        r#"{"anyOf":[{"type":"string"},{"type":"integer"},{"type":"null"}]}"#
    );
}

#[test]
fn what_has_a_default_must_be_given_and_its_description_says_so() {
    let expected = r#"{"type":"integer","description":"How many. (default: 3)"}"#;
    assert_eq!(optional(r#"{"type":"integer","description":"How many.","default":3}"#), expected);
}

#[test]
fn what_only_narrows_goes_into_the_description() {
    let schema = r#"{"type":"string","minLength":1,"format":"uri","pattern":"^h","not":{"const":"x"}}"#;
    let expected = r#"{"type":"string","pattern":"^h","description":"minLength: 1, format: \"uri\", not: {\"const\":\"x\"}"}"#;
    assert_eq!(property(schema), expected);
    let kept = r#"{"type":"string","format":"date-time"}"#;
    assert_eq!(property(kept), kept);
    let kept = r#"{"type":"array","minItems":1,"maxItems":3,"items":{"type":"number","minimum":0,"multipleOf":0.5}}"#;
    assert_eq!(property(kept), kept);
}

#[test]
fn an_enum_has_a_type() {
    assert_eq!(property(r#"{"enum":["x","y"]}"#), r#"{"type":"string","enum":["x","y"]}"#);
    assert_eq!(
        property(r#"{"enum":["x",1,null]}"#),
        r#"{"type":["string","integer","null"],"enum":["x",1,null]}"#
    );
    let variants = r#"{"oneOf":[{"const":"x","description":"X."},{"const":true}]}"#;
    let expected =
        r#"{"anyOf":[{"type":"string","const":"x","description":"X."},{"type":"boolean","const":true}]}"#;
    assert_eq!(property(variants), expected);
}

#[test]
fn references_stand_alone_or_are_replaced() {
    let schema = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/P"},"b":{"$ref":"#/$defs/P","description":"Other."},
        "c":{"$ref":"#/$defs/P"}},"required":["a","b"],"$defs":{"P":{"type":"string","description":"P."}}}"##;
    let expected = concat!(
        r##"{"type":"object","$defs":{"P":{"type":"string","description":"P."}},"properties":{"a":{"$ref":"#/$defs/P"},"##,
        r##""b":{"description":"Other.","type":"string"},"c":{"anyOf":[{"$ref":"#/$defs/P"},{"type":"null"}]}},"##,
        r##""required":["a","b","c"],"additionalProperties":false}"##,
    );
    assert_eq!(strict_of(schema), expected);
}

#[test]
fn a_type_may_hold_itself() {
    let schema = r##"{"$ref":"#/$defs/Node","$defs":{"Node":{"type":"object","properties":{
        "child":{"description":"Next.","$ref":"#/$defs/Node"},"rest":{"type":"array","items":{"$ref":"#/$defs/Node"}}},
        "required":["child","rest"]}}}"##;
    let strict = strict_of(schema);
    assert!(strict.contains(r##""items":{"$ref":"#/$defs/Node"}"##), "{strict}");
}

#[test]
fn all_of_becomes_one() {
    let schema = r##"{"description":"Both.","allOf":[{"$ref":"#/$defs/P"},{"type":"object","properties":{"b":{"type":"string"}},
        "required":["b"]}],"$defs":{"P":{"type":"object","description":"P.","properties":{"a":{"type":"string"}},"required":["a"]}}}"##;
    let strict = strict_of(schema);
    let expected =
        r#""type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"required":["a","b"]"#;
    assert!(strict.contains(r#""description":"Both.""#) && !strict.contains("allOf"), "{strict}");
    assert!(
        strict.replace(r#""$defs":{"P":"#, "").contains(&expected.replace(r#""type":"object","#, "")),
        "{strict}"
    );
    let contradictory = r#"{"allOf":[{"type":"object","properties":{"a":{"type":"string"}}},{"properties":{"a":{"type":"null"}}}]}"#;
    assert!(refused(contradictory).contains("`a` in two ways"));
}

#[test]
fn what_cannot_be_expressed_is_named() {
    let at = |schema: &str| refused(&format!(r#"{{"type":"object","properties":{{"a":{schema}}}}}"#));
    for (schema, reason) in [
        (r#"{"type":"object","additionalProperties":{"type":"string"}}"#, "map"),
        (r#"{"type":"object","additionalProperties":true}"#, "map"),
        (r#"{"type":"object","patternProperties":{"^x":{}}}"#, "map"),
        (r#"{"type":"array","prefixItems":[{"type":"string"}]}"#, "tuple"),
        (r#"{"type":"array"}"#, "list of anything"),
        ("true", "any value"),
        ("{}", "any value"),
        (r#"{"description":"x"}"#, "any value"),
        (r##"{"$ref":"#/$defs/No"}"##, "points nowhere"),
        (r#"{"$ref":"https://example.com/x"}"#, "points out"),
    ] {
        let error = at(schema);
        assert!(error.contains("/properties/a") && error.contains(reason), "{schema}: {error}");
    }
    assert!(refused(r#"{"type":"array","items":{"type":"string"}}"#).contains("the root"));
    assert!(refused(r#"{"anyOf":[{"type":"object"},{"type":"null"}]}"#).contains("the root"));
    assert!(refused("7").contains("the root"));
}

#[test]
fn endless_schemas_end() {
    let deep =
        format!("{}{{\"type\":\"string\"}}{}", r#"{"type":"array","items":"#.repeat(90), "}".repeat(90));
    assert!(refused(&format!(r#"{{"type":"object","properties":{{"a":{deep}}}}}"#)).contains("too deep"));
    let itself = r##"{"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},"$defs":{"A":{"allOf":[{"$ref":"#/$defs/A"}]}}}"##;
    assert!(refused(itself).contains("too deep"));
    let depth = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(refused(&format!(r#"{{"x":{depth}}}"#)).contains("recursion limit"));
}

#[test]
fn a_short_schema_that_stands_for_one_without_end_is_refused() {
    let doubling = |depth: usize| {
        let twice = |next: String| {
            let reference = json!({"$ref": format!("#/$defs/{next}"), "description": "Either."});
            json!({"type": "object", "properties": {"a": reference, "b": reference}})
        };
        let mut definitions = serde_json::Map::new();
        for level in 0..depth {
            definitions.insert(level.to_string(), twice((level + 1).to_string()));
        }
        definitions.insert(depth.to_string(), json!({"type": "string"}));
        json!({"type": "object", "properties": {"x": {"$ref": "#/$defs/0"}}, "$defs": definitions})
    };
    let itself = json!({"type": "object", "allOf": [{"$ref": "#"}, {"$ref": "#"}]});
    for schema in [doubling(30), itself] {
        for subset in [Subset::OpenAi, Subset::Anthropic] {
            let refused = rewrite(&Json::new(&schema).unwrap(), subset).unwrap_err().to_string();
            assert!(refused.contains("more than 100000 values"), "{refused}");
        }
    }
    assert!(rewrite(&Json::new(&doubling(3)).unwrap(), Subset::OpenAi).is_ok());
}

#[test]
fn a_schema_that_is_too_long_or_too_deep_is_refused() {
    let long = json!({"type": "object", "description": "x".repeat(1 << 20)});
    let deep =
        format!("{}{}", r#"{"type":"array","items":"#.repeat(10_000), "{}".to_owned() + &"}".repeat(10_000));
    for schema in [Json::new(&long).unwrap(), Json::parse(deep).unwrap()] {
        for subset in [Subset::OpenAi, Subset::Anthropic, Subset::Gemini] {
            assert!(rewrite(&schema, subset).is_err());
        }
    }
}
