//! What a model call cost: normalized token counts, and prices that turn them into money.

use std::{collections::BTreeMap, ops::AddAssign};

use serde::{Deserialize, Serialize};

use crate::Json;

/// Tokens of one model call, or of several added up. The five counts mean the same for every provider.
///
/// ```
/// use scorpio_core::Usage;
/// let mut total = Usage::new(100, 20);
/// total += &Usage::new(50, 5);
/// assert_eq!(total.total(), 175);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Input tokens that came neither from nor went to a cache.
    pub input: u64,
    /// Input tokens that were read from the provider's cache.
    pub cache_read: u64,
    /// Input tokens that were written to the provider's cache.
    pub cache_write: u64,
    /// Output tokens, those of reasoning among them.
    pub output: u64,
    /// Output tokens that were spent on reasoning.
    pub reasoning: u64,
    /// The object that the provider sent, verbatim. Sums have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<Json>,
}

impl Usage {
    /// A call without cache and reasoning.
    pub fn new(input: u64, output: u64) -> Self {
        Self { input, output, ..Self::default() }
    }

    /// All tokens, in and out.
    pub fn total(&self) -> u64 {
        [self.input, self.cache_read, self.cache_write, self.output].into_iter().fold(0, u64::saturating_add)
    }
}

impl AddAssign<&Usage> for Usage {
    fn add_assign(&mut self, other: &Usage) {
        self.input = self.input.saturating_add(other.input);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
        self.output = self.output.saturating_add(other.output);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
        self.raw = None;
    }
}

/// US dollars for a million tokens of one model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    /// Uncached input.
    pub input: f64,
    /// Input read from the cache.
    pub cache_read: f64,
    /// Input written to the cache.
    pub cache_write: f64,
    /// Output.
    pub output: f64,
}

impl Price {
    /// What `usage` costs, in US dollars.
    pub fn cost(&self, usage: &Usage) -> f64 {
        let million = 1_000_000.0;
        (usage.input as f64 * self.input
            + usage.cache_read as f64 * self.cache_read
            + usage.cache_write as f64 * self.cache_write
            + usage.output as f64 * self.output)
            / million
    }
}

/// Prices by model, keyed `provider:model`. A key that ends in `*` stands for every model that begins so; the longest match wins.
///
/// The table starts empty: prices change more often than programs, so they belong in a program's configuration.
///
/// ```
/// use scorpio_core::{Price, PriceTable, Usage};
/// let prices = PriceTable::new().with("openai:gpt-5-mini*", Price { input: 0.25, output: 2.0, ..Price::default() });
/// let cost = prices.cost("openai:gpt-5-mini-2025", &Usage::new(1_000_000, 500_000));
/// assert_eq!(cost, Some(1.25));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PriceTable(BTreeMap<String, Price>);

impl PriceTable {
    /// A table without prices.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the price of a model or, with a trailing `*`, of a family.
    #[must_use]
    pub fn with(mut self, model: impl Into<String>, price: Price) -> Self {
        self.0.insert(model.into(), price);
        self
    }

    /// The price of `provider:model`.
    pub fn price(&self, model: &str) -> Option<&Price> {
        let family = |key: &&String| key.strip_suffix('*').is_some_and(|stem| model.starts_with(stem));
        self.0.get(model).or_else(|| {
            let longest = self.0.keys().filter(family).max_by_key(|key| key.len())?;
            self.0.get(longest)
        })
    }

    /// What `usage` of `provider:model` costs in US dollars, if its price is known.
    pub fn cost(&self, model: &str, usage: &Usage) -> Option<f64> {
        self.price(model).map(|price| price.cost(usage))
    }
}
