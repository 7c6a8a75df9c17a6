//! Scorpio against a loop that a competent engineer would write by hand over reqwest and serde_json, in CPU time of the client's
//! process. A server that plays the model runs in a process of its own; every measurement runs in a fresh one.

mod case;
mod cli;
mod client;
mod conversation;
mod harness;
mod machine;
mod measure;
mod mock;
mod report;
mod stores;
mod wire;

pub use self::{
    cli::run,
    measure::{Allocations, CountAllocations},
};
