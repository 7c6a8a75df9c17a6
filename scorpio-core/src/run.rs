//! Runs: the machine that decides, which does no I/O, and the driver that acts on its decisions.

mod limits;
mod machine;
mod outcome;

pub use self::{
    limits::{Limits, StopReason},
    machine::{Applied, Input, MachineError, RunMachine, Step},
    outcome::{Outcome, RunReport},
};
