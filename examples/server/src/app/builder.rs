//! Putting an [`App`] together.

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    Agent, ErrorKind, Limits, Runtime, ScorpioError, Surface,
    model::Model,
    tool::{SharedTool, Tool, Toolset, erase},
};

use super::{App, Limiters, Shared, is_demo};
use scorpio_providers::{ConfiguredModel, ModelRegistry, Role};
use scorpio_tools::Knowledge;

use crate::{
    Clock, Settings, SigningKey, Stores,
    auth::{AccessTokens, Passwords},
    chat::LiveRuns,
    demo_mail::send_email,
    knowledge::OwnersKnowledge,
    rate_limit::Counters,
};

/// What the model is told before every conversation. It never changes while a server runs, so providers can cache it.
const INSTRUCTIONS: &str = "You are a helpful assistant in a chat. Answer in the language of the user, clearly and to the point. \
    Use Markdown where it helps: short paragraphs, lists, tables, and fenced code blocks with the name of the language. \
    Use your tools when they give a better answer than you could, and build on what they return instead of guessing. \
    When you do not know something, say so.";

/// How much one answer may use.
const TURNS: u32 = 12;
const WALL: Duration = Duration::from_secs(10 * 60);

/// Describes an [`App`].
///
/// ```
/// use scorpio_core::model::{Demo, Model};
/// use scorpio_server::{App, Settings, SigningKey};
/// # fn main() -> scorpio_core::Result<()> {
/// let app = App::builder(Model::new(Demo::new(), "demo"))
///     .settings(Settings::new().with_guest_messages(3))
///     .signing_key(SigningKey::from_seed([7; 32]))
///     .build()?;
/// assert_eq!(app.settings().guest_messages, 3);
/// # Ok(()) }
/// ```
#[derive(Debug)]
#[must_use]
pub struct AppBuilder {
    models: ModelRegistry,
    /// None while nothing was said about it.
    title_model: Option<Option<ConfiguredModel>>,
    instructions: Arc<str>,
    tools: Vec<SharedTool>,
    toolsets: Vec<Arc<dyn Toolset>>,
    knowledge: Option<Knowledge>,
    stores: Stores,
    settings: Settings,
    signing_key: Option<SigningKey>,
    clock: Clock,
}

impl AppBuilder {
    pub(super) fn new(models: ModelRegistry) -> Self {
        Self {
            models,
            title_model: None,
            instructions: INSTRUCTIONS.into(),
            tools: Vec::new(),
            toolsets: Vec::new(),
            knowledge: None,
            stores: Stores::memory(),
            settings: Settings::new(),
            signing_key: None,
            clock: Clock::system(),
        }
    }

    /// Sets the model that gives chats their titles; with `None` the first message is the title. Unset, it is the one that has the role
    /// [`Title`](Role::Title), unless that one follows a script.
    pub fn title_model(mut self, model: Option<Model>) -> Self {
        self.title_model = Some(model.map(ConfiguredModel::from));
        self
    }

    /// Sets what the model is told before every conversation.
    pub fn instructions(mut self, instructions: impl Into<Arc<str>>) -> Self {
        self.instructions = instructions.into();
        self
    }

    /// Adds a tool.
    pub fn tool(mut self, tool: impl Tool) -> Self {
        self.tools.push(erase(tool));
        self
    }

    /// Adds the tools of a toolset.
    pub fn toolset(mut self, toolset: impl Toolset) -> Self {
        self.toolsets.push(Arc::new(toolset));
        self
    }

    /// Sets what keeps the documents that people add. Those who have some get the tool `knowledge_search` in their chats. Unset, no
    /// documents are taken.
    pub fn knowledge(mut self, knowledge: Knowledge) -> Self {
        self.toolsets.push(Arc::new(OwnersKnowledge::new(knowledge.clone())));
        self.knowledge = Some(knowledge);
        self
    }

    /// Sets where everything is kept. Unset, it is in memory.
    pub fn stores(mut self, stores: Stores) -> Self {
        self.stores = stores;
        self
    }

    /// Sets what can be set.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Sets the key that signs access tokens. Unset, it is a new one, and pages have to refresh theirs after a restart.
    pub fn signing_key(mut self, key: SigningKey) -> Self {
        self.signing_key = Some(key);
        self
    }

    /// Sets the clock that tokens, quotas and limits go by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Puts it together.
    ///
    /// # Errors
    ///
    /// When a model cannot be set up, two tools have the same name, or the operating system gives no randomness.
    pub fn build(self) -> scorpio_core::Result<App> {
        let fault = |cause: Box<dyn std::error::Error + Send + Sync>| {
            ScorpioError::new(ErrorKind::Internal, Surface::Auth, "The server cannot make its keys.")
                .with_source(cause)
        };
        let title_model = match &self.title_model {
            Some(model) => model.clone(),
            None => Some(self.models.role(Role::Title)?.clone())
                .filter(|title| title.model().provider().id().as_ref() != "scripted"),
        };
        let agents = self.models.choices().iter().map(|choice| self.agent(&choice.id));
        let agents = agents.collect::<scorpio_core::Result<Vec<Agent>>>()?;
        let runs = Arc::new(LiveRuns::new());
        let runtime = self.runtime(&agents, Arc::clone(&runs));
        let key = match self.signing_key {
            Some(key) => key,
            None => SigningKey::generate().map_err(|error| fault(error.into()))?,
        };
        let passwords = Passwords::new(self.settings.min_password_length)
            .map_err(|error| fault(error.to_string().into()))?;
        let mut tools = self.tools;
        if agents.iter().any(|agent| is_demo(agent.model())) {
            tools.push(erase(send_email));
        }
        let limits =
            Limiters::new(&self.settings, Counters::new(self.stores.limiter.clone(), self.clock.clone()));
        Ok(App(Arc::new(Shared {
            limits,
            settings: self.settings,
            clock: self.clock,
            stores: self.stores,
            models: self.models,
            agents,
            runtime,
            tools,
            toolsets: self.toolsets,
            title_model,
            knowledge: self.knowledge,
            tokens: AccessTokens::new(key),
            passwords,
            runs,
        })))
    }

    /// What goes on with runs, in this process and after it.
    fn runtime(&self, agents: &[Agent], runs: Arc<LiveRuns>) -> Runtime {
        let runtime = Runtime::new(Arc::clone(&self.stores.store))
            .event_log(Arc::clone(&self.stores.log))
            .drive_with(move |stream| {
                runs.drive(stream);
            });
        let runtime = agents.iter().cloned().fold(runtime, Runtime::agent);
        if self.stores.sole_user { runtime.sole_user() } else { runtime }
    }

    /// The agent that answers with a model of the registry.
    fn agent(&self, choice: &str) -> scorpio_core::Result<Agent> {
        let chosen = self.models.chosen(choice)?;
        // Runs know their agent by its name, also after a restart.
        let agent = Agent::builder(format!("chat:{choice}"))
            .with_model(chosen.model().clone())
            .parameters(chosen.parameters().clone())
            .prices(self.models.prices().clone())
            .instructions(Arc::clone(&self.instructions))
            .limits(Limits::new().turns(TURNS).wall(WALL))
            .approve(self.settings.approval)
            .approval_patience(Some(self.settings.approval_patience))
            .lease(self.settings.lease)
            .store(Arc::clone(&self.stores.store))
            .event_log(Arc::clone(&self.stores.log));
        let agent = if is_demo(chosen.model()) { agent.tool(send_email) } else { agent };
        let tools = self.tools.iter().cloned();
        let agent = tools.fold(agent, |agent, tool| agent.shared_tool(tool));
        let toolsets = self.toolsets.iter().cloned();
        toolsets.fold(agent, |agent, toolset| agent.shared_toolset(toolset)).build()
    }
}
