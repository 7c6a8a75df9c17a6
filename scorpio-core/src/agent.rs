//! Agents: what they are made of, and how they are asked.

mod builder;
mod output;
mod request;
mod resume;

use std::{fmt, sync::Arc, time::Duration};

pub use self::{builder::AgentBuilder, output::Output, request::RunRequest, resume::ResumeRequest};
use crate::{
    Limits, Message, Origin, PriceTable, RunId,
    model::{Model, ModelParameters},
    store::{EventLog, Store},
    tool::{ApprovalPolicy, ToolCatalog, Toolset},
};

/// A model with instructions, tools and limits, ready to answer. Cloning it is cheap; clones share everything.
///
/// ```
/// use scorpio_core::{Agent, SessionId, model::{Model, Scripted}};
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
/// let model = Model::new(Scripted::new().text("Hello, Ada.").text("You are Ada."), "any");
/// let agent = Agent::builder("greeter").with_model(model).instructions("Greet people by name.").build()?;
///
/// let session = SessionId::new();
/// agent.run("I am Ada.").session(&session).await?;
/// let outcome = agent.run("Who am I?").session(&session).await?;
/// assert_eq!(outcome.text(), "You are Ada.");
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Agent(Arc<Definition>);

/// What an agent is made of.
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) model: Model,
    /// `provider:model`, as price tables know it.
    pub(crate) model_key: String,
    /// What the model's answers are signed with.
    pub(crate) origin: Origin,
    pub(crate) instructions: Option<Arc<str>>,
    pub(crate) tools: Arc<ToolCatalog>,
    pub(crate) toolsets: Vec<Arc<dyn Toolset>>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) event_log: Option<Arc<dyn EventLog>>,
    pub(crate) limits: Limits,
    pub(crate) prices: Arc<PriceTable>,
    pub(crate) parallel_tools: usize,
    pub(crate) tool_timeout: Duration,
    pub(crate) parameters: ModelParameters,
    pub(crate) policy: Arc<dyn ApprovalPolicy>,
    /// How long somebody has to answer.
    pub(crate) approval_patience: Option<Duration>,
    /// How long a lease lasts without being renewed.
    pub(crate) lease: Duration,
    /// How long a run waits for a store that does not answer.
    pub(crate) store_patience: Duration,
    /// How often an answer that breaks off is asked for again.
    pub(crate) stream_resets: u32,
}

impl Agent {
    /// Begins to describe an agent. The name is for logs and for people.
    pub fn builder(name: impl Into<String>) -> AgentBuilder {
        AgentBuilder::new(name.into())
    }

    /// Asks the agent something: a text, or a [`Message`] with an id or with images.
    ///
    /// Nothing happens until the request is awaited or its stream is polled.
    pub fn run(&self, input: impl Into<Message>) -> RunRequest {
        RunRequest::new(Arc::clone(&self.0), Some(input.into()))
    }

    /// Asks the agent to answer the session as it stands, as after a failure; with [`RunRequest::branch_after`], to answer again.
    pub fn run_again(&self) -> RunRequest {
        RunRequest::new(Arc::clone(&self.0), None)
    }

    /// Goes on with a run that waits for somebody's decision, or whose process is gone: from any process, after any time.
    pub fn resume(&self, run: RunId) -> ResumeRequest {
        ResumeRequest::new(Arc::clone(&self.0), run)
    }

    pub(crate) fn definition(&self) -> &Arc<Definition> {
        &self.0
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its model.
    pub fn model(&self) -> &Model {
        &self.0.model
    }

    /// Where its sessions are.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.0.store
    }

    /// Where its events go, if it has a log.
    pub fn event_log(&self) -> Option<&Arc<dyn EventLog>> {
        self.0.event_log.as_ref()
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("name", &self.name)
            .field("model", &self.model_key)
            .field("tools", &self.tools.specs().map(|spec| spec.name.as_str()).collect::<Vec<_>>())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
