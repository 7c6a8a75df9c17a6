//! Histories that had a hard time: cut at any point, or moved from vendor to vendor. On every wire the strict provider must take them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod drops;
mod travel;

#[path = "../support/strict.rs"]
mod strict;
