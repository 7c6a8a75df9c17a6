//! Runs: the machine that decides, which does no I/O, and the driver that acts on its decisions.

mod driver;
mod emitter;
mod execute;
mod limits;
mod live;
mod machine;
mod outcome;
mod settle;
mod start;
mod stream;

pub(crate) use self::{
    driver::OutputCheck,
    emitter::Queue,
    execute::TIMEOUT as TOOL_TIMEOUT,
    start::{Start, begin},
};
pub use self::{
    limits::{Limits, StopReason},
    machine::{Applied, Input, MachineError, RunMachine, Step},
    outcome::{Outcome, RunReport},
    settle::{Presumed, settle_abandoned},
    stream::{RunHandle, RunStream},
};
