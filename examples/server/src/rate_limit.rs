//! How often somebody may do something: counted together with other servers where there is a place for that, and otherwise here.

use std::sync::Arc;

use scorpio_core::{
    ErrorKind, Surface,
    store::{MemoryRateLimiter, RateDecision, RateLimiter, RateQuota},
};

use crate::{
    Clock,
    problem::{Problem, Result},
};

/// Where uses are counted.
#[derive(Debug, Clone)]
pub(crate) struct Counters {
    shared: Option<Arc<dyn RateLimiter>>,
    here: Arc<MemoryRateLimiter>,
}

impl Counters {
    /// Counts in `shared` if there is one, and here, by `clock`, if there is none or it does not answer.
    pub(crate) fn new(shared: Option<Arc<dyn RateLimiter>>, clock: Clock) -> Self {
        Self { shared, here: Arc::new(MemoryRateLimiter::new().with_clock(move || clock.now())) }
    }

    /// A limit on the things of this name, of which people are told on this surface.
    pub(crate) fn limit(
        &self,
        name: &'static str,
        quota: RateQuota,
        surface: Surface,
        detail: &'static str,
    ) -> Limiter {
        Limiter { counters: self.clone(), name, quota, surface, detail }
    }
}

/// Counts one kind of thing.
#[derive(Debug)]
pub(crate) struct Limiter {
    counters: Counters,
    name: &'static str,
    quota: RateQuota,
    surface: Surface,
    detail: &'static str,
}

impl Limiter {
    /// Counts one use of `key`, or refuses it and tells how long to wait.
    pub(crate) async fn take(&self, key: &str) -> Result<()> {
        match self.check(&self.key(key)).await? {
            RateDecision::Allowed { .. } => Ok(()),
            RateDecision::Denied { retry_after } => {
                let problem = Problem::new(ErrorKind::RateLimit, self.surface, self.detail);
                Err(problem.with_retry_after(retry_after))
            }
        }
    }

    async fn check(&self, key: &str) -> Result<RateDecision> {
        if let Some(shared) = &self.counters.shared {
            match shared.check(key, self.quota, 1).await {
                Ok(decision) => return Ok(decision),
                Err(error) => {
                    tracing::warn!(?error, limit = self.name, "servers cannot count together; counting here");
                }
            }
        }
        Ok(self.counters.here.check(key, self.quota, 1).await?)
    }

    /// Gives all uses of `key` back.
    pub(crate) async fn forget(&self, key: &str) -> Result<()> {
        let key = self.key(key);
        if let Some(shared) = &self.counters.shared
            && let Err(error) = shared.reset(&key).await
        {
            tracing::warn!(?error, limit = self.name, "what was counted could not be given back");
        }
        Ok(self.counters.here.reset(&key).await?)
    }

    fn key(&self, key: &str) -> String {
        format!("{}:{key}", self.name)
    }
}

#[cfg(test)]
mod tests;
