//! Ready-made tools, which any model can be given.
//!
//! | tool | what the model asks | what it gets |
//! |---|---|---|
//! | [`calculate`](struct@calculate) | `{"expression": "12*34"}` | `408` |
//! | [`current_time`](struct@current_time) | `{"city": "Tokyo"}` | `{"city":"Tokyo","time_zone":"Asia/Tokyo","time":"14:05","date":"2026-11-22","weekday":"Sunday","utc_offset":"+09:00"}` |
//!
//! Models are bad at both without help: they guess at long multiplications, and do not know what day it is.
//! [`everyday()`] is the two of them as a toolset:
//!
//! ```
//! use scorpio_core::{Agent, model::{Model, Scripted}};
//!
//! # fn main() -> scorpio_core::Result<()> {
//! let agent = Agent::builder("helper")
//!     .with_model(Model::new(Scripted::new().text("Hello."), "scripted"))
//!     .toolset(scorpio_tools::everyday())
//!     .build()?;
//! # let _ = agent;
//! # Ok(()) }
//! ```
//!
//! Each can be given alone, as `.tool(scorpio_tools::calculate)`, and called as a function: `calculate::function("2^10".into())`.
//!
//! Both are `pure`, have no effects and are trusted: a restart may run them again, no approval is needed, and what they answer holds
//! nothing that strangers wrote. Their answers are the program's own; nothing leaves the process.
//!
//! With the feature `knowledge` there are [`Knowledge`], which takes in documents and finds passages of them by what they mean, and
//! the tool `knowledge_search`, which gives a model the passages of the owner whose session it answers in.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod arithmetic;
mod everyday;
#[cfg(feature = "knowledge")]
mod knowledge;
mod world_clock;

#[cfg(feature = "knowledge")]
pub use self::knowledge::{
    Document, DocumentFormat, Ingested, Knowledge, KnowledgeLimits, KnowledgeSearch, Passage, Passages,
};
pub use self::{
    arithmetic::calculate,
    everyday::{Everyday, everyday},
    world_clock::{LocalTime, WorldClock, current_time},
};
