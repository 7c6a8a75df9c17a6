//! Everything that can be read of a store, beside what the model says.

use std::fmt::Debug;

use scorpio_core::{
    OwnerId, RunId, SessionId,
    store::{Claimable, Page, Store},
};

use super::{
    HOLDERS, World,
    expected::{ExpectedRun, ExpectedSession},
};

impl World {
    pub(super) async fn compare(&self, store: &dyn Store) -> Result<(), String> {
        for owner in self.owners() {
            for id in self.sessions() {
                let expected = self.expected.sessions.get(&id).filter(|session| session.owner == owner);
                self.compare_session(store, &owner, &id, expected).await?;
            }
        }
        for (id, run) in &self.expected.runs {
            let owner = &self.expected.sessions[&run.session].owner;
            compare_run(store, owner, *id, run).await?;
        }
        for sole_holder in [None, Some(HOLDERS[0])] {
            let mut which = Claimable::new(usize::MAX).of_agents([self.name.clone()]);
            which.sole_holder = sole_holder.map(str::to_owned);
            let mut claimable: Vec<RunId> =
                store.claimable_runs(which).await.unwrap().iter().map(|record| record.id).collect();
            claimable.sort();
            let expected = self.expected.runs.iter().filter(|(_, run)| run.is_claimable(sole_holder));
            same("what is claimable", &claimable, &expected.map(|(id, _)| *id).collect())?;
        }
        Ok(())
    }

    async fn compare_session(
        &self,
        store: &dyn Store,
        owner: &OwnerId,
        id: &SessionId,
        expected: Option<&ExpectedSession>,
    ) -> Result<(), String> {
        let session = store.session(owner, id).await.unwrap().map(|session| (session.title, session.version));
        same("the session", &session, &expected.map(|session| (session.title.clone(), session.version)))?;
        let listing = store.list_sessions(owner, Page::First { limit: 10 }).await.unwrap();
        same("the listing", &listing.sessions.iter().any(|session| session.id == *id), &expected.is_some())?;
        let live = store.live_run(owner, id).await.unwrap().map(|record| record.id);
        let expected_live = expected.and_then(|_| self.expected.live_run(id)).map(|run| run.lease.run);
        same("the live run", &live, &expected_live)?;

        let stored = store.messages(owner, id, 0, usize::MAX).await.unwrap();
        let stored: Vec<_> =
            stored.into_iter().map(|stored| (stored.seq, stored.parent, stored.message.id)).collect();
        let current = expected.into_iter().flat_map(ExpectedSession::current);
        let current = current.map(|placed| (placed.seq, placed.parent, placed.message.id.clone()));
        same("the history", &stored, &current.collect())?;
        let points = store.branch_points(owner, id).await.unwrap();
        same("the branches", &points, &expected.map(ExpectedSession::branch_points).unwrap_or_default())?;

        let exported = store.export_session(owner, id).await.unwrap();
        same("the export", &exported.is_some(), &expected.is_some())?;
        let (Some(exported), Some(expected)) = (exported, expected) else { return Ok(()) };
        let exported: Vec<_> = exported
            .messages
            .iter()
            .map(|message| {
                (message.seq, message.parent, message.is_current, message.run, &message.message.id)
            })
            .collect();
        let placed = expected.messages.iter();
        let placed = placed
            .map(|placed| (placed.seq, placed.parent, placed.is_current, placed.run, &placed.message.id));
        same("the exported messages", &exported, &placed.collect())?;
        for placed in &expected.messages {
            let found = store.run_of_message(owner, id, &placed.message.id).await.unwrap();
            same("the run of a message", &found.map(|record| record.id), &expected.run_of(&placed.message))?;
        }
        Ok(())
    }
}

async fn compare_run(
    store: &dyn Store,
    owner: &OwnerId,
    id: RunId,
    expected: &ExpectedRun,
) -> Result<(), String> {
    let record = store.run(owner, id).await.unwrap().ok_or_else(|| format!("run {id} is missing"))?;
    same("the status of a run", &record.status, &expected.status)?;
    same("the lease of a run", &record.lease(), &expected.lease)?;
    same("how far a run is", &(record.step, record.recoveries), &(expected.step, expected.recoveries))?;
    let signals = store.signals(id, 0).await.unwrap();
    let numbered: Vec<_> = signals.into_iter().map(|stored| (stored.seq, stored.signal)).collect();
    same("what a run was told", &numbered, &(1..).zip(expected.signals.iter().cloned()).collect())
}

fn same<T: PartialEq + Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what} is {got:?}, not {expected:?}")) }
}
