//! Scorpio is an embeddable agent SDK: agents that call tools, stream everything they do, and keep it.
//!
//! ```
//! use scorpio::prelude::*;
//!
//! /// Add two numbers.
//! #[tool]
//! async fn add(a: f64, b: f64) -> f64 { a + b }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio::Result<()> {
//! // `scripted:demo` needs no key. Say `openai:gpt-5-mini` and set OPENAI_API_KEY for a real model.
//! let agent = Agent::builder("calculator").model("scripted:demo")?.tool(add).build()?;
//! println!("{}", agent.run("Why is the sky blue?").await?.text());
//! # Ok(()) }
//! ```
//!
//! # What is where
//!
//! - [`Agent`] is a model with instructions, tools and limits. [`Agent::run`] asks it something: await the answer, or stream
//!   the [`Event`]s of the run.
//! - [`#[tool]`](macro@tool) makes a tool of a function; [`#[toolset]`](macro@toolset) makes tools of methods that share state.
//! - A [`SessionId`] names a durable thread of [`Message`]s in a [`store::Store`]. Runs on it see what was said before.
//! - [`Limits`] bound a run; hitting one is an [`Outcome`], not an error, and what was done is kept.
//! - [`model::Scripted`] is a model for tests: it plays the turns that you write down.
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `macros` | yes | [`#[tool]`](macro@tool) and [`#[toolset]`](macro@toolset) |
//! | `openai` | yes | OpenAI and everything compatible with it, Azure and Ollama among them; `"openai:…"`, `"ollama:…"` |
//! | `anthropic` | yes | Anthropic, also on Vertex AI; `"anthropic:…"` |
//! | `gemini` | yes | Gemini, also on Vertex AI; `"gemini:…"` |
//! | `registry` | | models by role and by choice, from code or from a TOML file, and a doctor for their providers |
//! | `tools` | | ready-made tools: `calculate`, `current_time` |
//! | `knowledge` | | documents that are searched by what they mean, and the tool `knowledge_search` |
//! | `sqlite` | | sessions, events, accounts and vectors in a SQLite file |
//! | `postgres` | | the same on PostgreSQL, shared by any number of processes; vectors need pgvector |
//! | `mongodb` | | sessions and runs on MongoDB, shared by any number of processes |
//! | `redis` | | the log of events, a cache, messages and a rate limiter on Redis |
//! | `redis-tls` | | Redis over TLS: `rediss://…` |
//! | `blobs` | | files in a folder of the local disk, or in any object store |
//! | `s3` | | files on S3 and everything compatible with it |
//! | `conformance` | | the suite that every store runs, for stores of your own |
//! | `full` | | all of them |
//!
//! With `default-features = false` there is the engine alone: no network, no database.

pub use scorpio_core as core;
pub use scorpio_core::*;
#[cfg(any(feature = "openai", feature = "anthropic", feature = "gemini"))]
pub use scorpio_providers as providers;
#[cfg(feature = "blobs")]
pub use scorpio_store::blobs;
#[cfg(feature = "mongodb")]
pub use scorpio_store::mongodb;
#[cfg(feature = "postgres")]
pub use scorpio_store::postgres;
#[cfg(feature = "redis")]
pub use scorpio_store::redis;
#[cfg(feature = "sqlite")]
pub use scorpio_store::sqlite;
#[cfg(feature = "conformance")]
pub use scorpio_store::{
    account_store_conformance, blob_store_conformance, cache_conformance, conformance, event_log_conformance,
    pub_sub_conformance, rate_limiter_conformance, store_conformance, vector_store_conformance,
};
#[cfg(feature = "tools")]
pub use scorpio_tools as tools;

mod by_name;

pub use self::by_name::{ModelByName, model};

/// What most programs need.
///
/// ```
/// use scorpio::prelude::*;
/// let limits = Limits::new().turns(5);
/// # let _ = limits;
/// ```
pub mod prelude {
    pub use scorpio_core::{
        Agent, Event, EventKind, Limits, Message, Outcome, Part, ScorpioError, SessionId,
        model::{Model, Scripted, ScriptedTurn},
        tool::{ToolContext, ToolError},
    };
    #[cfg(feature = "macros")]
    pub use scorpio_core::{tool, toolset};

    pub use crate::ModelByName;
}
