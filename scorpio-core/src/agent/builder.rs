//! Describes an agent, step by step.

use std::{sync::Arc, time::Duration};

use super::{Agent, Definition};
use crate::{
    ErrorKind, Json, Limits, Origin, PriceTable, Result, ScorpioError, Surface,
    model::{Model, ModelParameters},
    run,
    store::{EventLog, MemoryStore, Store},
    tool::{ApprovalPolicy, Approve, SharedTool, Tool, ToolCatalog, Toolset, erase},
};

/// How many tools of a turn run at once, unless set.
const PARALLEL_TOOLS: usize = 32;

/// How often an answer that breaks off is asked for again, unless set.
const STREAM_RESETS: u32 = 2;

/// How long somebody has to answer before a call counts as refused, unless set.
const APPROVAL_PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a lease lasts without being renewed, unless set.
const LEASE: Duration = Duration::from_secs(30);

/// How long a run waits for a store that does not answer, unless set.
const STORE_PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Describes an [`Agent`]. Only a model is required.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::{Agent, Limits, model::{Demo, Model}};
/// let agent = Agent::builder("careful")
///     .with_model(Model::new(Demo::new(), "demo"))
///     .limits(Limits::new().turns(5))
///     .tool_timeout(Duration::from_secs(10))
///     .build();
/// assert!(agent.is_ok());
/// assert!(Agent::builder("without a model").build().is_err());
/// ```
#[derive(Debug)]
#[must_use]
pub struct AgentBuilder {
    name: String,
    model: Option<Model>,
    instructions: Option<Arc<str>>,
    tools: Vec<SharedTool>,
    toolsets: Vec<Arc<dyn Toolset>>,
    store: Option<Arc<dyn Store>>,
    event_log: Option<Arc<dyn EventLog>>,
    limits: Limits,
    prices: Arc<PriceTable>,
    parallel_tools: usize,
    tool_timeout: Duration,
    parameters: ModelParameters,
    stream_resets: u32,
    policy: Arc<dyn ApprovalPolicy>,
    approval_patience: Option<Duration>,
    lease: Duration,
    store_patience: Duration,
}

impl AgentBuilder {
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            model: None,
            instructions: None,
            tools: Vec::new(),
            toolsets: Vec::new(),
            store: None,
            event_log: None,
            limits: Limits::new(),
            prices: Arc::default(),
            parallel_tools: PARALLEL_TOOLS,
            tool_timeout: run::TOOL_TIMEOUT,
            parameters: ModelParameters::default(),
            stream_resets: STREAM_RESETS,
            policy: Arc::new(Approve::declared()),
            approval_patience: Some(APPROVAL_PATIENCE),
            lease: LEASE,
            store_patience: STORE_PATIENCE,
        }
    }

    /// Sets the model. (The facade adds `model("provider:name")` to this.)
    pub fn with_model(mut self, model: Model) -> Self {
        self.model = Some(model);
        self
    }

    /// Sets what the model is told before every conversation. Keep it the same from call to call: providers cache what does not change.
    pub fn instructions(mut self, instructions: impl Into<Arc<str>>) -> Self {
        self.instructions = Some(instructions.into());
        self
    }

    /// Adds a tool.
    pub fn tool(self, tool: impl Tool) -> Self {
        self.shared_tool(erase(tool))
    }

    /// Adds a tool that is shared, or only known at run time.
    pub fn shared_tool(mut self, tool: SharedTool) -> Self {
        self.tools.push(tool);
        self
    }

    /// Adds several tools that share state, or that are found out when a run begins.
    pub fn toolset(self, toolset: impl Toolset) -> Self {
        self.shared_toolset(Arc::new(toolset))
    }

    /// Adds a toolset that the program keeps hold of.
    pub fn shared_toolset(mut self, toolset: Arc<dyn Toolset>) -> Self {
        self.toolsets.push(toolset);
        self
    }

    /// Sets where sessions are kept. Unset, they are kept in memory, those of runs that name no session too, until the agent and its clones
    /// are gone or somebody deletes them through [`Agent::store`].
    pub fn store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets where events are kept for those who resume a stream. Unset, only the caller of a run sees its events.
    pub fn event_log(mut self, log: Arc<dyn EventLog>) -> Self {
        self.event_log = Some(log);
        self
    }

    /// Sets how much each run may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what models cost, so that cost can be told and limited.
    pub fn prices(mut self, prices: PriceTable) -> Self {
        self.prices = Arc::new(prices);
        self
    }

    /// Sets how many tools of a turn run at once; 0 counts as 1. Unset, it is 32.
    pub fn parallel_tools(mut self, limit: usize) -> Self {
        self.parallel_tools = limit.max(1);
        self
    }

    /// Sets how long a tool may take that does not say so itself. Unset, it is 60 seconds.
    pub fn tool_timeout(mut self, timeout: Duration) -> Self {
        self.tool_timeout = timeout;
        self
    }

    /// Sets how often a turn is asked for again whose answer breaks off in the middle: 2 times unless set. Whoever watches is told by a
    /// [`StreamReset`](crate::EventKind::StreamReset) that what was streamed of it does not count. No tool of such an answer has started.
    pub fn stream_resets(mut self, times: u32) -> Self {
        self.stream_resets = times;
        self
    }

    /// Sets which tool calls somebody is asked about before they run, and which are refused. Unset, it is [`Approve::declared`]: tools that
    /// declare that they need approval.
    pub fn approve(mut self, policy: impl ApprovalPolicy) -> Self {
        self.policy = Arc::new(policy);
        self
    }

    /// Sets how long somebody has to answer; then the call counts as refused and the run goes on. `None` waits for ever. Unset, it is a day.
    pub fn approval_patience(mut self, patience: Option<Duration>) -> Self {
        self.approval_patience = patience;
        self
    }

    /// Sets how long a run belongs to this process without word from it: so long it takes until another process goes on with a run whose
    /// process is gone. A third of it passes between two signs of life. At least 300 ms; unset, it is 30 seconds.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(300));
        self
    }

    /// Sets how long a run waits for a store that does not answer before it fails. It stays in the store as it was, so it is taken up again
    /// by [`Runtime`](crate::Runtime). Unset, it is 10 minutes.
    pub fn store_patience(mut self, patience: Duration) -> Self {
        self.store_patience = patience;
        self
    }

    /// Sets everything that is sent along with each model call.
    pub fn parameters(mut self, parameters: ModelParameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// Sets the most tokens that the model may write in a turn.
    pub fn max_output_tokens(mut self, tokens: u32) -> Self {
        self.parameters.max_output_tokens = Some(tokens);
        self
    }

    /// Sets the sampling temperature. Many models refuse one.
    pub fn temperature(mut self, temperature: f32) -> Self {
        self.parameters.temperature = Some(temperature);
        self
    }

    /// Sets how much the model thinks, in its provider's own word.
    pub fn reasoning_effort(mut self, effort: impl Into<Arc<str>>) -> Self {
        self.parameters.reasoning_effort = Some(effort.into());
        self
    }

    /// Adds fields of the provider's own, an object, to the body of each request.
    pub fn extra(mut self, fields: Json) -> Self {
        self.parameters.extra = Some(fields);
        self
    }

    /// The agent.
    ///
    /// # Errors
    ///
    /// When there is no model, when two tools have the same name, or a tool's name is not one that every provider takes.
    pub fn build(self) -> Result<Agent> {
        let Some(model) = self.model else {
            let text = format!("The agent `{}` has no model.", self.name);
            return Err(ScorpioError::new(ErrorKind::BadRequest, Surface::Model, text));
        };
        Ok(Agent(Arc::new(Definition {
            name: self.name,
            model_key: model.to_string(),
            origin: Origin::of(&model),
            model,
            instructions: self.instructions,
            tools: Arc::new(ToolCatalog::new(self.tools)?),
            toolsets: self.toolsets,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            event_log: self.event_log,
            limits: self.limits,
            prices: self.prices,
            parallel_tools: self.parallel_tools,
            tool_timeout: self.tool_timeout,
            parameters: self.parameters,
            stream_resets: self.stream_resets,
            policy: self.policy,
            approval_patience: self.approval_patience,
            lease: self.lease,
            store_patience: self.store_patience,
        })))
    }
}
