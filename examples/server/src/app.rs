//! What all requests share: the agent, the stores, the keys and the limits.

mod builder;

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use scorpio_core::{
    Agent,
    model::Model,
    run::{Presumed, settle_abandoned},
    store::{AccountStore, EventLog, Store},
};
use scorpio_providers::{ConfiguredModel, ModelRegistry};
use scorpio_tools::Knowledge;

pub use self::builder::AppBuilder;
use crate::{
    Clock, Settings, Stores,
    auth::{AccessTokens, Passwords},
    chat::LiveRuns,
    rate_limit::RateLimiter,
};

/// How long the events of an answer are kept: whoever comes back later reads the stored message.
const EVENTS_KEPT: SignedDuration = SignedDuration::from_hours(24);

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
    title_model: Option<ConfiguredModel>,
    knowledge: Option<Knowledge>,
    tokens: AccessTokens,
    passwords: Passwords,
    limits: Limiters,
    runs: LiveRuns,
}

/// How often things may be done.
#[derive(Debug)]
pub(crate) struct Limiters {
    pub(crate) guests: RateLimiter,
    pub(crate) registrations: RateLimiter,
    pub(crate) logins: RateLimiter,
    pub(crate) logins_of_account: RateLimiter,
    pub(crate) logins_of_address: RateLimiter,
    pub(crate) documents: RateLimiter,
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

    /// Ends the answers that a process that died was writing, and tells how many. To be awaited before the first request.
    ///
    /// Nobody else may be using the stores: with a store that several processes share, say so with [`Presumed::Alive`].
    ///
    /// # Errors
    ///
    /// When a store fails.
    pub async fn recover(&self, presumed: Presumed) -> scorpio_core::Result<usize> {
        settle_abandoned(self.store(), Some(self.log()), presumed).await
    }

    /// Forgets the events of answers that are older than a day. To be called now and then; [`serve`](crate::serve) does.
    ///
    /// # Errors
    ///
    /// When the log fails.
    pub async fn expire_events(&self) -> scorpio_core::Result<u64> {
        let Ok(before) = Timestamp::now().checked_sub(EVENTS_KEPT) else { return Ok(0) };
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

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.0.stores.store
    }

    pub(crate) fn log(&self) -> &Arc<dyn EventLog> {
        &self.0.stores.log
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
