//! Texts that are read at once: arguments of tools, errors, headers, the file of a registry, cassettes and schemas of tools.

use std::{path::Path, time::Duration};

use reqwest::{
    StatusCode,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use scorpio_core::{
    Json,
    model::{ModelError, ModelErrorKind},
};
use serde::de::IgnoredAny;

use crate::{
    ModelRegistryBuilder, Replay, SecretString, arguments, failure,
    http::{Secrets, response_info, retry_after},
    json,
    lenient::{Content, Number, Text},
    schema::{self, Subset},
};

/// A key that servers may repeat and nobody may see.
const SECRET: &str = "sk-fuzzing-secret";

/// No wait is longer: ten years.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// More than any message should take to say what is wrong, in bytes.
const LONGEST_MESSAGE: usize = 4 << 10;

pub(super) fn arguments(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let object = arguments::as_object(&text);
    assert!(object.trim_start().starts_with('{'), "{object}");
    assert!(serde_json::from_str::<IgnoredAny>(&object).is_ok(), "{object}");
    // Whatever is JSON is taken leniently.
    if serde_json::from_str::<serde_json::Value>(&text).is_ok() {
        let (text, number) = (serde_json::from_str::<Text<'_>>(&text), serde_json::from_str::<Number>(&text));
        assert!(text.is_ok() && number.is_ok(), "{text:?} {number:?}");
    }
    let _ = serde_json::from_str::<Content<'_>>(&text);
    if let Ok(object) = Json::parse(text) {
        let with = json::with_fields(&object, &[("type", "\"object\""), ("properties", "{}")]);
        assert!(serde_json::from_str::<IgnoredAny>(&with).is_ok(), "{with}");
    }
}

pub(super) fn errors(bytes: &[u8]) {
    let mut secrets = Secrets::default();
    secrets.add(&SecretString::from(SECRET));
    for status in [400, 401, 403, 404, 429, 500, 529] {
        let Ok(status) = StatusCode::from_u16(status) else { continue };
        let error = failure::of_status(status, &HeaderMap::new(), bytes, &secrets);
        assert_eq!(error.status(), Some(status.as_u16()));
        check_error(&error);
    }
    check_error(&failure::in_stream(bytes, &secrets));
}

fn check_error(error: &ModelError) {
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(SECRET), "a secret is shown: {shown}");
    check_size(error);
}

fn check_size(error: &ModelError) {
    let told = error.message().len();
    assert!(told <= LONGEST_MESSAGE, "the message is {told} bytes long");
    assert!(error.retry_after().is_none_or(|after| after <= LONGEST_WAIT), "{:?}", error.retry_after());
}

/// A header a line.
pub(super) fn headers(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(64) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let (Some(name), Some(value)) = (halves.next(), halves.next()) else { continue };
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            headers.append(name, value);
        }
    }
    let info = response_info(&headers);
    assert!(info.request_id.is_none_or(|id| !id.is_empty() && id.len() <= 128));
    // A fixed moment, so that the same bytes always do the same.
    let now = std::time::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    assert!(retry_after(&headers, now).is_none_or(|after| !after.is_zero() && after <= LONGEST_WAIT));
    check_size(&failure::with_headers(ModelError::new(ModelErrorKind::Overloaded, "busy"), &headers));
}

pub(super) fn registry(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(error) = ModelRegistryBuilder::parse(&text) {
        assert_eq!(error.kind(), ModelErrorKind::Configuration, "{error}");
    }
}

pub(super) fn cassette(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match Replay::read(Path::new("a cassette"), &text) {
        Ok(replay) => assert!(replay.remaining() <= text.lines().count()),
        Err(error) => assert_eq!(error.kind(), ModelErrorKind::Configuration, "{error}"),
    }
}

pub(super) fn schema(bytes: &[u8]) {
    let Ok(json) = Json::parse(String::from_utf8_lossy(bytes)) else { return };
    for subset in [Subset::OpenAi, Subset::Anthropic, Subset::Gemini] {
        match schema::rewrite(&json, subset) {
            Ok(rewritten) => assert!(serde_json::from_str::<IgnoredAny>(&rewritten).is_ok(), "{rewritten}"),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
