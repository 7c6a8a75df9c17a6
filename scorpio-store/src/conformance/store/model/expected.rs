//! The model: sessions and runs as plain values, and what each operation makes of them.

use std::{collections::BTreeMap, time::Duration};

use scorpio_core::{
    Message, OwnerId, RunId, SessionId,
    store::{Begin, BranchPoint, Commit, Lease, RunStatus, Signal, StoreErrorKind, Way},
};

pub(super) type Answer<T> = Result<T, StoreErrorKind>;

/// What is in the store if it does what it promises.
#[derive(Default)]
pub(super) struct Expected {
    pub(super) sessions: BTreeMap<SessionId, ExpectedSession>,
    pub(super) runs: BTreeMap<RunId, ExpectedRun>,
}

pub(super) struct ExpectedSession {
    pub(super) owner: OwnerId,
    pub(super) title: String,
    pub(super) version: u64,
    /// Those of all branches, by their sequence numbers.
    pub(super) messages: Vec<Placed>,
}

#[derive(Clone)]
pub(super) struct Placed {
    pub(super) seq: u64,
    pub(super) parent: u64,
    pub(super) is_current: bool,
    pub(super) run: RunId,
    pub(super) message: Message,
}

pub(super) struct ExpectedRun {
    pub(super) session: SessionId,
    pub(super) status: RunStatus,
    /// Whether the lease has not run out.
    pub(super) is_held: bool,
    pub(super) lease: Lease,
    pub(super) step: u64,
    pub(super) recoveries: u32,
    /// Whether it waits for a time that has come.
    pub(super) is_due: bool,
    pub(super) signals: Vec<Signal>,
}

impl ExpectedSession {
    pub(super) fn current(&self) -> impl Iterator<Item = &Placed> {
        self.messages.iter().filter(|placed| placed.is_current)
    }

    /// Adds messages to the current branch; none if one's id is on it.
    fn append(&mut self, run: RunId, messages: &[Message]) -> Answer<()> {
        let mut all = self.messages.clone();
        for (message, seq) in messages.iter().zip(self.version + 1..) {
            let current = || all.iter().filter(|placed| placed.is_current);
            if current().any(|placed| placed.message.id == message.id) {
                return Err(StoreErrorKind::AlreadyExists);
            }
            let parent = current().next_back().map_or(0, |placed| placed.seq);
            all.push(Placed { seq, parent, is_current: true, run, message: message.clone() });
        }
        self.messages = all;
        self.version += messages.len() as u64;
        Ok(())
    }

    fn leave_branch_after(&mut self, seq: u64) {
        for placed in self.messages.iter_mut().filter(|placed| placed.seq > seq) {
            placed.is_current = false;
        }
    }

    fn children(&self, parent: u64) -> impl DoubleEndedIterator<Item = &Placed> {
        self.messages.iter().filter(move |placed| placed.parent == parent)
    }

    fn switch(&mut self, seq: u64) -> Answer<u64> {
        let find = |seq| self.messages.iter().find(|placed| placed.seq == seq);
        let mut path = vec![find(seq).ok_or(StoreErrorKind::NotFound)?.seq];
        while let Some(placed) = find(path[0]).filter(|placed| placed.parent > 0) {
            path.insert(0, placed.parent);
        }
        while let Some(child) = self.children(path[path.len() - 1]).next_back() {
            path.push(child.seq);
        }
        for placed in &mut self.messages {
            placed.is_current = path.contains(&placed.seq);
        }
        self.version += 1;
        Ok(self.version)
    }

    pub(super) fn branch_points(&self) -> Vec<BranchPoint> {
        let way = |placed: &Placed| Way::new(placed.seq, placed.message.id.clone(), placed.is_current);
        let places =
            (0..=self.version).map(|seq| BranchPoint::new(seq, self.children(seq).map(way).collect()));
        places.filter(|point| point.ways.len() > 1).collect()
    }

    /// The run of a message: on the current branch if it stands there, else on the newest one.
    pub(super) fn run_of(&self, message: &Message) -> Option<RunId> {
        let of_message = self.messages.iter().filter(|placed| placed.message.id == message.id);
        of_message.max_by_key(|placed| (placed.is_current, placed.seq)).map(|placed| placed.run)
    }
}

impl ExpectedRun {
    pub(super) fn is_claimable(&self, sole_holder: Option<&str>) -> bool {
        match self.status {
            RunStatus::Running => {
                !self.is_held || sole_holder.is_some_and(|holder| holder != self.lease.holder)
            }
            RunStatus::Waiting => self.is_due || !self.signals.is_empty(),
            _ => false,
        }
    }
}

impl Expected {
    pub(super) fn own(&mut self, owner: &OwnerId, id: &SessionId) -> Option<&mut ExpectedSession> {
        self.sessions.get_mut(id).filter(|session| session.owner == *owner)
    }

    pub(super) fn live_run(&self, id: &SessionId) -> Option<&ExpectedRun> {
        self.runs.values().find(|run| run.status.is_live() && run.session == *id)
    }

    pub(super) fn create(&mut self, owner: &OwnerId, id: &SessionId) -> Answer<()> {
        if self.sessions.contains_key(id) {
            return Err(StoreErrorKind::AlreadyExists);
        }
        let (owner, title) = (owner.clone(), String::new());
        let session = ExpectedSession { owner, title, version: 0, messages: Vec::new() };
        self.sessions.insert(id.clone(), session);
        Ok(())
    }

    pub(super) fn delete(&mut self, owner: &OwnerId, id: &SessionId) -> bool {
        let is_there = self.own(owner, id).is_some();
        if is_there {
            self.sessions.remove(id);
            self.runs.retain(|_, run| run.session != *id);
        }
        is_there
    }

    pub(super) fn switch(&mut self, owner: &OwnerId, id: &SessionId, seq: u64) -> Answer<Option<u64>> {
        let is_busy = self.live_run(id).is_some();
        let Some(session) = self.own(owner, id) else { return Ok(None) };
        if is_busy {
            return Err(StoreErrorKind::Busy);
        }
        session.switch(seq).map(Some)
    }

    pub(super) fn begin(&mut self, begin: &Begin) -> Answer<u64> {
        let run = begin.machine.run();
        let is_busy = self.live_run(&begin.session).is_some();
        let session = self.own(&begin.owner, &begin.session).ok_or(StoreErrorKind::NotFound)?;
        if begin.expected_version.is_some_and(|expected| expected != session.version) {
            return Err(StoreErrorKind::Conflict { actual: session.version });
        }
        let before = session.messages.clone();
        session.leave_branch_after(begin.branch_after.unwrap_or(u64::MAX));
        let version = session.version;
        let appended = session.append(run, begin.input.as_slice());
        if appended.is_err() || is_busy {
            (session.messages, session.version) = (before, version);
            return appended.and(Err(StoreErrorKind::Busy));
        }
        let version = session.version;
        let begun = ExpectedRun {
            session: begin.session.clone(),
            status: RunStatus::Running,
            is_held: !begin.ttl.is_zero(),
            lease: Lease::new(run, begin.holder.clone(), 1),
            step: 0,
            recoveries: 0,
            is_due: false,
            signals: Vec::new(),
        };
        self.runs.insert(run, begun);
        Ok(version)
    }

    pub(super) fn commit(&mut self, commit: &Commit<'_>, messages: &[Message], is_due: bool) -> Answer<u64> {
        let run = self.runs.get_mut(&commit.lease.run).ok_or(StoreErrorKind::NotFound)?;
        let session = self.sessions.get_mut(&run.session).ok_or(StoreErrorKind::NotFound)?;
        if run.lease != *commit.lease {
            return Err(StoreErrorKind::Fenced);
        }
        if commit.step == Some(run.step) {
            return Ok(session.version);
        }
        if run.status != RunStatus::Running {
            return Err(StoreErrorKind::Fenced);
        }
        if session.version != commit.expected_version {
            return Err(StoreErrorKind::Conflict { actual: session.version });
        }
        session.append(commit.lease.run, messages)?;
        run.step = commit.step.unwrap_or(run.step);
        run.status = match (&commit.end, commit.wait) {
            (Some(_), _) => RunStatus::Finished,
            (None, Some(_)) => RunStatus::Waiting,
            (None, None) => RunStatus::Running,
        };
        (run.is_held, run.is_due) = (!commit.ttl.is_zero(), is_due);
        Ok(session.version)
    }

    pub(super) fn renew(&mut self, lease: &Lease, ttl: Duration) -> Answer<()> {
        let run = self.runs.get_mut(&lease.run).ok_or(StoreErrorKind::NotFound)?;
        if run.status != RunStatus::Running || run.lease != *lease {
            return Err(StoreErrorKind::Fenced);
        }
        run.is_held = !ttl.is_zero();
        Ok(())
    }

    /// Answers the holder's new lease but for its fence, which is only known to rise.
    pub(super) fn take_over(
        &mut self,
        id: RunId,
        holder: &str,
        dead: Option<&str>,
        ttl: Duration,
    ) -> Answer<()> {
        let run =
            self.runs.get_mut(&id).filter(|run| run.status.is_live()).ok_or(StoreErrorKind::NotFound)?;
        let is_running = run.status == RunStatus::Running;
        if is_running && run.is_held && dead != Some(run.lease.holder.as_str()) {
            return Err(StoreErrorKind::Busy);
        }
        run.recoveries += u32::from(is_running);
        (run.status, run.is_held, run.is_due) = (RunStatus::Running, !ttl.is_zero(), false);
        holder.clone_into(&mut run.lease.holder);
        Ok(())
    }

    pub(super) fn send(&mut self, owner: &OwnerId, id: RunId, signal: &Signal) -> Answer<u64> {
        let run =
            self.runs.get_mut(&id).filter(|run| run.status.is_live()).ok_or(StoreErrorKind::NotFound)?;
        if self.sessions.get(&run.session).is_none_or(|session| session.owner != *owner) {
            return Err(StoreErrorKind::NotFound);
        }
        if signal
            .subject()
            .is_some_and(|subject| run.signals.iter().any(|known| known.subject() == Some(subject)))
        {
            return Err(StoreErrorKind::AlreadyExists);
        }
        run.signals.push(signal.clone());
        Ok(run.signals.len() as u64)
    }
}
