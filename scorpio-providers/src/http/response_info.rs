//! What the headers of a response say about the request and about what the account may still ask for.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use reqwest::header::HeaderMap;
use scorpio_core::model::{Allowance, ResponseInfo};

/// The names that providers give to the id of a request, the surest first.
const REQUEST_IDS: [&str; 4] = ["x-request-id", "request-id", "apim-request-id", "x-goog-request-id"];

/// How long a request id may be, in bytes.
const REQUEST_ID: usize = 128;

/// What `headers` say.
pub(crate) fn response_info(headers: &HeaderMap) -> ResponseInfo {
    let mut info = ResponseInfo::default();
    info.request_id = request_id(headers);
    info.requests = allowance(headers, "requests");
    info.tokens = allowance(headers, "tokens");
    info
}

/// The provider's id of the request.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = REQUEST_IDS.iter().find_map(|name| text(headers, name))?;
    let id = id.get(..id.floor_char_boundary(REQUEST_ID)).unwrap_or(id);
    Some(id.to_owned()).filter(|id| !id.is_empty())
}

/// OpenAI names a header `x-ratelimit-remaining-tokens`, Anthropic `anthropic-ratelimit-tokens-remaining`.
fn allowance(headers: &HeaderMap, of: &str) -> Option<Allowance> {
    let header = |what: &str| {
        text(headers, &format!("x-ratelimit-{what}-{of}"))
            .or_else(|| text(headers, &format!("anthropic-ratelimit-{of}-{what}")))
    };
    let mut allowance = Allowance::default();
    allowance.limit = header("limit").and_then(|text| text.parse().ok());
    allowance.remaining = header("remaining").and_then(|text| text.parse().ok());
    allowance.reset_after = header("reset").and_then(|text| reset_after(text, SystemTime::now()));
    Some(allowance).filter(|allowance| *allowance != Allowance::default())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A duration such as `1m30.5s` or `100ms` (OpenAI), a moment (Anthropic), or a number of seconds.
fn reset_after(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        let now = Timestamp::try_from(now).ok()?;
        return Some(Duration::try_from(moment.duration_since(now)).unwrap_or_default());
    }
    let mut rest = text;
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(after.len());
        let (unit, after) = after.split_at_checked(unit)?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86400.0,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()?;
        total = total.checked_add(part)?;
        rest = after;
    }
    Some(total).filter(|_| !text.is_empty())
}

#[cfg(test)]
mod tests;
