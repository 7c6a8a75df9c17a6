//! Model providers of the Scorpio agent SDK.
//!
//! A provider implements [`LlmProvider`](scorpio_core::model::LlmProvider): it takes a request and streams the answer.
//!
//! | provider | reaches |
//! |---|---|
//! | [`OpenAi`] | OpenAI by Responses, Azure, and by Chat Completions nearly everything else: Ollama, vLLM, llama.cpp, OpenRouter, Groq, DeepSeek, Mistral, xAI, gateways |
//! | [`Anthropic`] | Claude by Messages, at Anthropic and on Vertex AI |
//! | [`Gemini`] | Gemini by generateContent, at Google's Gemini API and on Vertex AI |
//!
//! Each keeps what a model made as it came and sends it back byte for byte: reasoning that is signed or encrypted is worth nothing otherwise.
//! [`OpenAiEmbedder`] and [`GeminiEmbedder`] turn texts into vectors.
//!
//! # By name
//!
//! [`model()`] takes the name of a model, sets its provider up from the environment, and says what is missing when it cannot:
//!
//! ```
//! use scorpio_core::Agent;
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let model = scorpio_providers::model("scripted:demo")?; // or "openai:gpt-5-mini", "ollama:llama3.2:3b"
//! let agent = Agent::builder("assistant").with_model(model).build()?;
//! assert_eq!(agent.run("Why is the sky blue?").await?.text(), "It's just blue duh!");
//! # Ok(()) }
//! ```
//!
//! # By role
//!
//! A program that needs several models keeps them in a [`ModelRegistry`]: by role (chat, reasoning, title, artifact, planner), for people to
//! choose from, with prices, from code or from a TOML file. [`from_env`] makes the one that the environment allows, and [`doctor()`]
//! says what is wrong with each provider of it.
//!
//! # By hand
//!
#![cfg_attr(feature = "openai", doc = "```no_run")]
#![cfg_attr(not(feature = "openai"), doc = "```ignore")]
//! use std::time::Duration;
//! use scorpio_core::{Agent, model::Model};
//! use scorpio_providers::OpenAi;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let groq = OpenAi::builder()
//!     .id("groq")
//!     .base_url("https://api.groq.com/openai/v1")
//!     .api_key(std::env::var("GROQ_API_KEY")?)
//!     .first_token_timeout(Duration::from_secs(20))
//!     .build()?;
//! let agent = Agent::builder("fast").with_model(Model::new(groq, "openai/gpt-oss-120b")).build()?;
//! # Ok(()) }
//! ```
//!
//! A provider holds a pool of connections: build one and clone it, rather than one for each agent. [`model()`] does so by itself.
//!
//! # When it fails
//!
//! Every failure is a [`ModelError`](scorpio_core::model::ModelError) that answers questions. The providers ask once. What to do when
//! that fails is said with wrappers, which are providers themselves, so they stack around any other:
//!
//! | wrapper | what it does |
//! |---|---|
//! | [`Retry`] | asks again, after random waits, out of a budget |
//! | [`Fallback`] | asks the next model of a chain, and leaves those alone that keep failing |
//! | [`RateLimit`] | lets calls wait their turn, within what may be used in a minute |
//! | [`Timeouts`] | gives up on a call, a first token, a silence or an answer that takes too long |
//! | [`Cache`] | gives the same answer to the same request |
//! | [`Record`], [`Replay`] | write exchanges to a file, and answer from it |
//! | [`ThinkTags`] | makes reasoning of the thinking that a model writes into its text |
//! | [`PromptedTools`] | lets models call tools that have none |
//! | [`ToolCallRepair`] | mends tool calls that are not quite right |
//!
//! ```
//! use scorpio_core::model::{Model, Scripted};
//! use scorpio_providers::{Fallback, RateLimit, Retry, Timeouts};
//!
//! # let (provider, another) = (Scripted::new(), Scripted::new());
//! let provider = Retry::new(RateLimit::new(Timeouts::new(provider)).with_requests_per_minute(500));
//! let model = Fallback::new(Model::new(provider, "large")).or(Model::new(Retry::new(another), "small")).into_model();
//! assert_eq!(model.to_string(), "scripted:large");
//! ```
//!
//! A program that decides for itself asks the error:
//!
//! ```
//! use std::time::Duration;
//! use scorpio_core::model::{ModelError, ModelErrorKind};
//!
//! fn what_to_do(error: &ModelError) -> String {
//!     match error.kind() {
//!         ModelErrorKind::ContextOverflow => "shorten the history".to_owned(),
//!         ModelErrorKind::Quota | ModelErrorKind::Auth => "tell the operator".to_owned(),
//!         _ if error.is_retryable() => {
//!             let wait = error.retry_after().unwrap_or(Duration::from_secs(1));
//!             format!("try again in {wait:?}")
//!         }
//!         _ => error.public_message().to_owned(),
//!     }
//! }
//! # assert_eq!(what_to_do(&ModelError::new(ModelErrorKind::Overloaded, "x")), "try again in 1s");
//! ```
//!
//! Keys are never shown: not by `Debug`, not in errors, and not in the bodies that errors keep, even when a server repeats them.
//!
//! # TLS
//!
//! rustls with ring, and the certificates that the system trusts. HTTP/2 where a server offers it, HTTP/1.1 otherwise. Proxies are taken
//! from the environment (`HTTPS_PROXY` and its kin), except for models on the same machine. For anything else, such as certificates of
//! your own, give the builder a `reqwest::Client`.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `openai` | yes | `OpenAi`, `OpenAiEmbedder`, and `openai:…`, `azure:…` and `ollama:…` in [`model()`] |
//! | `anthropic` | yes | `Anthropic`, also on Vertex AI, and `anthropic:…` and `anthropic-vertex:…` in [`model()`] |
//! | `gemini` | yes | `Gemini`, also on Vertex AI, `GeminiEmbedder`, and `gemini:…` and `gemini-vertex:…` in [`model()`] |
//! | `registry` | yes | [`ModelRegistry`], [`from_env`] and [`doctor()`] |
//! | `rigs` | no | nothing to the library; tests against servers that others wrote |
//!
//! Without features, [`model()`] knows `scripted:demo` alone.
#![cfg_attr(docsrs, feature(doc_cfg))]
// What the wires share is not all used by each of them.
#![cfg_attr(
    not(all(feature = "openai", feature = "anthropic", feature = "gemini")),
    allow(dead_code, unused_imports, unused_macros)
)]
#![cfg_attr(
    not(all(feature = "openai", feature = "anthropic", feature = "gemini", feature = "registry")),
    allow(rustdoc::broken_intra_doc_links)
)]

#[cfg(feature = "anthropic")]
mod anthropic;
#[cfg(feature = "http")]
mod arguments;
#[cfg(feature = "registry")]
mod doctor;
#[cfg(any(feature = "openai", feature = "gemini"))]
mod embedding;
#[cfg(feature = "http")]
mod environment;
#[cfg(feature = "http")]
mod failure;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "gemini")]
mod gemini;
#[cfg(any(feature = "anthropic", feature = "gemini"))]
mod google;
#[cfg(feature = "http")]
mod http;
#[cfg(feature = "http")]
mod json;
#[cfg(feature = "http")]
mod lenient;
mod named;
#[cfg(feature = "openai")]
mod openai;
#[cfg(any(feature = "fuzzing", all(test, feature = "http")))]
mod random;
#[cfg(all(test, feature = "http"))]
mod recorded;
#[cfg(feature = "registry")]
mod registry;
#[cfg(feature = "http")]
mod schema;
#[cfg(feature = "http")]
mod sse;
mod wrappers;

#[cfg(feature = "anthropic")]
pub use self::anthropic::{Anthropic, AnthropicAuth, AnthropicBuilder};
#[cfg(feature = "gemini")]
pub use self::embedding::{GeminiEmbedder, GeminiEmbedderBuilder};
#[cfg(feature = "openai")]
pub use self::embedding::{OpenAiEmbedder, OpenAiEmbedderBuilder};
#[cfg(feature = "gemini")]
pub use self::gemini::{Gemini, GeminiBuilder};
#[cfg(any(feature = "anthropic", feature = "gemini"))]
pub use self::google::GoogleCredentials;
#[cfg(feature = "http")]
pub use self::http::{TokenSource, Transport, TransportBody};
pub use self::named::model;
#[cfg(feature = "openai")]
pub use self::openai::{InstructionsRole, OpenAi, OpenAiApi, OpenAiBuilder};
pub use self::wrappers::{
    AnswerCache, BreakerPolicy, BreakerState, Cache, CacheKey, CachedAnswer, Fallback, MemoryCache,
    PromptedTools, RateLimit, Record, Replay, Retry, RetryBudget, RouteState, ThinkTags, Timeouts,
    ToolCallRepair,
};
#[cfg(feature = "registry")]
pub use self::{
    doctor::{Finding, Report, Severity, doctor},
    registry::{
        Assignment, Audience, ConfiguredModel, KeySource, ModelChoice, ModelOptions, ModelRegistry,
        ModelRegistryBuilder, ProviderKind, ProviderSettings, Role, ThinkTagOptions, discover, from_env,
    },
};
#[doc(no_inline)]
pub use secrecy::SecretString;
