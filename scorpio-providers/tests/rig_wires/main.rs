//! One contract for all wires, on the strict provider of the test kit and on servers that others wrote: the same script gives the same
//! neutral answer everywhere, and every request is judged by the types of the vendor's own client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub
)]

mod contract;
mod fixtures;
mod neutral;
mod rig;
mod strange;

#[path = "../support/oracle.rs"]
mod oracle;

#[path = "../support/tee.rs"]
#[allow(dead_code)]
mod tee;
