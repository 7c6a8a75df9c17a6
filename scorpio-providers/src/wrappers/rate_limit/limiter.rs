//! The queue of calls that wait for room.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scorpio_core::model::{ModelError, ModelErrorKind};
use tokio::{
    sync::{self, Notify},
    time::{Instant, sleep_until, timeout_at},
};

use super::window::Window;

#[derive(Debug)]
pub(super) struct Limiter {
    limits: (Option<u64>, Option<u64>),
    window: Mutex<Window>,
    /// Whoever holds it is the first of the queue. It is handed on in the order in which it was asked for.
    first: sync::Mutex<()>,
    /// Tells the first that a call took less than it was taken for.
    freed: Notify,
}

impl Limiter {
    pub(super) fn new(requests: Option<u64>, tokens: Option<u64>) -> Self {
        Self {
            limits: (requests, tokens),
            window: Mutex::default(),
            first: sync::Mutex::new(()),
            freed: Notify::new(),
        }
    }

    /// Waits for room for a call of `tokens`, but not beyond `until`.
    ///
    /// # Cancel safety
    ///
    /// Dropping it leaves the queue, and takes nothing.
    pub(super) async fn acquire(self: &Arc<Self>, tokens: u64, until: Instant) -> Result<Grant, ModelError> {
        let turn = async {
            let _first = self.first.lock().await;
            loop {
                match self.take(tokens) {
                    Ok(grant) => return Ok(grant),
                    Err(at) if at > until => return Err(refused(at)),
                    Err(at) => tokio::select! {
                        () = sleep_until(at) => {}
                        () = self.freed.notified() => {}
                    },
                }
            }
        };
        match timeout_at(until, turn).await {
            Ok(granted) => granted,
            Err(_) => Err(refused(self.lock().room(Instant::now(), tokens, self.limits))),
        }
    }

    /// Takes the room if it is there, or tells when it will be.
    fn take(self: &Arc<Self>, tokens: u64) -> Result<Grant, Instant> {
        let now = Instant::now();
        let mut window = self.lock();
        let at = window.room(now, tokens, self.limits);
        if at > now {
            return Err(at);
        }
        let entry = window.add(now, tokens);
        Ok(Grant { limiter: Arc::clone(self), entry, counted: tokens, last: None })
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refused(room_at: Instant) -> ModelError {
    ModelError::new(ModelErrorKind::RateLimited, "the program's own limit for a minute is reached")
        .with_retry_after(room_at.saturating_duration_since(Instant::now()))
}

/// A call that was let through.
#[derive(Debug)]
pub(super) struct Grant {
    limiter: Arc<Limiter>,
    entry: u64,
    counted: u64,
    last: Option<u64>,
}

impl Grant {
    /// The call has used this much so far. As long as it goes on, it may still use all that it was taken for.
    pub(super) fn used(&mut self, tokens: u64) {
        self.last = Some(tokens);
        if tokens > self.counted {
            self.count(tokens);
        }
    }

    /// The call is over, so what it said last is what it used.
    pub(super) fn finished(&mut self) {
        if let Some(tokens) = self.last {
            self.count(tokens);
        }
    }

    fn count(&mut self, tokens: u64) {
        self.limiter.lock().correct(self.entry, self.counted, tokens);
        self.counted = tokens;
        self.limiter.freed.notify_one();
    }
}
