//! Redis passes the suite that every store passes, and keeps what it promises beyond that when the server fails. The conformance cases share a
//! server that `tests/services/run` starts; the others start servers of their own, to kill, stop and starve.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests")]

mod conformance;
mod events;
mod failures;
mod messages;
mod opening;
mod server;
