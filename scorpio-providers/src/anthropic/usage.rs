//! What a call cost, in the counts that mean the same for every provider. Anthropic's input leaves out what a cache read or wrote.

use scorpio_core::{Json, Usage};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::lenient::Number;

/// The counts so far. Those of a later event replace those of an earlier one, field by field.
#[derive(Debug, Default)]
pub(super) struct Counts {
    counts: Fields,
    raw: Option<Json>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Fields {
    input_tokens: Number,
    cache_read_input_tokens: Number,
    cache_creation_input_tokens: Number,
    output_tokens: Number,
    output_tokens_details: Option<Details>,
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(default)]
struct Details {
    thinking_tokens: Number,
    reasoning_tokens: Number,
}

impl Counts {
    /// Takes what an event says. What cannot be read counts nothing, and is kept all the same.
    pub(super) fn read(&mut self, raw: &RawValue) -> Usage {
        let new: Fields = serde_json::from_str(raw.get()).unwrap_or_default();
        let Fields { input_tokens, cache_read_input_tokens, cache_creation_input_tokens, .. } = self.counts;
        self.counts = Fields {
            input_tokens: Number(new.input_tokens.0.or(input_tokens.0)),
            cache_read_input_tokens: Number(new.cache_read_input_tokens.0.or(cache_read_input_tokens.0)),
            cache_creation_input_tokens: Number(
                new.cache_creation_input_tokens.0.or(cache_creation_input_tokens.0),
            ),
            output_tokens: Number(new.output_tokens.0.or(self.counts.output_tokens.0)),
            output_tokens_details: new.output_tokens_details.or(self.counts.output_tokens_details),
        };
        self.raw = Some(Json::from(raw.to_owned()));
        self.usage()
    }

    fn usage(&self) -> Usage {
        let Fields { input_tokens, output_tokens, output_tokens_details, .. } = self.counts;
        let details = output_tokens_details.unwrap_or_default();
        let mut usage = Usage::new(input_tokens.or_zero(), output_tokens.or_zero());
        usage.cache_read = self.counts.cache_read_input_tokens.or_zero();
        usage.cache_write = self.counts.cache_creation_input_tokens.or_zero();
        usage.reasoning = details.thinking_tokens.0.or(details.reasoning_tokens.0).unwrap_or(0);
        usage.raw.clone_from(&self.raw);
        usage
    }
}
