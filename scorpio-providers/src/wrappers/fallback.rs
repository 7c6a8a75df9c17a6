//! A chain of models, each of which answers when those before it cannot.

mod breaker;
mod route;
mod stream;
mod window;

use std::sync::Arc;

use async_trait::async_trait;
use scorpio_core::model::{
    CallContext, Capabilities, LlmProvider, Model, ModelError, ModelErrorKind, ModelRequest, ModelStream,
    ProviderId, WireKey,
};

pub use self::{
    breaker::{BreakerPolicy, BreakerState},
    route::RouteState,
};
use self::{route::Route, stream::FallbackStream};

/// The most routes of a chain.
const MAX_ROUTES: usize = 5;

/// A chain of at most five models. A call goes to the first, and on to the next when that one fails before its answer begins.
///
/// | what the error is | what happens |
/// |---|---|
/// | [`InvalidRequest`](ModelErrorKind::InvalidRequest), [`ContextOverflow`](ModelErrorKind::ContextOverflow) | it is the call's error: the request is at fault, and asking elsewhere would hide it, or answer from less than was asked |
/// | every other kind, [`Quota`](ModelErrorKind::Quota), [`Auth`](ModelErrorKind::Auth) and [`NotFound`](ModelErrorKind::NotFound) among them | the next route is asked: what is at fault is the route |
///
/// A [`ModelEvent::FellBack`](scorpio_core::model::ModelEvent::FellBack) comes before each route but the first; the last one says who
/// answers. When every route fails, the error is that of the last; those before it are logged. Nothing falls back once the first part of
/// an answer has been handed on, or when the deadline of the call has passed.
///
/// Each route but the last has a circuit breaker, which [`BreakerPolicy`] describes: a route that keeps failing is passed over until it
/// has had time to recover. The last route is always asked.
///
/// As a provider, a chain is its first route: [`id`](LlmProvider::id), [`capabilities`](LlmProvider::capabilities) and
/// [`wire`](LlmProvider::wire) answer for that one. Each route is asked for its own model, whichever the request names.
///
/// ```
/// use scorpio_core::{Agent, model::{Model, ModelError, ModelErrorKind, Scripted, ScriptedTurn}};
/// use scorpio_providers::Fallback;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let broke = ScriptedTurn::new().refuse(ModelError::new(ModelErrorKind::Quota, "pay your bills"));
/// let first = Model::new(Scripted::new().turn(broke), "large");
/// let second = Model::new(Scripted::new().text("I can help."), "small");
/// let model = Fallback::new(first).or(second).into_model();
/// let agent = Agent::builder("steadfast").with_model(model).build()?;
/// assert_eq!(agent.run("Can you?").await?.text(), "I can help.");
/// # Ok(()) }
/// ```
///
/// # Cancel safety
///
/// Dropping the stream ends the call of the route that is being asked. It counts neither as a failure nor as a success of that route, and
/// frees its place if it was a probe.
#[derive(Debug, Clone)]
pub struct Fallback {
    first: Model,
    routes: Vec<Arc<Route>>,
    policy: BreakerPolicy,
}

impl Fallback {
    /// A chain of one model. Clones share its breaker.
    pub fn new(model: Model) -> Self {
        let policy = BreakerPolicy::default();
        let routes = vec![Arc::new(Route::new(model.clone(), policy))];
        Self { first: model, routes, policy }
    }

    /// Appends a model. A chain of more than five fails every call with [`ModelErrorKind::Configuration`].
    #[must_use]
    pub fn or(mut self, model: Model) -> Self {
        self.routes.push(Arc::new(Route::new(model, self.policy)));
        self
    }

    /// A chain of `models`.
    ///
    /// # Errors
    ///
    /// [`ModelErrorKind::Configuration`] when there are none, or more than five.
    pub fn chain(models: impl IntoIterator<Item = Model>) -> Result<Self, ModelError> {
        let mut models = models.into_iter();
        let Some(first) = models.next() else {
            return Err(ModelError::new(
                ModelErrorKind::Configuration,
                "a chain of no models answers nothing",
            ));
        };
        let chain = models.take(MAX_ROUTES).fold(Self::new(first), Self::or);
        chain.check()?;
        Ok(chain)
    }

    /// Sets when routes are passed over. What the breakers have seen so far is forgotten.
    #[must_use]
    pub fn with_breaker(mut self, policy: BreakerPolicy) -> Self {
        self.policy = policy;
        for route in &mut self.routes {
            *route = Arc::new(Route::new(route.model().clone(), policy));
        }
        self
    }

    /// The chain as a model, under the name of its first.
    pub fn into_model(self) -> Model {
        let name = Arc::clone(self.first.name());
        Model::new(self, name)
    }

    /// How the routes are, in order: for dashboards.
    pub fn states(&self) -> Vec<RouteState> {
        self.routes.iter().map(|route| route.state()).collect()
    }

    fn check(&self) -> Result<(), ModelError> {
        let count = self.routes.len();
        if count <= MAX_ROUTES {
            return Ok(());
        }
        let message = format!("a chain holds at most {MAX_ROUTES} models, not {count}");
        Err(ModelError::new(ModelErrorKind::Configuration, message))
    }
}

#[async_trait]
impl LlmProvider for Fallback {
    fn id(&self) -> &ProviderId {
        self.first.provider().id()
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        self.first.provider().capabilities(self.first.name())
    }

    fn wire(&self, _model: &str) -> WireKey {
        self.first.provider().wire(self.first.name())
    }

    async fn stream(&self, request: ModelRequest, cx: &CallContext) -> Result<ModelStream, ModelError> {
        self.check()?;
        Ok(Box::pin(FallbackStream::new(self.routes.clone(), request, cx)))
    }
}
