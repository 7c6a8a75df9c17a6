//! The engine of Scorpio.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod agent;
mod error;
mod event;
mod id;
mod json;
mod message;
pub mod model;
pub mod run;
pub mod store;
pub mod tool;
pub mod ui;
mod usage;

pub use schemars;
#[cfg(feature = "macros")]
pub use scorpio_macros::*;
pub use serde;
pub use serde_json;

pub use self::{
    agent::{Agent, AgentBuilder, Output, RunRequest},
    error::{ErrorKind, Result, ScorpioError, Surface},
    event::{
        DataSent, Event, EventKind, PartDelta, PartFinished, PartStarted, RunEnd, RunError, RunFinished,
        RunStarted, Steered, ToolFinished, ToolProgress, ToolStarted, TurnFinished, TurnStarted,
    },
    id::{AuthSessionId, InvalidId, MessageId, OwnerId, RunId, SessionId, ToolCallId, UserId},
    json::Json,
    message::{
        DataPart, MediaPart, MediaSource, Message, MessageStatus, Native, Origin, Part, Provenance,
        ReasoningPart, Role, SourcePart, TextPart, ToolCallPart, ToolOutcome, ToolResultPart, Trust,
        dangling_tool_calls,
    },
    run::{Limits, Outcome, RunHandle, RunReport, RunStream, StopReason},
    usage::{Price, PriceTable, Usage},
};
