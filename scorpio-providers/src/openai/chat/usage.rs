//! What a call cost, in the counts that mean the same for every provider.

use scorpio_core::{Json, Usage};
use serde_json::value::RawValue;

use super::chunk::UsageCounts;
use crate::lenient::Number;

/// Reads a usage object. One that cannot be read counts nothing, and is kept all the same.
pub(super) fn usage(raw: &RawValue) -> Usage {
    let counts: UsageCounts = serde_json::from_str(raw.get()).unwrap_or_default();
    let prompt = counts.prompt_tokens.or_zero();
    let details = counts.prompt_tokens_details.unwrap_or_default();
    let cached = details.cached_tokens.0.or(counts.prompt_cache_hit_tokens.0).or(counts.cached_tokens.0);
    let cache_read = cached.unwrap_or(0).min(prompt);
    let cache_write = details.cache_write_tokens.or_zero().min(prompt - cache_read);
    let reasoning = counts.completion_tokens_details.unwrap_or_default().reasoning_tokens.or_zero();

    let mut usage = Usage::new(prompt - cache_read - cache_write, output(&counts, prompt, reasoning));
    usage.cache_read = cache_read;
    usage.cache_write = cache_write;
    usage.reasoning = reasoning;
    usage.raw = Some(Json::from(raw.to_owned()));
    usage
}

/// Output includes reasoning with OpenAI. With xAI it does not, which its total shows.
fn output(counts: &UsageCounts, prompt: u64, reasoning: u64) -> u64 {
    let completion = counts.completion_tokens.or_zero();
    let with_reasoning = completion.saturating_add(reasoning);
    match counts.total_tokens {
        Number(Some(total)) if reasoning > 0 && total == prompt.saturating_add(with_reasoning) => {
            with_reasoning
        }
        _ => completion.max(reasoning),
    }
}

#[cfg(test)]
mod tests;
