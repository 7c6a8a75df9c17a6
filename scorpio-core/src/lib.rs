//! The engine of Scorpio: types, traits, the run machine and its driver. It talks to no network and no disk;
//! what does is behind the traits here. Programs usually depend on the facade `scorpio`; crates that implement a trait depend on this.
//!
//! # How a run goes
//!
//! ```
//! use scorpio_core::{Agent, model::{Model, Scripted, ScriptedTurn}, tool};
//!
//! /// Add two numbers.
//! #[tool]
//! fn add(a: f64, b: f64) -> f64 { a + b }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
//! let script = Scripted::new()
//!     .turn(ScriptedTurn::new().tool_call("call_1", "add", r#"{"a": 2, "b": 40}"#))
//!     .text("It is 42.");
//! let agent = Agent::builder("calculator").with_model(Model::new(script, "test")).tool(add).build()?;
//! let outcome = agent.run("What is 2 + 40?").await?;
//! assert_eq!(outcome.text(), "It is 42.");
//! assert_eq!(outcome.report().turns, 2);
//! # Ok(()) }
//! ```
//!
//! An [`Agent`] is asked something and begins a run: one answer to one input. The run takes turns: in each, the model is asked through
//! an [`LlmProvider`](model::LlmProvider), which streams; if it wants tools, they run side by side. The [`RunMachine`](run::RunMachine) decides
//! what comes next and does no I/O; a driver does, and makes each step durable in a [`Store`](store::Store) before it takes the next one.
//! Everything that happens is an [`Event`] with a number; [`ui`] encodes them for web clients.
//!
//! However a run ends — done, stopped by a limit, cancelled, failed, dropped, its process killed — the history it leaves is valid:
//! no tool call is without a result, and the next message can build on it.
//!
//! # The seams
//!
//! | trait | behind it | here |
//! |---|---|---|
//! | [`model::LlmProvider`] | models | [`model::Scripted`], [`model::Demo`] |
//! | [`tool::Tool`], [`tool::Toolset`] | tools | yours, by [`#[tool]`](macro@tool) and [`#[toolset]`](macro@toolset) |
//! | [`store::Store`] | sessions, messages, runs, tool executions | [`store::MemoryStore`] |
//! | [`store::EventLog`] | events, for resuming streams | [`store::MemoryEventLog`] |
//! | [`store::AccountStore`] | users, sign-ins, quotas | [`store::MemoryAccounts`] |
//! | [`store::BlobStore`] | files | [`store::MemoryBlobStore`] |
//! | [`store::Cache`], [`store::PubSub`], [`store::RateLimiter`] | what may be lost | one in memory for each |
//! | [`store::VectorStore`] | texts that are found by what they mean | [`store::MemoryVectors`] |
//! | [`embedding::Embedder`] | models that turn texts into vectors | [`embedding::WordHashEmbedder`] |
//!
//! Runs need a tokio runtime with its timer.

mod agent;
pub mod embedding;
mod error;
mod event;
#[cfg(feature = "failpoints")]
pub mod failpoint;
#[cfg(not(feature = "failpoints"))]
mod failpoint;
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
pub use scorpio_macros::{tool, toolset};
pub use serde;
pub use serde_json;

pub use self::{
    agent::{Agent, AgentBuilder, Compaction, Output, ResumeRequest, RunRequest},
    error::{ErrorKind, Result, ScorpioError, Surface},
    event::{
        ApprovalRequested, ApprovalResolved, Compacted, DataSent, Event, EventKind, FellBack, PartDelta,
        PartFinished, PartStarted, Retrying, RunEnd, RunError, RunFinished, RunPaused, RunResumed,
        RunStarted, Steered, StreamReset, ToolFinished, ToolProgress, ToolStarted, TurnFinished, TurnStarted,
        WaitingForStore,
    },
    id::{
        AuthSessionId, CollectionId, DocumentId, InvalidId, MessageId, OwnerId, RunId, SessionId, ToolCallId,
        ToolName, UserId, VectorId,
    },
    json::Json,
    message::{
        DataPart, MediaPart, MediaSource, Message, MessageStatus, Native, OpaquePart, Origin, Part,
        Provenance, ReasoningPart, Role, SourcePart, TextPart, ToolCallPart, ToolOutcome, ToolResultPart,
        Trust, dangling_tool_calls,
    },
    run::{Limits, Outcome, RunHandle, RunReport, RunStream, Runtime, StopReason},
    store::Decision,
    usage::{Price, PriceTable, Usage},
};
