//! Runs: the machine that decides, which does no I/O, and the driver that acts on its decisions.

mod decisions;
mod driver;
mod emitter;
mod execute;
mod limits;
mod live;
mod machine;
mod outcome;
mod patience;
mod runtime;
mod settle;
mod start;
mod stream;
mod view;

pub(crate) use self::{
    decisions::Decisions,
    driver::{OutputCheck, Resume, Resumed, resume},
    emitter::Queue,
    execute::TIMEOUT as TOOL_TIMEOUT,
    start::{Start, begin},
};
pub use self::{
    limits::{Limits, StopReason},
    machine::{Applied, Input, MachineError, Rules, RunMachine, Step},
    outcome::{Outcome, RunReport},
    runtime::{Runtime, Worker},
    settle::{Presumed, settle_abandoned},
    stream::{RunHandle, RunStream},
};
