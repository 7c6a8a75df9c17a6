//! Embedding models: texts in, vectors out, in calls of the size that each provider takes.

mod batches;
#[cfg(feature = "gemini")]
mod gemini;
#[cfg(feature = "openai")]
mod openai;

#[cfg(feature = "gemini")]
pub use self::gemini::{GeminiEmbedder, GeminiEmbedderBuilder};
#[cfg(feature = "openai")]
pub use self::openai::{OpenAiEmbedder, OpenAiEmbedderBuilder};

/// The largest answer that is read, in bytes: 2,048 vectors of 4,096 numbers as base64 take 45 million.
const MAX_ANSWER: usize = 64 << 20;
