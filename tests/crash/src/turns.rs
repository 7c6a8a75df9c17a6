//! Processes that write turns into the same session: each begins where it has seen the session end, or is told that it has changed.

use std::sync::Arc;

use scorpio_core::{
    Limits, Message, OwnerId, RunEnd, RunId, SessionId,
    model::Entry,
    run::RunMachine,
    store::{Begin, Commit, NewSession, Store, StoreError, StoreErrorKind, StoredMessage},
};

use crate::backend::Backend;

/// What one process writes.
#[derive(Debug, Clone)]
pub struct Turns {
    pub store: String,
    pub session: String,
    /// By which its messages are known.
    pub name: String,
    pub count: usize,
}

impl Turns {
    pub fn to_arguments(&self) -> [String; 4] {
        [self.store.clone(), self.session.clone(), self.name.clone(), self.count.to_string()]
    }

    pub fn from_arguments(arguments: &[String]) -> Option<Self> {
        let [store, session, name, count] = arguments else { return None };
        let (store, session, name) = (store.clone(), session.clone(), name.clone());
        Some(Self { store, session, name, count: count.parse().ok()? })
    }

    /// Writes them, whatever others write meanwhile.
    pub async fn write(self) {
        let backend = Backend::open(&self.store).await;
        let (owner, session) = (OwnerId::local(), SessionId::parse(&self.session).unwrap());
        match backend.store.create_session(NewSession::new(session.clone(), owner)).await {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::AlreadyExists, "{error:?}"),
        }
        for number in 0..self.count {
            while let Err(error) = self.turn(&*backend.store, &session, number).await {
                let is_others =
                    matches!(error.kind(), StoreErrorKind::Conflict { .. } | StoreErrorKind::Busy);
                assert!(is_others, "{error:?}");
                tokio::task::yield_now().await;
            }
        }
        backend.close().await;
    }

    /// A question and its answer, each expecting the session to be as it was seen last.
    async fn turn(&self, store: &dyn Store, session: &SessionId, number: usize) -> Result<(), StoreError> {
        let owner = OwnerId::local();
        let seen = store.session(&owner, session).await?.expect("the session is there").version;
        let machine = RunMachine::new(RunId::new(), session.clone(), Limits::new());
        let mut begin = Begin::new(session.clone(), owner, self.name.clone(), machine.clone());
        (begin.expected_version, begin.input) = (Some(seen), Some(Message::user(self.question(number))));
        let begun = store.begin_run(begin).await?;
        assert_eq!(begun.version, seen + 1);
        let append = [Arc::new(Entry::new(Message::user(format!("{} answered", self.question(number)))))];
        let mut commit = Commit::new(&begun.lease, begun.version, &machine);
        (commit.append, commit.end) = (&append, Some(RunEnd::Interrupted));
        // Nobody else may write while this run is live.
        let written = store.commit(commit).await;
        assert_eq!(written.expect("the session is ours"), begun.version + 1);
        Ok(())
    }

    fn question(&self, number: usize) -> String {
        format!("{} {number}", self.name)
    }
}

/// What is wrong with a history that `writers` have written together.
pub fn violations(history: &[StoredMessage], writers: &[Turns]) -> Vec<String> {
    let mut wrong = Vec::new();
    let texts: Vec<String> = history.iter().map(|stored| stored.message.text()).collect();
    if !history.iter().map(|stored| stored.seq).eq(1..=history.len() as u64) {
        wrong.push("the numbers of the messages have gaps".to_owned());
    }
    for pair in texts.chunks(2) {
        if pair.len() != 2 || pair[1] != format!("{} answered", pair[0]) {
            wrong.push(format!("a turn is interleaved: {pair:?}"));
        }
    }
    for writer in writers {
        let prefix = format!("{} ", writer.name);
        let asked = texts.iter().filter(|text| text.starts_with(&prefix) && !text.ends_with("answered"));
        if !asked.cloned().eq((0..writer.count).map(|number| writer.question(number))) {
            wrong.push(format!("turns of {} are lost, doubled or out of order", writer.name));
        }
    }
    wrong
}
