//! The cookie that holds the refresh token. No page can read it, no other site can send it, and only the routes that refresh and
//! end a sign-in look at it.

use axum::http::{HeaderMap, HeaderValue, header};

use super::refresh_token::RefreshToken;
use crate::{
    Settings,
    problem::{Problem, Result},
};

/// Over TLS the name itself makes browsers insist on `Secure`, on this host and on no `Domain`.
fn name(settings: &Settings) -> &'static str {
    if settings.is_https() { "__Host-refresh" } else { "scorpio-refresh" }
}

/// The refresh token of a request. Two of them are none: somebody planted one.
pub(super) fn read(headers: &HeaderMap, settings: &Settings) -> Option<RefreshToken> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = pairs.filter(|(key, _)| *key == name(settings)).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => RefreshToken::parse(value),
        _ => None,
    }
}

/// The header that gives a browser its token for `max_age` seconds.
pub(super) fn set(token: &RefreshToken, max_age: i128, settings: &Settings) -> Result<HeaderValue> {
    write(token.expose(), max_age, settings)
}

/// The header that takes it away.
pub(super) fn clear(settings: &Settings) -> Result<HeaderValue> {
    write("", 0, settings)
}

fn write(value: &str, max_age: i128, settings: &Settings) -> Result<HeaderValue> {
    let secure = if settings.is_https() { "; Secure" } else { "" };
    let name = name(settings);
    let cookie = format!("{name}={value}; Max-Age={max_age}; Path=/; HttpOnly; SameSite=Strict{secure}");
    let mut header = HeaderValue::try_from(cookie).map_err(Problem::internal)?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests;
