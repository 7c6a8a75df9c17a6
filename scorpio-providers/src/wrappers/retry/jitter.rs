//! Random waits.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use fastrand::Rng;

/// A source of random waits, which a test can make predictable.
#[derive(Debug)]
pub(super) struct Jitter(Mutex<Rng>);

impl Jitter {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Rng::new()))
    }

    pub(super) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(Rng::with_seed(seed)))
    }

    /// Any time up to `longest`, each as likely as the other.
    pub(super) fn up_to(&self, longest: Duration) -> Duration {
        longest.mul_f64(self.0.lock().unwrap_or_else(PoisonError::into_inner).f64())
    }
}
