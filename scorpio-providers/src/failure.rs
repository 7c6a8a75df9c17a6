//! What an error of the server means: by its status, and by what it says in its body or in the middle of a stream.

mod words;

use std::time::{Duration, SystemTime};

use reqwest::{
    StatusCode, Url,
    header::{HeaderMap, HeaderValue},
};
use scorpio_core::model::{ModelError, ModelErrorKind};
use serde_json::value::RawValue;

use self::words::{AnthropicDetails, ErrorBody, ErrorObject, GoogleDetail, MAX_DETAILS};
use crate::{
    http::{Secrets, request_id, retry_after},
    lenient::{List, Text},
};

/// How much of a body is kept, in bytes.
const KEPT: usize = 8 << 10;

/// How much of the server's own words stands in a message, in bytes.
const QUOTED: usize = 500;

/// How many objects may stand around an error object.
const MAX_WRAPPINGS: usize = 3;

/// How the code of an error is called here when Google says that the quota of a day is used up.
const DAILY_QUOTA: &str = "daily_quota";

/// What the server says about an error, as far as it says it in a form that is known.
#[derive(Debug, Default)]
struct Detail {
    message: String,
    kind: String,
    code: String,
    status: Option<u16>,
    retry_after: Option<Duration>,
}

/// The error that a status other than success stands for.
pub(crate) fn of_status(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    secrets: &Secrets,
) -> ModelError {
    if status.is_redirection() {
        return redirect(status, headers);
    }
    let body = secrets.redact(&String::from_utf8_lossy(body));
    // A secret may be hidden in escapes, and shows when they are read.
    let detail = Detail::of_error(&body);
    let says = match quoted(&secrets.redact(&detail.message)) {
        "" => status.canonical_reason().unwrap_or("it does not say why").to_owned(),
        message => message.to_owned(),
    };
    let error = ModelError::new(detail.kind(Some(status.as_u16())), format!("the server refused: {says}"))
        .with_status(status.as_u16())
        .with_body(cut(&body, KEPT));
    // What a header says comes later, and counts.
    with_headers(detail.with_retry_after(error), headers)
}

/// Adds what the headers of a response say about an error.
pub(crate) fn with_headers(error: ModelError, headers: &HeaderMap) -> ModelError {
    let error = match request_id(headers) {
        Some(id) => error.with_request_id(id),
        None => error,
    };
    let error = match retry_after(headers, SystemTime::now()) {
        Some(after) => error.with_retry_after(after),
        None => error,
    };
    match headers.get("x-should-retry").map(HeaderValue::as_bytes) {
        Some(b"false") => error.with_retryable(false),
        // No server can make money by being asked again.
        Some(b"true") if error.kind() != ModelErrorKind::Quota => error.with_retryable(true),
        _ => error,
    }
}

/// The error object that came in the middle of a stream, or in place of an answer.
pub(crate) fn in_stream(json: &[u8], secrets: &Secrets) -> ModelError {
    let json = secrets.redact(&String::from_utf8_lossy(json));
    let detail = Detail::of_error(&json);
    let says = match quoted(&secrets.redact(&detail.message)) {
        "" => "it does not say why".to_owned(),
        message => message.to_owned(),
    };
    // The answer had begun, so what is wrong is not the request, unless the server says so.
    let error = ModelError::new(detail.kind(detail.status), format!("the server broke off: {says}"));
    let error = match detail.status {
        Some(status) => error.with_status(status),
        None => error,
    };
    detail.with_retry_after(error).with_body(cut(&json, KEPT))
}

/// An error field that is there but means none.
pub(crate) fn says_nothing(error: &RawValue) -> bool {
    matches!(error.get(), "{}" | "\"\"" | "false" | "[]")
}

/// What is kept of a body, without the secrets that the server repeated.
pub(crate) fn kept(body: &[u8], secrets: &Secrets) -> String {
    cut(&secrets.redact(&String::from_utf8_lossy(body)), KEPT).to_owned()
}

fn redirect(status: StatusCode, headers: &HeaderMap) -> ModelError {
    let location = headers.get("location").and_then(|value| value.to_str().ok());
    // The address itself may hold a secret; whose it is does not.
    let to = location.and_then(|value| Url::parse(value).ok()).map(|url| url.origin().ascii_serialization());
    let to = to.map_or_else(|| "another address".to_owned(), |origin| format!("`{origin}`"));
    let message = format!(
        "the server redirects to {to}, and redirects are never followed: set the base URL to where it really is"
    );
    with_headers(
        ModelError::new(ModelErrorKind::Configuration, message).with_status(status.as_u16()),
        headers,
    )
}

impl Detail {
    /// Reads an error object, or a body that holds one. Some servers wrap it twice, some send a mere string.
    fn of_error(json: &str) -> Self {
        let mut json = first_of_list(json);
        for _ in 0..MAX_WRAPPINGS {
            let wrapped = serde_json::from_str::<ErrorBody<'_>>(json).ok().and_then(|body| body.error);
            match wrapped.filter(|error| !says_nothing(error)) {
                Some(error) => json = error.get(),
                None => break,
            }
        }
        if let Ok(Text(message)) = serde_json::from_str::<Text<'_>>(json)
            && !message.is_empty()
        {
            return Self { message: message.into_owned(), ..Self::default() };
        }
        let object: ErrorObject<'_> = serde_json::from_str(json).unwrap_or_default();
        let word = |raw: Option<&RawValue>| {
            raw.map_or_else(String::new, |raw| raw.get().trim_matches('"').to_owned())
        };
        let number = |text: &str| text.parse().ok().filter(|status| (400..600).contains(status));
        let (code, word_or_status) = (word(object.code), word(object.status));
        let status = number(&code).or_else(|| number(&word_or_status));
        let mut detail = Self {
            message: object.message.0.into_owned(),
            kind: object.kind.0.into_owned(),
            code,
            status,
            retry_after: None,
        };
        // Google's word for the kind stands where others have the status.
        if detail.kind.is_empty() && number(&word_or_status).is_none() {
            detail.kind = word_or_status;
        }
        if let Some(details) = object.details {
            detail.read_details(details.get());
        }
        detail
    }

    /// What Anthropic and Google say beyond the message.
    fn read_details(&mut self, json: &str) {
        if let Ok(AnthropicDetails { error_code }) = serde_json::from_str(json)
            && !error_code.is_empty()
        {
            self.code = error_code.0.into_owned();
        }
        let details: List<GoogleDetail<'_>, MAX_DETAILS> = serde_json::from_str(json).unwrap_or_default();
        for detail in details.0 {
            if !detail.reason.is_empty() {
                self.code = detail.reason.0.into_owned();
            }
            let of_the_day = |quota_id: &str| quota_id.contains("PerDay");
            if detail.violations.0.iter().any(|one| of_the_day(one.quota_id.as_ref())) {
                self.code = DAILY_QUOTA.to_owned();
            }
            let seconds = detail.retry_delay.as_ref().strip_suffix('s').and_then(|text| text.parse().ok());
            if let Some(delay) = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
                self.retry_after = Some(delay);
            }
        }
    }

    fn with_retry_after(&self, error: ModelError) -> ModelError {
        match self.retry_after {
            Some(after) => error.with_retry_after(after),
            None => error,
        }
    }

    fn kind(&self, status: Option<u16>) -> ModelErrorKind {
        use ModelErrorKind::{
            Auth, ContextOverflow, InvalidRequest, NotFound, Overloaded, Quota, RateLimited, Timeout,
        };
        match status {
            Some(401 | 403) => Auth,
            // Google says so of a key that it does not know.
            Some(400) if self.code == "API_KEY_INVALID" => Auth,
            // So does Google of an account that must pay first, and Anthropic of one that has used up its credit.
            Some(400) if self.says_quota() => Quota,
            Some(402) => Quota,
            Some(404) => NotFound,
            Some(408) => Timeout,
            Some(429) if self.says_quota() => Quota,
            Some(429) => RateLimited,
            Some(409 | 425 | 500..) => Overloaded,
            Some(400 | 413 | 422) if self.says_overflow() => ContextOverflow,
            Some(_) => InvalidRequest,
            None if self.says_quota() => Quota,
            None if self.says_overflow() => ContextOverflow,
            None => self.kind_by_word(),
        }
    }

    /// For errors without a status, which come in the middle of a stream.
    fn kind_by_word(&self) -> ModelErrorKind {
        let says = |word: &str| self.code.contains(word) || self.kind.contains(word);
        let words = [
            ("rate_limit", ModelErrorKind::RateLimited),
            ("RESOURCE_EXHAUSTED", ModelErrorKind::RateLimited),
            ("authentication", ModelErrorKind::Auth),
            ("UNAUTHENTICATED", ModelErrorKind::Auth),
            ("permission", ModelErrorKind::Auth),
            ("PERMISSION_DENIED", ModelErrorKind::Auth),
            ("invalid_api_key", ModelErrorKind::Auth),
            ("not_found", ModelErrorKind::NotFound),
            ("NOT_FOUND", ModelErrorKind::NotFound),
            ("timeout", ModelErrorKind::Timeout),
            ("DEADLINE_EXCEEDED", ModelErrorKind::Timeout),
            ("invalid_request", ModelErrorKind::InvalidRequest),
            ("INVALID_ARGUMENT", ModelErrorKind::InvalidRequest),
            ("request_too_large", ModelErrorKind::InvalidRequest),
            ("invalid_prompt", ModelErrorKind::InvalidRequest),
            ("content_policy", ModelErrorKind::InvalidRequest),
        ];
        let known = words.into_iter().find(|(word, _)| says(word));
        known.map_or(ModelErrorKind::Overloaded, |(_, kind)| kind)
    }

    /// No wait cures these.
    fn says_quota(&self) -> bool {
        let words = [
            "insufficient_quota",
            "billing_hard_limit_reached",
            "insufficient_balance",
            "billing_error",
            "enforced_spend_limit_reached",
            DAILY_QUOTA,
        ];
        words.iter().any(|word| self.code == *word || self.kind == *word)
            || self.message.contains("credit balance is too low")
    }

    /// OpenAI has a code for it; other servers only say it.
    fn says_overflow(&self) -> bool {
        let codes = ["context_length_exceeded", "exceed_context_size_error"];
        let phrases = [
            "maximum context length",
            "context length exceeded",
            "exceeds the context",
            "exceeds the available context size",
            "context window",
            "prompt is too long",
            "input is too long",
            "exceeds the maximum number of tokens",
            "input length and `max_tokens` exceed",
        ];
        let message = self.message.to_lowercase();
        codes.iter().any(|code| self.code == *code || self.kind == *code)
            || phrases.iter().any(|phrase| message.contains(phrase))
    }
}

/// Google wraps the errors of streams into a list of one.
fn first_of_list(json: &str) -> &str {
    let list: Result<[&RawValue; 1], _> = serde_json::from_str(json);
    list.map_or(json, |[only]| only.get())
}

fn quoted(message: &str) -> &str {
    cut(message.trim(), QUOTED)
}

fn cut(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
