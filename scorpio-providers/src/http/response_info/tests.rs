#![allow(clippy::unwrap_used)]

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap())
    };
    pairs.iter().map(pair).collect()
}

#[test]
fn openai_tells_durations() {
    let info = response_info(&headers(&[
        ("x-request-id", "req_1"),
        ("x-ratelimit-limit-requests", "500"),
        ("x-ratelimit-remaining-requests", "499"),
        ("x-ratelimit-reset-requests", "100ms"),
        ("x-ratelimit-reset-tokens", "1m30.5s"),
    ]));
    assert_eq!(info.request_id.as_deref(), Some("req_1"));
    let requests = info.requests.unwrap();
    assert_eq!((requests.limit, requests.remaining), (Some(500), Some(499)));
    assert_eq!(requests.reset_after, Some(Duration::from_millis(100)));
    assert_eq!(info.tokens.unwrap().reset_after, Some(Duration::from_millis(90_500)));
}

#[test]
fn anthropic_tells_moments() {
    let now = SystemTime::UNIX_EPOCH;
    assert_eq!(reset_after("1970-01-01T00:00:09Z", now), Some(Duration::from_secs(9)));
    let info = response_info(&headers(&[
        ("request-id", "req_2"),
        ("anthropic-ratelimit-tokens-remaining", "7"),
        ("anthropic-ratelimit-tokens-reset", "1970-01-01T00:00:09Z"),
    ]));
    assert_eq!(info.request_id.as_deref(), Some("req_2"));
    assert_eq!(info.tokens.unwrap().reset_after, Some(Duration::ZERO));
    assert_eq!(info.requests, None);
}

#[test]
fn what_cannot_be_read_is_left_out() {
    for text in ["", "soon", "5 minutes", "1e400s", "-3s", "9fortnights"] {
        assert_eq!(reset_after(text, SystemTime::UNIX_EPOCH), None, "{text}");
    }
    assert_eq!(response_info(&headers(&[("x-ratelimit-limit-tokens", "many")])), ResponseInfo::default());
}
