//! stub
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "openai")]
mod http;
#[cfg(feature = "openai")]
mod json;
mod named;
#[cfg(feature = "openai")]
mod openai;
#[cfg(feature = "openai")]
mod sse;

pub use self::named::model;
#[cfg(feature = "openai")]
pub use self::openai::{InstructionsRole, OpenAi, OpenAiBuilder};
