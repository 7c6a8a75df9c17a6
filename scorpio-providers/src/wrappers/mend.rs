//! Reads what a model meant to be a JSON object. Only what can be read in one way is mended, and no value is ever made up.

use std::borrow::Cow;

use serde::de::IgnoredAny;

mod lenient;

use self::lenient::rewrite;

/// The most bytes that are looked at.
const LARGEST: usize = 256 << 10;

/// How often an object may be wrapped.
const WRAPPINGS: usize = 4;

/// What was done to make a JSON object of a text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mended {
    /// It stood in a block of Markdown.
    pub(super) fence: bool,
    /// It stood in a JSON string.
    pub(super) string: bool,
    /// It was not JSON.
    pub(super) syntax: bool,
}

/// The JSON object that `text` was meant to be, and what was done to it. None when it is no object, or could be one in several ways.
pub(super) fn object(text: &str) -> Option<(Cow<'_, str>, Mended)> {
    let mut mended = Mended::default();
    if text.len() > LARGEST {
        return is_object(text).then_some((Cow::Borrowed(text), mended));
    }
    let mut text = Cow::Borrowed(text);
    for _ in 0..WRAPPINGS {
        if is_object(&text) {
            return Some((text, mended));
        }
        if let Ok(inner) = serde_json::from_str::<String>(text.trim()) {
            mended.string = true;
            text = Cow::Owned(inner);
        } else if let Some(inner) = without_fence(&text) {
            mended.fence = true;
            text = Cow::Owned(inner.to_owned());
        } else {
            mended.syntax = true;
            text = Cow::Owned(rewrite(&text)?);
        }
    }
    None
}

fn is_object(text: &str) -> bool {
    text.trim_start().starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// What stands in a block of Markdown, if `text` is one.
fn without_fence(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix("```")?.strip_suffix("```")?;
    // The first line names the language.
    let is_language =
        |line: &str| line.trim().chars().all(|c| c.is_ascii_alphanumeric() || "_+-".contains(c));
    match inner.split_once('\n') {
        Some((language, rest)) if is_language(language) => Some(rest),
        _ => Some(inner.trim_start_matches(|c: char| c.is_ascii_alphabetic())),
    }
}

#[cfg(test)]
mod tests;
