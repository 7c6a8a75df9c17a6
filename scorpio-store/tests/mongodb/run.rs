//! A session with a run to write.

use std::{sync::Arc, time::Duration};

use scorpio_core::{
    Json, Limits, Message, MessageId, OwnerId, RunId, SessionId,
    model::Entry,
    run::RunMachine,
    store::{
        Begin, Commit, ExecutionStatus, JournalEntry, JournalHash, Lease, NewSession, Store, StoreError,
        ToolExecution,
    },
    tool::RetryClass,
};

pub(crate) struct Run {
    pub(crate) owner: OwnerId,
    pub(crate) session: SessionId,
    pub(crate) machine: RunMachine,
    pub(crate) lease: Lease,
    pub(crate) version: u64,
    journal: Vec<JournalEntry>,
}

impl Run {
    /// A run in a new session, with the message `q` as its input.
    pub(crate) async fn begin(store: &dyn Store, session: &str) -> Result<Self, StoreError> {
        let (owner, session) = (OwnerId::local(), SessionId::parse(session).unwrap());
        store.create_session(NewSession::new(session.clone(), owner.clone())).await?;
        let machine = RunMachine::new(RunId::new(), session.clone(), Limits::new());
        let mut run = Self {
            lease: Lease::new(machine.run(), "holder", 1),
            owner,
            session,
            machine,
            version: 0,
            journal: Vec::new(),
        };
        let mut begin = Begin::new(run.session.clone(), run.owner.clone(), "holder", run.machine.clone());
        begin.ttl = Duration::from_secs(60);
        begin.input = Some(message("q"));
        begin.journal = Some(run.entry());
        let begun = store.begin_run(begin).await?;
        (run.lease, run.version) = (begun.lease, begun.version);
        Ok(run)
    }

    pub(crate) fn id(&self) -> RunId {
        self.lease.run
    }

    /// The next entry of the journal.
    pub(crate) fn entry(&mut self) -> JournalEntry {
        let (seq, previous) = match self.journal.last() {
            Some(last) => (last.seq + 1, last.hash),
            None => (1, JournalHash::default()),
        };
        let entry = JournalEntry::new(seq, 1, Json::null(), jiff::Timestamp::now(), previous);
        self.journal.push(entry.clone());
        entry
    }

    /// Appends a message and writes the first tool execution.
    pub(crate) async fn step(
        &mut self,
        store: &dyn Store,
        id: &str,
        status: ExecutionStatus,
    ) -> Result<(), StoreError> {
        let entry = self.entry();
        let (append, executions) = ([Arc::new(Entry::new(message(id)))], [self.execution(status)]);
        let mut commit = self.commit();
        (commit.append, commit.executions, commit.journal) = (&append, &executions, Some(&entry));
        self.version = store.commit(commit).await?;
        Ok(())
    }

    pub(crate) fn commit(&self) -> Commit<'_> {
        let mut commit = Commit::new(&self.lease, self.version, &self.machine);
        commit.ttl = Duration::from_secs(60);
        commit
    }

    pub(crate) fn execution(&self, status: ExecutionStatus) -> ToolExecution {
        serde_json::from_value(serde_json::json!({
            "run": self.id(), "turn": 1, "index": 0, "call_id": "call", "tool": "tool", "arguments": "{}",
            "idempotency_key": "key", "retry": RetryClass::Pure, "status": status, "attempts": 1,
            "result": null, "error": null, "started_at": null, "finished_at": null,
        }))
        .unwrap()
    }

    pub(crate) async fn ids(&self, store: &dyn Store) -> Vec<String> {
        let messages = store.messages(&self.owner, &self.session, 0, usize::MAX).await.unwrap();
        messages.into_iter().map(|stored| stored.message.id.to_string()).collect()
    }

    /// The journal as it is stored.
    pub(crate) async fn stored_journal(&self, store: &dyn Store) -> Vec<JournalEntry> {
        store.journal(&self.owner, self.id(), 0, usize::MAX).await.unwrap()
    }

    pub(crate) fn written_journal(&self) -> &[JournalEntry] {
        &self.journal
    }
}

pub(crate) fn message(id: &str) -> Message {
    Message::user(format!("text of {id}")).with_id(MessageId::parse(id).unwrap())
}
