//! What all requests share: the agent, the stores, the keys and the limits.

mod builder;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use scorpio_core::{
    Agent, OwnerId, Runtime, SessionId, Surface,
    model::Model,
    run::{Presumed, Worker, settle_abandoned},
    store::{AccountStore, BlobStore, EventLog, Store},
    tool::{Extensions, SharedTool, Toolset, ToolsetContext},
};
use scorpio_providers::{ConfiguredModel, ModelRegistry};
use scorpio_tools::Knowledge;

pub use self::builder::AppBuilder;
use crate::{
    Clock, Settings, Stores,
    auth::{AccessTokens, Passwords},
    chat::LiveRuns,
    rate_limit::{Counters, Limiter},
};

/// A chat server that is not bound to an address yet. Cloning it is cheap; clones share everything.
///
/// ```
/// use scorpio_core::model::{Demo, Model};
/// # fn main() -> scorpio_core::Result<()> {
/// let app = scorpio_server::App::builder(Model::new(Demo::new(), "demo")).build()?;
/// let router: axum::Router = app.router();
/// # let _ = router;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    settings: Settings,
    clock: Clock,
    stores: Stores,
    models: ModelRegistry,
    /// As many as there are models to choose, in their order.
    agents: Vec<Agent>,
    runtime: Runtime,
    tools: Vec<SharedTool>,
    toolsets: Vec<Arc<dyn Toolset>>,
    title_model: Option<ConfiguredModel>,
    knowledge: Option<Knowledge>,
    tokens: AccessTokens,
    passwords: Passwords,
    limits: Limiters,
    runs: Arc<LiveRuns>,
}

/// How often things may be done.
#[derive(Debug)]
pub(crate) struct Limiters {
    pub(crate) guests: Limiter,
    pub(crate) registrations: Limiter,
    pub(crate) logins: Limiter,
    pub(crate) logins_of_account: Limiter,
    pub(crate) logins_of_address: Limiter,
    pub(crate) documents: Limiter,
    pub(crate) files: Limiter,
}

impl Limiters {
    fn new(settings: &Settings, counters: Counters) -> Self {
        let auth = |name, quota| {
            counters.limit(name, quota, Surface::Auth, "That was tried too often. Please wait a moment.")
        };
        Self {
            guests: auth("guests", settings.guests),
            registrations: auth("registrations", settings.registrations),
            logins: auth("logins", settings.logins),
            logins_of_account: auth("logins_of_account", settings.logins_of_account),
            logins_of_address: auth("logins_of_address", settings.logins_of_address),
            documents: counters.limit(
                "documents",
                settings.documents,
                Surface::Knowledge,
                "You have added many documents. Please wait a moment.",
            ),
            files: counters.limit(
                "files",
                settings.files,
                Surface::Api,
                "You have added many files. Please wait a moment.",
            ),
        }
    }
}

impl App {
    /// Begins to describe a server that answers with one of these models: a [`Model`], or a [`ModelRegistry`] for people to choose from.
    pub fn builder(models: impl Into<ModelRegistry>) -> AppBuilder {
        AppBuilder::new(models.into())
    }

    /// The routes, with all that guards them.
    pub fn router(&self) -> axum::Router {
        crate::router::router(self.clone())
    }

    /// Goes on with the answers that a process that died was writing, and tells how many. To be awaited before the first request.
    ///
    /// Those of models that are no longer there end where they were, if [nobody else](Stores::sole_user) uses the stores; otherwise a
    /// process that still has the model may go on with them.
    ///
    /// # Errors
    ///
    /// When a store fails.
    pub async fn recover(&self) -> scorpio_core::Result<usize> {
        let mut recovered = 0;
        loop {
            match self.runtime().recover().await? {
                0 => break,
                more => recovered += more,
            }
        }
        if self.0.stores.sole_user {
            settle_abandoned(self.store(), Some(self.log()), Presumed::Dead).await?;
        }
        Ok(recovered)
    }

    /// Keeps looking for answers to go on with: those whose process died, and those that waited for somebody who has answered or has not
    /// in time. [`serve`](crate::serve) does so by itself.
    pub fn work(&self) -> Worker {
        self.runtime().start()
    }

    /// Forgets the events of answers that are older than [`Settings::events_kept`]. To be called now and then;
    /// [`serve`](crate::serve) does.
    ///
    /// # Errors
    ///
    /// When the log fails.
    pub async fn expire_events(&self) -> scorpio_core::Result<u64> {
        let Ok(before) = Timestamp::now().checked_sub(self.settings().events_kept) else { return Ok(0) };
        Ok(self.log().expire(before).await?)
    }

    /// Takes no new messages, gives the answers that are being written `grace` to end, and then stops them. What there is of them is
    /// kept. Afterwards nothing is being written.
    pub async fn shut_down(&self, grace: Duration) {
        self.runs().shut_down(grace).await;
    }

    /// What was set.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The models that people may choose, and those that the server itself uses.
    pub fn models(&self) -> &ModelRegistry {
        &self.0.models
    }

    /// The agent that answers with the model that was chosen, if there is such a choice.
    pub fn agent(&self, choice: &str) -> Option<&Agent> {
        let position = self.models().choices().iter().position(|known| &*known.id == choice)?;
        self.0.agents.get(position)
    }

    pub(crate) fn runtime(&self) -> &Runtime {
        &self.0.runtime
    }

    /// The tools that answers in a chat may use. A toolset that fails has none.
    pub(crate) async fn tools(&self, owner: &OwnerId, chat: &SessionId) -> Vec<SharedTool> {
        let cx = ToolsetContext::new(chat.clone(), owner.clone(), Extensions::new());
        let mut tools = self.0.tools.clone();
        for toolset in &self.0.toolsets {
            match Arc::clone(toolset).tools(&cx).await {
                Ok(more) => tools.extend(more),
                Err(error) => tracing::warn!(?error, "a toolset failed; its tools cannot be described"),
            }
        }
        tools
    }

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.0.stores.store
    }

    pub(crate) fn log(&self) -> &Arc<dyn EventLog> {
        &self.0.stores.log
    }

    pub(crate) fn blobs(&self) -> &dyn BlobStore {
        self.0.stores.blobs.as_ref()
    }

    pub(crate) fn accounts(&self) -> &dyn AccountStore {
        self.0.stores.accounts.as_ref()
    }

    pub(crate) fn title_model(&self) -> Option<&ConfiguredModel> {
        self.0.title_model.as_ref()
    }

    pub(crate) fn knowledge(&self) -> Option<&Knowledge> {
        self.0.knowledge.as_ref()
    }

    pub(crate) fn tokens(&self) -> &AccessTokens {
        &self.0.tokens
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.0.passwords
    }

    pub(crate) fn limits(&self) -> &Limiters {
        &self.0.limits
    }

    pub(crate) fn runs(&self) -> &LiveRuns {
        &self.0.runs
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }
}

/// Whether a model is the one that needs no key.
pub(crate) fn is_demo(model: &Model) -> bool {
    model.to_string() == "scripted:demo"
}
