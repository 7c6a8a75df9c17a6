//! A server of a test's own, and runs to log on it.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Duration,
};

use scorpio_core::{Event, EventKind, PartDelta, RunEnd, RunFinished, RunId, SessionId, Usage};
use scorpio_store::{RedisStore, redis::RedisOptions};
use scorpio_test_services::{FOREVER, redis};

/// How long a store of these tests waits for its server, and for a run.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// A server with stores on it.
pub(crate) struct Server(redis::Server);

impl Server {
    pub(crate) fn start() -> Option<Self> {
        redis::Server::start().map(Self)
    }

    pub(crate) fn durable() -> Option<Self> {
        redis::Server::durable().map(Self)
    }

    pub(crate) fn start_with(arguments: &[&'static str]) -> Option<Self> {
        redis::Server::start_with(arguments).map(Self)
    }

    pub(crate) async fn open(&self) -> RedisStore {
        self.open_with(options()).await
    }

    pub(crate) async fn open_with(&self, options: RedisOptions) -> RedisStore {
        RedisStore::connect_with(&self.url(), options).await.unwrap()
    }
}

impl Deref for Server {
    type Target = redis::Server;

    fn deref(&self) -> &redis::Server {
        &self.0
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut redis::Server {
        &mut self.0
    }
}

pub(crate) fn options() -> RedisOptions {
    RedisOptions::new().with_timeout(TIMEOUT).with_patience(PATIENCE)
}

/// Waits for something that must not hang.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(FOREVER, work).await.expect("it ends")
}

/// A run to log.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    session: SessionId,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { id: RunId::new(), session: SessionId::new() }
    }

    pub(crate) fn key(&self) -> String {
        format!("scorpio:events:{}", self.id)
    }

    pub(crate) fn delta(&self, seq: u64) -> Arc<Event> {
        self.event(seq, EventKind::PartDelta(PartDelta { turn: 1, index: 0, text: "word ".into() }))
    }

    pub(crate) fn deltas(&self, seqs: std::ops::RangeInclusive<u64>) -> Vec<Arc<Event>> {
        seqs.map(|seq| self.delta(seq)).collect()
    }

    pub(crate) fn finish(&self, seq: u64) -> Arc<Event> {
        let kind =
            EventKind::RunFinished(RunFinished { outcome: RunEnd::Interrupted, usage: Usage::default() });
        self.event(seq, kind)
    }

    fn event(&self, seq: u64, kind: EventKind) -> Arc<Event> {
        Arc::new(Event::new(self.session.clone(), self.id, seq, jiff::Timestamp::now(), kind))
    }
}
