//! Random operations, held against a model that is too simple to be wrong.
//!
//! Two cases go on for long in one place, which builds up histories; one makes many short sequences, each in a place of its own. How many
//! is what `SCORPIO_CONFORMANCE_SEQUENCES` says, 200 without it.

mod comparison;
mod expected;
mod operations;

use std::{env, sync::Arc, time::Duration};

use futures::{StreamExt, stream};
use scorpio_core::{
    Message, OwnerId, SessionId,
    run::RunMachine,
    store::{Lease, Store},
};

use self::expected::Expected;
use super::super::{
    random::Random,
    sample::{message_id, session_id, user},
};

const HOLDERS: [&str; 2] = ["process-1", "process-2"];

/// How long a lease lasts that must not run out by itself, however slow the machine is.
const LONG: Duration = Duration::from_secs(24 * 60 * 60);

const LONG_SEQUENCE: usize = 2_000;
const SHORT_SEQUENCE: usize = 12;

/// How many short sequences go on at the same time.
const AT_ONCE: usize = 8;

pub(super) async fn random_operations_agree_with_a_model(store: Arc<dyn Store>) {
    World::new("long", 1).check(&*store, LONG_SEQUENCE).await;
}

pub(super) async fn other_random_operations_agree_with_a_model(store: Arc<dyn Store>) {
    World::new("other", 0xC0FF_EE00).check(&*store, LONG_SEQUENCE).await;
}

pub(super) async fn many_short_sequences_agree_with_a_model(store: Arc<dyn Store>) {
    let check = |number: u64| {
        let store = Arc::clone(&store);
        async move {
            let mut world =
                World::new(&format!("short-{number}"), number.wrapping_mul(0x2545_F491_4F6C_DD1D));
            world.check(&*store, SHORT_SEQUENCE).await;
            world.clear(&*store).await;
        }
    };
    stream::iter(0..sequences()).map(check).buffer_unordered(AT_ONCE).collect::<()>().await;
}

/// How many short sequences there are to be.
pub(in crate::conformance) fn sequences() -> u64 {
    let count = env::var("SCORPIO_CONFORMANCE_SEQUENCES").ok();
    count.map_or(200, |count| count.parse().expect("SCORPIO_CONFORMANCE_SEQUENCES is a number"))
}

/// A place in the store that nothing else touches, with what is expected to be in it.
struct World {
    name: String,
    seed: u64,
    random: Random,
    expected: Expected,
    /// Every lease that was ever given, so that stale ones are used too.
    leases: Vec<(Lease, RunMachine)>,
}

impl World {
    fn new(name: &str, seed: u64) -> Self {
        let random = Random::new(seed);
        Self { name: name.to_owned(), seed, random, expected: Expected::default(), leases: Vec::new() }
    }

    /// Does so many random things, and compares everything that can be read after each twenty and at the end.
    async fn check(&mut self, store: &dyn Store, length: usize) {
        for step in 1..=length {
            let operation = self.step(store).await;
            if step % 20 == 0 || step == length {
                let compared = self.compare(store).await;
                let (name, seed) = (&self.name, self.seed);
                compared.unwrap_or_else(|what| {
                    panic!("{name}, seed {seed}, step {step}, after {operation}: {what}")
                });
            }
        }
    }

    /// Deletes what it has made.
    async fn clear(&self, store: &dyn Store) {
        for (id, session) in &self.expected.sessions {
            store.delete_session(&session.owner, id).await.unwrap().expect("it is there");
        }
    }

    /// Two owners: the one of most things, and a stranger.
    fn owners(&self) -> [OwnerId; 2] {
        ["alice", "mallory"].map(|owner| OwnerId::parse(&format!("{}-{owner}", self.name)).unwrap())
    }

    fn sessions(&self) -> [SessionId; 4] {
        ["one", "two", "three", "four"].map(|id| session_id(&format!("{}-{id}", self.name)))
    }

    fn session(&mut self) -> SessionId {
        let sessions = self.sessions();
        // Mostly the first, so that something happens to it also in a short sequence.
        let most = if self.random.one_in(2) { 1 } else { sessions.len() };
        self.random.pick(&sessions[..most]).clone()
    }

    fn owner(&mut self) -> OwnerId {
        let [owner, stranger] = self.owners();
        if self.random.one_in(8) { stranger } else { owner }
    }

    fn message(&mut self) -> Message {
        let id = format!("m{}", self.random.below(60));
        user(&id).with_id(message_id(&id))
    }

    fn ttl(&mut self) -> Duration {
        if self.random.one_in(4) { Duration::ZERO } else { LONG }
    }

    fn version(&mut self, session: &SessionId) -> u64 {
        let version = self.expected.sessions.get(session).map_or(0, |session| session.version);
        if self.random.one_in(10) { version + 1 } else { version }
    }

    /// A lease that was given once, more likely a late one.
    fn lease(&mut self) -> Option<(Lease, RunMachine)> {
        let count = self.leases.len() as u64;
        let back = if self.random.one_in(4) { count } else { count.min(4) };
        let start = self.leases.len() - usize::try_from(back).unwrap();
        (back > 0).then(|| self.random.pick(&self.leases[start..]).clone())
    }
}
