//! The native half of the Python package `scorpio`: the engine, its events and its runtime. What users see and import is written in
//! Python (`python/scorpio`) on top of this; `_scorpio.pyi` describes the seam.
//!
//! Threads: the engine runs on a Tokio runtime of its own, which never waits for Python's global lock. What Python must hear of
//! goes through one courier thread to the event loop that waits for it, and to the threads that plain tools run on. Whoever holds the lock never waits for the engine without letting go of it.

mod agent;
mod approval;
mod courier;
mod durable;
mod error;
mod event;
mod json;
mod message;
mod model;
mod operation;
mod outcome;
mod registry;
mod run;
mod runtime;
mod store;
mod tool;
mod usage;

use pyo3::prelude::*;

/// The native half of the package `scorpio`.
#[pymodule]
#[allow(unreachable_pub)]
mod _scorpio {
    #[pymodule_export]
    #[allow(non_upper_case_globals)]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_export]
    use crate::{
        agent::AgentCore,
        durable::RuntimeCore,
        event::{
            ApprovalRequested, ApprovalResolved, Compacted, DataSent, FellBack, MessageSteered, PartFinished,
            PartStarted, ReasoningDelta, Retrying, RunFailed, RunFinished, RunPaused, RunResumed, RunStarted,
            StreamReset, TextDelta, ToolCallDelta, ToolFinished, ToolProgress, ToolStarted, TurnFinished,
            TurnStarted, UnknownEvent, WaitingForStore,
        },
        model::ScriptedCore,
        operation::Operation,
        outcome::OutcomeCore,
        registry::{ModelCore, ModelsCore},
        run::RunCore,
        runtime::shutdown,
        store::{EventLogCore, FollowCore, StoreCore},
        tool::{PendingCall, ToolContext},
        usage::Usage,
    };
}
