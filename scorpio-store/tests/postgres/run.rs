//! A session with a live run, and its commits.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use scorpio_core::{
    Event, EventKind, Limits, Message, OwnerId, PartDelta, RunEnd, RunFinished, RunId, SessionId, Usage,
    model::Entry,
    run::RunMachine,
    store::{Begin, Commit, Lease, NewSession, Statement, Store, StoreError},
};
use scorpio_store::PostgresStore;

pub(crate) fn owner() -> OwnerId {
    OwnerId::local()
}

/// A live run.
pub(crate) struct Run {
    pub(crate) session: SessionId,
    pub(crate) lease: Lease,
    pub(crate) version: u64,
    machine: RunMachine,
}

impl Run {
    /// In a session of its own.
    pub(crate) async fn begin(store: &PostgresStore) -> Self {
        let session = SessionId::new();
        store.create_session(NewSession::new(session.clone(), owner())).await.unwrap();
        let machine = RunMachine::new(RunId::new(), session.clone(), Limits::new());
        let mut begin = Begin::new(session.clone(), owner(), "holder", machine.clone());
        begin.ttl = Duration::from_secs(60);
        let begun = store.begin_run(begin).await.unwrap();
        Self { session, lease: begun.lease, version: begun.version, machine }
    }

    pub(crate) fn id(&self) -> RunId {
        self.lease.run
    }

    /// Appends two messages.
    pub(crate) async fn commit(&mut self, store: &PostgresStore) -> Result<(), StoreError> {
        self.commit_with(store, &[]).await
    }

    /// Appends two messages, and tells the database something.
    pub(crate) async fn commit_with(
        &mut self,
        store: &PostgresStore,
        statements: &[Statement],
    ) -> Result<(), StoreError> {
        self.version = self.send(store, None, statements).await?;
        Ok(())
    }

    /// Sends the commit of this number. What the run has seen stays as it is, so that the same can be sent again.
    pub(crate) async fn step(
        &self,
        store: &PostgresStore,
        step: u64,
        statements: &[Statement],
    ) -> Result<(), StoreError> {
        self.send(store, Some(step), statements).await.map(drop)
    }

    async fn send(
        &self,
        store: &PostgresStore,
        step: Option<u64>,
        statements: &[Statement],
    ) -> Result<u64, StoreError> {
        let append = [(); 2].map(|()| Arc::new(Entry::new(Message::user("some words"))));
        let mut commit = Commit::new(&self.lease, self.version, &self.machine);
        (commit.append, commit.step, commit.statements) = (&append, step, statements);
        commit.ttl = Duration::from_secs(60);
        store.commit(commit).await
    }

    pub(crate) async fn end(&self, store: &PostgresStore) {
        let mut commit = Commit::new(&self.lease, self.version, &self.machine);
        commit.end = Some(RunEnd::Interrupted);
        store.commit(commit).await.unwrap();
    }

    /// Looks at what is there after a commit that may or may not have happened: it happened whole or not at all.
    pub(crate) async fn look(&mut self, store: &PostgresStore) -> Result<(), StoreError> {
        let Some(session) = store.session(&owner(), &self.session).await? else {
            panic!("the session is gone")
        };
        let messages = store.messages(&owner(), &self.session, 0, usize::MAX).await?;
        assert!(
            session.version == self.version || session.version == self.version + 2,
            "{}",
            session.version
        );
        assert!(
            messages.iter().map(|stored| stored.seq).eq(1..=session.version),
            "every message is there once"
        );
        self.version = session.version;
        Ok(())
    }

    pub(crate) fn deltas(&self, seqs: std::ops::RangeInclusive<u64>) -> Vec<Arc<Event>> {
        let delta = |seq| {
            let kind = EventKind::PartDelta(PartDelta { turn: 1, index: 0, text: "word ".into() });
            Arc::new(Event::new(self.session.clone(), self.id(), seq, Timestamp::now(), kind))
        };
        seqs.map(delta).collect()
    }

    pub(crate) fn finish(&self, seq: u64) -> Arc<Event> {
        let kind =
            EventKind::RunFinished(RunFinished { outcome: RunEnd::Interrupted, usage: Usage::default() });
        Arc::new(Event::new(self.session.clone(), self.id(), seq, Timestamp::now(), kind))
    }
}
