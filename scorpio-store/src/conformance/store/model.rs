//! Random operations, held against a model that is too simple to be wrong.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use scorpio_core::{
    Message, OwnerId, RunId, SessionId,
    model::Entry,
    run::RunMachine,
    store::{
        Begin, Claimable, Commit, Lease, NewSession, Page, RunStatus, SessionPatch, Store, StoreError,
        StoreErrorKind,
    },
};

use super::super::{
    random::Random,
    sample::{MINUTE, done, message_id, owner, session_id, stranger, user},
};

const HOLDERS: [&str; 2] = ["process-1", "process-2"];

pub(super) async fn random_operations_agree_with_a_model(store: Arc<dyn Store>) {
    check(&*store, 1).await;
}

pub(super) async fn other_random_operations_agree_with_a_model(store: Arc<dyn Store>) {
    check(&*store, 0xC0FF_EE00).await;
}

async fn check(store: &dyn Store, seed: u64) {
    let mut world = World { random: Random::new(seed), model: Model::default(), leases: Vec::new() };
    for step in 0..2_000 {
        let operation = world.step(store).await;
        if step % 20 == 0 {
            world
                .compare(store)
                .await
                .unwrap_or_else(|what| panic!("seed {seed}, step {step}, after {operation}: {what}"));
        }
    }
    world.compare(store).await.unwrap_or_else(|what| panic!("seed {seed}, at the end: {what}"));
}

#[derive(Default)]
struct Model {
    sessions: BTreeMap<SessionId, ModelSession>,
    runs: BTreeMap<RunId, ModelRun>,
}

struct ModelSession {
    owner: OwnerId,
    title: String,
    version: u64,
    messages: Vec<(u64, Message, RunId)>,
}

struct ModelRun {
    session: SessionId,
    live: bool,
    held: bool,
    lease: Lease,
}

type Expected<T> = Result<T, StoreErrorKind>;

impl Model {
    fn own(&mut self, owner: &OwnerId, id: &SessionId) -> Option<&mut ModelSession> {
        self.sessions.get_mut(id).filter(|session| session.owner == *owner)
    }

    fn create(&mut self, owner: &OwnerId, id: &SessionId) -> Expected<()> {
        if self.sessions.contains_key(id) {
            return Err(StoreErrorKind::AlreadyExists);
        }
        let session =
            ModelSession { owner: owner.clone(), title: String::new(), version: 0, messages: Vec::new() };
        self.sessions.insert(id.clone(), session);
        Ok(())
    }

    fn delete(&mut self, owner: &OwnerId, id: &SessionId) -> bool {
        if self.own(owner, id).is_none() {
            return false;
        }
        self.sessions.remove(id);
        self.runs.retain(|_, run| run.session != *id);
        true
    }

    fn begin(&mut self, begin: &Begin) -> Expected<u64> {
        let run = begin.machine.run();
        let busy = self.runs.values().any(|run| run.live && run.session == begin.session);
        let session = self.own(&begin.owner, &begin.session).ok_or(StoreErrorKind::NotFound)?;
        if begin.expected_version.is_some_and(|expected| expected != session.version) {
            return Err(StoreErrorKind::Conflict { actual: session.version });
        }
        let cut = begin.branch_after.unwrap_or(u64::MAX);
        let mut kept = session.messages.clone();
        kept.retain(|(seq, ..)| *seq <= cut);
        if let Some(input) = &begin.input {
            if kept.iter().any(|(_, message, _)| message.id == input.id) {
                return Err(StoreErrorKind::AlreadyExists);
            }
            kept.push((session.version + 1, input.clone(), run));
        }
        if busy {
            return Err(StoreErrorKind::Busy);
        }
        session.version += u64::from(begin.input.is_some());
        session.messages = kept;
        let version = session.version;
        let lease = Lease::new(run, begin.holder.clone(), 1);
        let held = !begin.ttl.is_zero();
        self.runs.insert(run, ModelRun { session: begin.session.clone(), live: true, held, lease });
        Ok(version)
    }

    fn fenced(&mut self, lease: &Lease) -> Expected<&mut ModelRun> {
        let run = self.runs.get_mut(&lease.run).ok_or(StoreErrorKind::NotFound)?;
        if run.live && run.lease.holder == lease.holder { Ok(run) } else { Err(StoreErrorKind::Fenced) }
    }

    fn commit(&mut self, commit: &Commit<'_>, ids: &[Message]) -> Expected<u64> {
        let id = self.fenced(commit.lease)?.session.clone();
        let session = self.sessions.get_mut(&id).ok_or(StoreErrorKind::NotFound)?;
        if session.version != commit.expected_version {
            return Err(StoreErrorKind::Conflict { actual: session.version });
        }
        let mut messages = session.messages.clone();
        for message in ids {
            if messages.iter().any(|(_, known, _)| known.id == message.id) {
                return Err(StoreErrorKind::AlreadyExists);
            }
            let seq = session.version + 1 + (messages.len() - session.messages.len()) as u64;
            messages.push((seq, message.clone(), commit.lease.run));
        }
        session.version += ids.len() as u64;
        session.messages = messages;
        let version = session.version;
        let run = self.fenced(commit.lease)?;
        run.held = !commit.ttl.is_zero();
        run.live = commit.end.is_none();
        Ok(version)
    }

    fn take_over(&mut self, id: RunId, holder: &str, dead: Option<&str>, ttl: Duration) -> Expected<()> {
        let run = self.runs.get_mut(&id).filter(|run| run.live).ok_or(StoreErrorKind::NotFound)?;
        if run.held && dead != Some(run.lease.holder.as_str()) {
            return Err(StoreErrorKind::Busy);
        }
        run.lease.holder = holder.to_owned();
        run.held = !ttl.is_zero();
        Ok(())
    }
}

struct World {
    random: Random,
    model: Model,
    /// Every lease that was ever given, so that stale ones are used too.
    leases: Vec<(Lease, RunMachine)>,
}

#[track_caller]
fn agree<T: PartialEq + std::fmt::Debug>(what: &str, expected: Expected<T>, got: Result<T, StoreError>) {
    assert_eq!(got.map_err(|error| error.kind()), expected, "{what}");
}

impl World {
    fn session(&mut self) -> SessionId {
        session_id(self.random.pick::<&str>(&["one", "two", "three", "four"]))
    }

    fn owner(&mut self) -> OwnerId {
        if self.random.one_in(8) { stranger() } else { owner() }
    }

    fn message(&mut self) -> Message {
        let id = format!("m{}", self.random.below(60));
        user(&id).with_id(message_id(&id))
    }

    fn ttl(&mut self) -> Duration {
        if self.random.one_in(4) { Duration::ZERO } else { MINUTE }
    }

    fn version(&mut self, session: &SessionId) -> u64 {
        let version = self.model.sessions.get(session).map_or(0, |session| session.version);
        if self.random.one_in(10) { version + 1 } else { version }
    }

    /// A lease that was given once, more likely a late one.
    fn lease(&mut self) -> Option<(Lease, RunMachine)> {
        let count = self.leases.len() as u64;
        let back = if self.random.one_in(4) { count } else { count.min(4) };
        let start = self.leases.len() - usize::try_from(back).unwrap();
        (back > 0).then(|| self.random.pick(&self.leases[start..]).clone())
    }

    async fn step(&mut self, store: &dyn Store) -> &'static str {
        match self.random.below(100) {
            0..8 => self.create(store).await,
            8..10 => self.delete(store).await,
            10..16 => self.patch(store).await,
            16..45 => self.begin(store).await,
            45..85 => self.commit(store).await,
            85..90 => self.renew(store).await,
            _ => self.take_over(store).await,
        }
    }

    async fn create(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let expected = self.model.create(&owner, &id);
        agree("create", expected, store.create_session(NewSession::new(id, owner)).await.map(drop));
        "create"
    }

    async fn delete(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let expected = self.model.delete(&owner, &id);
        agree("delete", Ok(expected), store.delete_session(&owner, &id).await.map(|gone| gone.is_some()));
        "delete"
    }

    async fn patch(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let title = self.random.pick(&["a", "b", "c"]).to_string();
        let condition = self.random.one_in(2).then(|| self.random.pick(&["", "a", "b"]).to_string());
        let mut patch = SessionPatch::title(title.clone());
        patch.if_title = condition.clone();
        let expected = self.model.own(&owner, &id).map(|session| {
            if condition.is_none_or(|condition| condition == session.title) {
                session.title = title;
            }
            session.title.clone()
        });
        let patched = store.update_session(&owner, &id, patch).await;
        agree("patch", Ok(expected), patched.map(|session| session.map(|session| session.title)));
        "patch"
    }

    async fn begin(&mut self, store: &dyn Store) -> &'static str {
        let (id, owner) = (self.session(), self.owner());
        let machine = RunMachine::new(RunId::new(), id.clone(), scorpio_core::Limits::new());
        let mut begin = Begin::new(id.clone(), owner, *self.random.pick(&HOLDERS), machine.clone());
        begin.ttl = self.ttl();
        begin.expected_version = self.random.one_in(2).then(|| self.version(&id));
        begin.branch_after =
            self.random.one_in(5).then(|| self.version(&id).saturating_sub(self.random.below(4)));
        begin.input = (!self.random.one_in(5)).then(|| self.message());
        let expected = self.model.begin(&begin);
        let begun = store.begin_run(begin).await;
        if let Ok(begun) = &begun {
            self.model.runs.get_mut(&begun.lease.run).unwrap().lease = begun.lease.clone();
            self.leases.push((begun.lease.clone(), machine));
        }
        agree("begin", expected, begun.map(|begun| begun.version));
        "begin"
    }

    async fn commit(&mut self, store: &dyn Store) -> &'static str {
        let Some((lease, machine)) = self.lease() else { return "nothing" };
        let version = self.version(machine.session());
        let messages: Vec<Message> = (0..self.random.below(3)).map(|_| self.message()).collect();
        let append: Vec<_> = messages.iter().map(|message| Arc::new(Entry::new(message.clone()))).collect();
        let mut commit = Commit::new(&lease, version, &machine);
        commit.ttl = self.ttl();
        commit.append = &append;
        commit.end = self.random.one_in(3).then(done);
        let current = self.model.runs.get(&lease.run).is_some_and(|run| run.lease == lease);
        let exists = self.model.runs.contains_key(&lease.run);
        let expected = match (exists, current) {
            (true, false) => Err(StoreErrorKind::Fenced),
            _ => self.model.commit(&commit, &messages),
        };
        agree("commit", expected, store.commit(commit).await);
        "commit"
    }

    async fn renew(&mut self, store: &dyn Store) -> &'static str {
        let Some((lease, _)) = self.lease() else { return "nothing" };
        let ttl = self.ttl();
        let expected = match self.model.runs.get_mut(&lease.run) {
            None => Err(StoreErrorKind::NotFound),
            Some(run) if run.live && run.lease == lease => {
                run.held = !ttl.is_zero();
                Ok(())
            }
            Some(_) => Err(StoreErrorKind::Fenced),
        };
        agree("renew", expected, store.renew(&lease, ttl).await);
        "renew"
    }

    async fn take_over(&mut self, store: &dyn Store) -> &'static str {
        let Some((lease, machine)) = self.lease() else { return "nothing" };
        let (holder, ttl) = (*self.random.pick(&HOLDERS), self.ttl());
        let dead = self.random.one_in(3).then(|| *self.random.pick(&HOLDERS));
        let expected = self.model.take_over(lease.run, holder, dead, ttl);
        let taken = store.take_over(lease.run, holder, dead, ttl).await;
        if let Ok(record) = &taken {
            let before = &self.model.runs[&lease.run].lease;
            assert!(record.fence > before.fence, "the fence rises");
            self.model.runs.get_mut(&lease.run).unwrap().lease = record.lease();
            self.leases.push((record.lease(), machine));
        }
        agree("take over", expected, taken.map(drop));
        "take over"
    }

    /// Compares everything that can be read.
    async fn compare(&self, store: &dyn Store) -> Result<(), String> {
        for id in ["one", "two", "three", "four"].map(session_id) {
            for owner in [owner(), stranger()] {
                let expected = self.model.sessions.get(&id).filter(|session| session.owner == owner);
                self.compare_session(store, &owner, &id, expected).await?;
            }
        }
        for (id, expected) in &self.model.runs {
            let owner = &self.model.sessions[&expected.session].owner;
            let record =
                store.run(owner, *id).await.unwrap().ok_or_else(|| format!("run {id} is missing"))?;
            let live = record.status == RunStatus::Running;
            same("the run", &(live, record.lease()), &(expected.live, expected.lease.clone()))?;
        }
        let abandoned =
            store.claimable_runs(Claimable::new(usize::MAX).sole_holder(HOLDERS[0])).await.unwrap();
        let mut abandoned: Vec<RunId> = abandoned.iter().map(|record| record.id).collect();
        abandoned.sort();
        let is_abandoned = |run: &&ModelRun| run.live && (!run.held || run.lease.holder != HOLDERS[0]);
        let expected: Vec<RunId> =
            self.model.runs.values().filter(is_abandoned).map(|run| run.lease.run).collect();
        same("abandoned runs", &abandoned, &expected)
    }

    async fn compare_session(
        &self,
        store: &dyn Store,
        owner: &OwnerId,
        id: &SessionId,
        expected: Option<&ModelSession>,
    ) -> Result<(), String> {
        let session = store.session(owner, id).await.unwrap().map(|session| (session.title, session.version));
        same("the session", &session, &expected.map(|session| (session.title.clone(), session.version)))?;
        let listing = store.list_sessions(owner, Page::First { limit: 10 }).await.unwrap();
        same("the listing", &listing.sessions.iter().any(|session| session.id == *id), &expected.is_some())?;

        let stored = store.messages(owner, id, 0, usize::MAX).await.unwrap();
        let stored: Vec<_> = stored.into_iter().map(|stored| (stored.seq, stored.message.id)).collect();
        let messages = expected.map(|session| session.messages.as_slice()).unwrap_or_default();
        let known: Vec<_> = messages.iter().map(|(seq, message, _)| (*seq, message.id.clone())).collect();
        same("the messages", &stored, &known)?;
        for (_, message, run) in messages {
            let found = store.run_of_message(owner, id, &message.id).await.unwrap();
            same("the run of a message", &found.map(|record| record.id), &Some(*run))?;
        }
        let live = store.live_run(owner, id).await.unwrap().map(|record| record.id);
        let known = self.model.runs.values().find(|run| run.live && run.session == *id);
        same("the live run", &live, &expected.and(known).map(|run| run.lease.run))
    }
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: &T, expected: &T) -> Result<(), String> {
    if got == expected { Ok(()) } else { Err(format!("{what} is {got:?}, not {expected:?}")) }
}
