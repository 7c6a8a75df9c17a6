//! What MongoDB promises: the suite that every store passes, and what it adds to that. The server is the one that `tests/services/run` starts,
//! except where a test breaks one: that is of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests"
)]

mod conformance;
mod harness;
mod opening;
mod outages;
mod run;
mod server;
mod steps;
