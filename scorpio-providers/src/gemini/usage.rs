//! What a call cost, in the counts that mean the same for every provider. Gemini's input holds what a cache gave, and its output leaves
//! out the thoughts.

use scorpio_core::{Json, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::Number;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Counts {
    prompt_token_count: Number,
    tool_use_prompt_token_count: Number,
    cached_content_token_count: Number,
    candidates_token_count: Number,
    thoughts_token_count: Number,
}

/// Reads a usage object. One that cannot be read counts nothing, and is kept all the same.
pub(super) fn usage(raw: &RawValue) -> Usage {
    let counts: Counts = serde_json::from_str(raw.get()).unwrap_or_default();
    let prompt = counts.prompt_token_count.or_zero();
    let cache_read = counts.cached_content_token_count.or_zero().min(prompt);
    let input = (prompt - cache_read).saturating_add(counts.tool_use_prompt_token_count.or_zero());
    let thoughts = counts.thoughts_token_count.or_zero();
    let mut usage = Usage::new(input, counts.candidates_token_count.or_zero().saturating_add(thoughts));
    usage.cache_read = cache_read;
    usage.reasoning = thoughts;
    usage.raw = Some(Json::from(raw.to_owned()));
    usage
}
