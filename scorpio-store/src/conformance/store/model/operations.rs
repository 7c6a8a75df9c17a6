//! The random operations: each is done to the store and to the model, and both must answer the same.

use std::sync::Arc;

use jiff::Timestamp;
use scorpio_core::{
    Limits, Message, RunId,
    model::Entry,
    run::RunMachine,
    store::{Begin, Commit, Decision, NewSession, SessionPatch, Signal, Store, StoreError, Wait},
};

use super::{HOLDERS, World, expected::Answer};
use crate::conformance::sample::done;

impl World {
    #[track_caller]
    fn agree<T: PartialEq + std::fmt::Debug>(
        &self,
        what: &'static str,
        expected: Answer<T>,
        got: Result<T, StoreError>,
    ) -> &'static str {
        assert_eq!(
            got.map_err(|error| error.kind()),
            expected,
            "{what} in {}, seed {}",
            self.name,
            self.seed
        );
        what
    }

    pub(super) async fn step(&mut self, store: &dyn Store) -> &'static str {
        if self.expected.sessions.is_empty() {
            return self.create(store).await;
        }
        match self.random.below(100) {
            0..8 => self.create(store).await,
            8..10 => self.delete(store).await,
            10..14 => self.patch(store).await,
            14..19 => self.switch(store).await,
            19..42 => self.begin(store).await,
            42..78 => self.commit(store).await,
            78..83 => self.renew(store).await,
            83..92 => self.take_over(store).await,
            _ => self.send(store).await,
        }
    }

    async fn create(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let expected = self.expected.create(&owner, &id);
        let created = store.create_session(NewSession::new(id, owner)).await;
        self.agree("a creation", expected, created.map(drop))
    }

    async fn delete(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let expected = self.expected.delete(&owner, &id);
        let deleted = store.delete_session(&owner, &id).await;
        self.agree("a deletion", Ok(expected), deleted.map(|gone| gone.is_some()))
    }

    async fn patch(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let title = self.random.pick(&["a", "b", "c"]).to_string();
        let condition = self.random.one_in(2).then(|| self.random.pick(&["", "a", "b"]).to_string());
        let mut patch = SessionPatch::title(title.clone());
        patch.if_title = condition.clone();
        let expected = self.expected.own(&owner, &id).map(|session| {
            if condition.is_none_or(|condition| condition == session.title) {
                session.title = title;
            }
            session.title.clone()
        });
        let patched = store.update_session(&owner, &id, patch).await;
        self.agree("a patch", Ok(expected), patched.map(|session| session.map(|session| session.title)))
    }

    async fn switch(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let newest = self.version(&id);
        let seq = self.random.below(newest + 2);
        let expected = self.expected.switch(&owner, &id, seq);
        let switched = store.switch_branch(&owner, &id, seq).await;
        self.agree("a switch", expected, switched.map(|session| session.map(|session| session.version)))
    }

    async fn begin(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let machine = RunMachine::new(RunId::new(), id.clone(), Limits::new()).of_agent(&*self.name);
        let mut begin = Begin::new(id.clone(), owner, *self.random.pick(&HOLDERS), machine.clone());
        begin.ttl = self.ttl();
        begin.expected_version = self.random.one_in(2).then(|| self.version(&id));
        begin.branch_after =
            self.random.one_in(4).then(|| self.version(&id).saturating_sub(self.random.below(5)));
        begin.input = (!self.random.one_in(5)).then(|| self.message());
        let expected = self.expected.begin(&begin);
        let begun = store.begin_run(begin).await;
        if let Ok(begun) = &begun {
            self.leases.push((begun.lease.clone(), machine));
        }
        self.agree("a begin", expected, begun.map(|begun| begun.version))
    }

    async fn commit(&mut self, store: &dyn Store) -> &'static str {
        let Some((lease, machine)) = self.lease() else { return "nothing" };
        let version = self.version(machine.session());
        let messages: Vec<Message> = (0..self.random.below(3)).map(|_| self.message()).collect();
        let append: Vec<_> = messages.iter().map(|message| Arc::new(Entry::new(message.clone()))).collect();
        let last_step = self.expected.runs.get(&lease.run).map_or(0, |run| run.step);
        let mut commit = Commit::new(&lease, version, &machine);
        commit.ttl = self.ttl();
        commit.append = &append;
        // The same number again is the same commit, sent twice. Numbers begin at one.
        commit.step = match self.random.below(8) {
            0 => None,
            1 if last_step > 0 => Some(last_step),
            _ => Some(last_step + 1),
        };
        let wake_at = *self.random.pick(&[None, Some(-1), Some(1)]);
        match self.random.below(6) {
            0 | 1 => commit.end = Some(done()),
            2 => {
                let time =
                    |hours: i32| Timestamp::now().checked_add(jiff::SignedDuration::from_hours(hours.into()));
                commit.wait = Some(Wait::until(wake_at.and_then(|hours| time(hours).ok())));
            }
            _ => {}
        }
        let is_due = commit.wait.is_some() && wake_at == Some(-1);
        let expected = self.expected.commit(&commit, &messages, is_due);
        let committed = store.commit(commit).await;
        self.agree("a commit", expected, committed)
    }

    async fn renew(&mut self, store: &dyn Store) -> &'static str {
        let Some((lease, _)) = self.lease() else { return "nothing" };
        let ttl = self.ttl();
        let expected = self.expected.renew(&lease, ttl);
        let renewed = store.renew(&lease, ttl).await;
        self.agree("a renewal", expected, renewed)
    }

    async fn take_over(&mut self, store: &dyn Store) -> &'static str {
        let Some((lease, machine)) = self.lease() else { return "nothing" };
        let (holder, ttl) = (*self.random.pick(&HOLDERS), self.ttl());
        let dead = self.random.one_in(3).then(|| *self.random.pick(&HOLDERS));
        let expected = self.expected.take_over(lease.run, holder, dead, ttl);
        let taken = store.take_over(lease.run, holder, dead, ttl).await;
        if let (Ok(record), Some(run)) = (&taken, self.expected.runs.get_mut(&lease.run)) {
            assert!(record.fence > run.lease.fence, "the fence rises");
            run.lease = record.lease();
            self.leases.push((record.lease(), machine));
        }
        self.agree("a takeover", expected, taken.map(drop))
    }

    async fn send(&mut self, store: &dyn Store) -> &'static str {
        let Some((lease, _)) = self.lease() else { return "nothing" };
        let owner = self.owner();
        let decide = |approval: &str| Signal::Decide {
            approval: approval.to_owned(),
            decision: Decision::approve(),
            by: None,
        };
        let signal = match self.random.below(4) {
            0 => Signal::Stop,
            1 => Signal::Steer { message: self.message() },
            _ => decide(self.random.pick::<&str>(&["a", "b", "c"])),
        };
        let expected = self.expected.send(&owner, lease.run, &signal);
        let sent = store.send_signal(&owner, lease.run, &signal).await;
        self.agree("a signal", expected, sent)
    }
}
