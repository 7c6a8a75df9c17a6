//! How long a server asks to wait.

use std::time::{Duration, SystemTime};

use jiff::{Timestamp, fmt::rfc2822};
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// What stands for a number too large to be one.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What `retry-after-ms` says, or else `retry-after`, as a number of seconds or as a date. What is no positive time is
/// ignored, and the other header then counts: so do the official clients.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text("retry-after-ms").and_then(|text| number(text, 0.001));
    milliseconds.or_else(|| {
        let value = text(RETRY_AFTER.as_str())?;
        number(value, 1.0).or_else(|| date(value, now))
    })
}

fn number(text: &str, seconds: f64) -> Option<Duration> {
    // `inf` and `NaN` are numbers to Rust.
    let digits = text.strip_prefix('+').unwrap_or(text);
    let spelled_out = !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let value = digits.parse::<f64>().ok().filter(|value| !spelled_out && *value > 0.0)?;
    Some(Duration::try_from_secs_f64(value * seconds).unwrap_or(FOREVER).min(FOREVER))
}

fn date(text: &str, now: SystemTime) -> Option<Duration> {
    let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    let now = Timestamp::try_from(now).ok()?;
    let wait = Duration::try_from(date.duration_since(now)).ok()?;
    Some(wait.min(FOREVER)).filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests;
