//! What makes a provider dependable: wrappers that are providers themselves, so they stack in any order around any other.
//!
//! Until the first part of an answer has reached the caller, a call may be tried again or elsewhere without anybody noticing but by the
//! events that say so. From then on it may not, and the stream of the provider is handed through as it is.

mod attempt;
mod cache;
mod cassette;
mod deadline;
mod fallback;
mod form;
mod mend;
mod prompted_tools;
mod rate_limit;
mod retry;
mod rewrite;
mod think_tags;
mod timeouts;
mod tool_call_repair;

pub use self::{
    cache::{AnswerCache, Cache, CacheKey, CachedAnswer, MemoryCache},
    cassette::{Record, Replay},
    fallback::{BreakerPolicy, BreakerState, Fallback, RouteState},
    prompted_tools::PromptedTools,
    rate_limit::RateLimit,
    retry::{Retry, RetryBudget},
    think_tags::ThinkTags,
    timeouts::Timeouts,
    tool_call_repair::ToolCallRepair,
};
