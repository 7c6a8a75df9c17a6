//! A store of Scorpio.

use std::sync::Arc;

use anyhow::Result;
use scorpio::{
    Limits, Message, OwnerId, RunId, SessionId,
    model::Entry,
    run::RunMachine,
    store::{Begin, Commit, Lease, NewSession, Store},
};

use super::{Commits, text};

pub(super) struct Ours {
    store: Arc<dyn Store>,
    text: String,
}

pub(super) struct Lane {
    lease: Lease,
    version: u64,
    machine: RunMachine,
}

impl Ours {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self { store, text: text() }
    }

    pub(super) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }
}

impl Commits for Ours {
    type Lane = Lane;

    async fn lane(&self) -> Result<Lane> {
        let (session, owner) = (SessionId::new(), OwnerId::local());
        self.store.create_session(NewSession::new(session.clone(), owner.clone())).await?;
        let machine = RunMachine::new(RunId::new(), session.clone(), Limits::new());
        let begun = self.store.begin_run(Begin::new(session, owner, "bench", machine.clone())).await?;
        Ok(Lane { lease: begun.lease, version: begun.version, machine })
    }

    async fn commit(&self, lane: &mut Lane) -> Result<()> {
        let append = [Arc::new(Entry::new(Message::user(self.text.as_str())))];
        let mut commit = Commit::new(&lane.lease, lane.version, &lane.machine);
        commit.append = &append;
        lane.version = self.store.commit(commit).await?;
        Ok(())
    }
}
