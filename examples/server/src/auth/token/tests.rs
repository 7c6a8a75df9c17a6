use serde_json::{Value, json};

use super::*;

const NOW: i64 = 1_800_000_000;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn tokens() -> AccessTokens {
    AccessTokens::new(SigningKey::from_seed([7; 32]))
}

/// A token of whatever header and claims, signed with our key.
fn forge(header: &str, claims: &str) -> String {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let signature = SigningKey::from_seed([7; 32]).key.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

fn header() -> String {
    format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{}"}}"#, SigningKey::from_seed([7; 32]).id())
}

fn claims() -> Value {
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": UserId::new(), "sid": AuthSessionId::new(), "jti": Uuid::now_v7(),
        "iat": NOW, "nbf": NOW, "exp": NOW + 900,
    })
}

#[test]
fn a_token_stands_for_fifteen_minutes_and_the_leeway() {
    let (user, sign_in) = (UserId::new(), AuthSessionId::new());
    let token = tokens().issue(user, sign_in, at(NOW)).unwrap();
    let stands = |second| tokens().verify(&token, at(second)).is_some();
    assert!(stands(NOW) && stands(NOW - 30) && stands(NOW + 900 + 29));
    assert!(!stands(NOW - 31) && !stands(NOW + 900 + 30));
    let claims = tokens().verify(&token, at(NOW)).unwrap();
    assert_eq!((claims.sub, claims.sid), (user, sign_in));
    assert!(AccessTokens::new(SigningKey::from_seed([8; 32])).verify(&token, at(NOW)).is_none());
}

#[test]
fn refuses_every_other_header() {
    let claims = claims().to_string();
    assert!(tokens().verify(&forge(&header(), &claims), at(NOW)).is_some());
    let kid = SigningKey::from_seed([7; 32]).id().to_owned();
    let headers = [
        r#"{"alg":"none"}"#.to_owned(),
        format!(r#"{{"alg":"none","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"nOnE","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":["EdDSA"],"typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"typ":"at+jwt","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"JWT","kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":"../../etc/passwd"}"#.to_owned(),
        r#"{"alg":"EdDSA","typ":"at+jwt"}"#.to_owned(),
        format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}","jku":"https://evil.com"}}"#),
        format!(r#"{{"alg":"EdDSA","typ":"at+jwt","kid":"{kid}","crit":["exp"]}}"#),
    ];
    for header in headers {
        assert!(tokens().verify(&forge(&header, &claims), at(NOW)).is_none(), "{header}");
    }
}

#[test]
fn refuses_claims_that_are_wrong_or_missing_or_ambiguous() {
    for (name, value) in [
        ("iss", json!("https://evil.com")),
        ("aud", json!("urn:other")),
        ("aud", json!([AUDIENCE])),
        ("exp", json!(NOW as f64 + 0.5)),
        ("exp", json!((NOW + 900).to_string())),
        ("exp", json!(-1)),
        ("exp", Value::Null),
        ("nbf", json!(NOW + 31)),
        ("iat", json!(NOW + 31)),
        ("sub", json!("admin")),
        ("admin", json!(true)),
    ] {
        let mut claims = claims();
        claims[name] = value;
        let claims = claims.to_string();
        assert!(tokens().verify(&forge(&header(), &claims), at(NOW)).is_none(), "{claims}");
    }
    for name in ["iss", "aud", "sub", "sid", "jti", "iat", "nbf", "exp"] {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        assert!(tokens().verify(&forge(&header(), &claims.to_string()), at(NOW)).is_none(), "{name}");
    }
    let twice = claims().to_string().replacen('{', r#"{"exp":9999999999,"#, 1);
    assert!(tokens().verify(&forge(&header(), &twice), at(NOW)).is_none());
    let huge = claims().to_string().replace(&(NOW + 900).to_string(), "1e400");
    assert!(tokens().verify(&forge(&header(), &huge), at(NOW)).is_none());
}

#[test]
fn refuses_what_is_no_whole_token() {
    let token = tokens().issue(UserId::new(), AuthSessionId::new(), at(NOW)).unwrap();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let mut other = signature.to_owned();
    let swapped = if other.starts_with('A') { "B" } else { "A" };
    other.replace_range(..1, swapped);
    let candidates = [
        String::new(),
        "..".to_owned(),
        signed.to_owned(),
        format!("{signed}."),
        format!("{signed}.{other}"),
        format!("{token}.x.y"),
        format!("{token}="),
        token[..token.len() - 1].to_owned(),
        format!("{signed}.{}", "A".repeat(1 << 20)),
    ];
    for candidate in candidates {
        assert!(tokens().verify(&candidate, at(NOW)).is_none(), "{}", &candidate[..candidate.len().min(200)]);
    }
}
