//! Ends processes in the middle of runs, at named places and at random, breaks their stores, and looks whether anything was lost or done twice.
//!
//! The program `crashkid` runs one agent: four turns, six tool calls, an approval and a sub-agent, on a real store, against the strict fake
//! of the test kit. A scenario kills it, starts it again until the run is over, and holds the store, the ledger that the tools write
//! outside of the store, and the verdicts of the fake against each other.
//!
//! An [`outage`] leaves the process alive and breaks the store under the same agent.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    missing_debug_implementations,
    missing_docs,
    reason = "all of it is a test"
)]

pub mod backend;
pub mod child;
pub mod judge;
pub mod kill;
pub mod ledger;
pub mod outage;
pub mod scenario;
pub mod series;
pub mod turns;
pub mod zombie;
