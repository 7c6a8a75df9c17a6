//! Secrets in all the places and spellings that they have been found in.

use super::{DEPTH, NAMES, PATTERNS, REDACTED, Redactor, SECRET_NAME, VALUES};

fn told(secrets: &[&str]) -> Redactor {
    let mut redactor = Redactor::default();
    secrets.iter().for_each(|secret| redactor.add((*secret).into()));
    redactor
}

#[test]
fn every_pattern_is_one() {
    assert_eq!(PATTERNS.len(), VALUES.len());
    assert!(SECRET_NAME.is_some(), "{NAMES}");
}

#[test]
fn what_holds_no_secret_stays_byte_for_byte() {
    let redactor = told(&["hunter-two"]);
    for json in [
        r#"{"a" : 1e400,  "b":[ "\u0041\/", "\ud800", null ],"text":"The basic idea: a token of thanks."}"#,
        r#"{"type":"object","properties":{"api_key":{"type":"string"}}}"#,
        r#"["ask-me-anything-you-like-today", "sk-short", "https://example.com/?keyed=0123456789"]"#,
        "\"\\\"{ not json\"",
        "{}",
        "[\n\r\n ]",
    ] {
        assert_eq!(redactor.json(json), json);
    }
}

#[test]
fn what_it_is_told_is_found_in_every_spelling() {
    let secret = "p\"a/s\\s\nwörd";
    let redactor = told(&[secret, "p\"a"]);
    let mut nested = format!("so {secret} it is");
    for _ in 0..=DEPTH {
        let json = serde_json::to_string(&[&nested]).unwrap();
        let redacted = redactor.json(&json);
        assert!(redacted.contains(REDACTED) && !redacted.contains("rd it"), "{redacted}");
        nested = json;
    }
    let escaped: String = secret.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    assert_eq!(redactor.json(&format!("{{\"x\":\"{escaped}\"}}")), r#"{"x":"[redacted]"}"#);
    assert_eq!(redactor.json(&format!("{{\"{escaped}\":1}}")), r#"{"[redacted]":1}"#);
    let half = told(&["tell-nobody"]).json(r#"["\ud800 tell-nobody"]"#);
    assert_eq!(half, r#"["\ud800 [redacted]"]"#, "half of a surrogate pair hides nothing");
}

#[test]
fn the_longest_secret_goes_first() {
    assert_eq!(told(&["abc", "abcdef", ""]).text("abcdef abc"), "[redacted] [redacted]");
}

#[test]
fn headers_and_fields_of_secrets() {
    let redactor = Redactor::default();
    for (text, redacted) in [
        ("Authorization: Bearer abc.def-123456", "Authorization: Bearer [redacted]"),
        ("curl -H 'x-api-key: 0123456789' there", "curl -H 'x-api-key: [redacted]' there"),
        ("https://h/v1?alt=sse&key=0123456789&b=1", "https://h/v1?alt=sse&key=[redacted]&b=1"),
        ("cookie=session0123456789; x", "cookie=[redacted]; x"),
        ("use bearer abcdefghijklmnop1234", "use bearer [redacted]"),
    ] {
        assert_eq!(redactor.text(text), redacted);
    }
    for (json, redacted) in [
        (r#"{"Authorization" : "short", "b":"x"}"#, r#"{"Authorization" : "[redacted]", "b":"x"}"#),
        (
            r#"{"password":"\u0070w","a":["password","b"]}"#,
            r#"{"password":"[redacted]","a":["password","b"]}"#,
        ),
        (r#"{"headers":{"set-cookie":"a=b"}}"#, r#"{"headers":{"set-cookie":"[redacted]"}}"#),
        (
            r#"{"password":{"type":"string"},"api_key":null}"#,
            r#"{"password":{"type":"string"},"api_key":null}"#,
        ),
    ] {
        assert_eq!(redactor.json(json), redacted);
    }
}

#[test]
fn keys_of_known_services() {
    let redactor = Redactor::default();
    // Put together here, so that nobody who scans sources for keys finds any.
    let body = "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6";
    let upper = "ABCDEFGHIJKLMNOP";
    let jwt = format!("ey{}.ey{}.{body}", "JhbGciOiJIUzI1NiJ9", "JzdWIiOiIxMjM0In0");
    let pem = format!("-----BEGIN {0}-----\nMIIB\n-----END {0}-----", "RSA PRIVATE KEY");
    for key in [
        format!("sk-proj-{body}"),
        format!("sk-ant-api03-{body}"),
        format!("gsk_{body}"),
        format!("AIza{body}"),
        format!("ghp_{body}"),
        format!("github_pat_{body}"),
        format!("xoxb-{body}"),
        format!("AKIA{upper}"),
        format!("hf_{body}"),
        format!("xai-{body}"),
        format!("ya29.{body}"),
        jwt,
        pem,
    ] {
        assert_eq!(
            redactor.text(&format!("It is {key}.")).trim_end_matches('.'),
            "It is [redacted]",
            "{key}"
        );
    }
}
