//! Whole conversations with a server that refuses what Anthropic refuses, through the public face alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod conversation;
mod requests;
#[path = "../support/strict.rs"]
mod strict;
