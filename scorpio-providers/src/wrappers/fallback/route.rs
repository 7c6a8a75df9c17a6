//! One model of a chain, and how it is.

use std::sync::Arc;

use scorpio_core::{
    Origin,
    model::{Model, ModelErrorKind},
};
use tokio::time::Instant;

use super::breaker::{Breaker, BreakerPolicy, BreakerState, Ticket};

#[derive(Debug)]
pub(super) struct Route {
    model: Model,
    breaker: Arc<Breaker>,
}

/// How a route of a chain is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteState {
    /// The route.
    pub origin: Origin,
    /// Whether it is asked.
    pub breaker: BreakerState,
    /// How many calls of it have failed in a row.
    pub failures: u32,
    /// How often in succession it was found failing and passed over.
    pub times_opened: u32,
    /// What the last failure was.
    pub last_error: Option<ModelErrorKind>,
}

impl Route {
    pub(super) fn new(model: Model, policy: BreakerPolicy) -> Self {
        Self { model, breaker: Arc::new(Breaker::new(policy)) }
    }

    pub(super) fn model(&self) -> &Model {
        &self.model
    }

    pub(super) fn origin(&self) -> Origin {
        let (provider, name) = (self.model.provider(), self.model.name());
        Origin::new(Arc::clone(provider.id()), provider.wire(name), Arc::clone(name))
    }

    /// Leave to ask the route, or what it failed with when it is to be passed over. The last route is always asked.
    pub(super) fn admit(&self, is_last: bool) -> Result<Ticket, ModelErrorKind> {
        if is_last {
            return Ok(self.breaker.always_admit());
        }
        self.breaker.admit(Instant::now())
    }

    pub(super) fn state(&self) -> RouteState {
        let (breaker, failures, times_opened, last_error) = self.breaker.state(Instant::now());
        RouteState { origin: self.origin(), breaker, failures, times_opened, last_error }
    }
}
