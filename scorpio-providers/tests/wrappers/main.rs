//! What the wrappers make of providers that fail: with a paused clock and seeded randomness, through the public face alone.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod cache;
mod cassette;
mod fallback;
mod outage;
mod prompted_tools;
mod rate_limit;
mod retry;
mod support;
mod think_tags;
mod timeouts;
mod tool_call_repair;
