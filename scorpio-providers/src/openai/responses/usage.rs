//! What a call cost, in the counts that mean the same for every provider. OpenAI's input holds what a cache read or wrote.

use scorpio_core::{Json, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::Number;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Counts {
    input_tokens: Number,
    input_tokens_details: Option<InputDetails>,
    output_tokens: Number,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct InputDetails {
    cached_tokens: Number,
    cache_write_tokens: Number,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct OutputDetails {
    reasoning_tokens: Number,
}

/// Reads a usage object. One that cannot be read counts nothing, and is kept all the same.
pub(super) fn usage(raw: &RawValue) -> Usage {
    let counts: Counts = serde_json::from_str(raw.get()).unwrap_or_default();
    let details = counts.input_tokens_details.unwrap_or_default();
    let input = counts.input_tokens.or_zero();
    let cache_read = details.cached_tokens.or_zero().min(input);
    let cache_write = details.cache_write_tokens.or_zero().min(input - cache_read);
    let mut usage = Usage::new(input - cache_read - cache_write, counts.output_tokens.or_zero());
    usage.cache_read = cache_read;
    usage.cache_write = cache_write;
    usage.reasoning = counts.output_tokens_details.unwrap_or_default().reasoning_tokens.or_zero();
    usage.raw = Some(Json::from(raw.to_owned()));
    usage
}
