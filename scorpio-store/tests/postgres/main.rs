//! What PostgreSQL promises: the suite that every store passes, and what it adds to that.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests"
)]

mod conformance;
mod following;
mod harness;
mod opening;
mod outages;
mod run;
mod signals;
mod writing;
