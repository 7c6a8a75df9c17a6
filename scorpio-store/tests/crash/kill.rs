//! A process that commits as fast as it can is killed without warning, again and again, on one database. What it was told is
//! durable must be there afterwards, whole and in order, and nothing else may be half there.
//!
//! A test starts itself once more as the process that is killed.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
    sync::Arc,
};

use scorpio_core::{
    Limits, Message, MessageId, OwnerId, RunEnd, RunId, SessionId,
    model::Entry,
    run::RunMachine,
    store::{Begin, Commit, NewSession, RunStatus, Store},
};

const CHILD: &str = "SCORPIO_TEST_DATABASE_TO_WRITE";
const ROUNDS: u64 = 12;
const SESSIONS: usize = 6;

/// The database under test.
pub(crate) trait Database {
    /// Opens what is at a place.
    async fn open(&self, place: &str) -> Arc<dyn Store>;

    /// Looks whether the database itself finds anything wrong.
    async fn check(&self, place: &str);
}

/// Runs a test, which is called `name`, on the database at the place that `make` answers along with what must outlive it.
pub(crate) async fn survives_kills<T>(
    name: &str,
    database: &impl Database,
    make: impl FnOnce() -> Option<(String, T)>,
) {
    if let Ok(place) = std::env::var(CHILD) {
        return commit_for_ever(database.open(&place).await).await;
    }
    let Some((place, _guard)) = make() else { return };
    let acknowledged = kill_and_look(name, database, &place).await;
    println!("{ROUNDS} kills, {acknowledged} acknowledged commits, none lost");
}

fn session_id(index: usize) -> SessionId {
    SessionId::parse(&format!("s{index}")).unwrap()
}

/// Each session has a run after the other; every commit appends two messages, whose ids are their numbers.
async fn commit_for_ever(store: Arc<dyn Store>) {
    let tasks: Vec<_> =
        (0..SESSIONS).map(|index| tokio::spawn(write_session(store.clone(), index))).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn write_session(store: Arc<dyn Store>, index: usize) {
    let (id, owner) = (session_id(index), OwnerId::local());
    if store.session(&owner, &id).await.unwrap().is_none() {
        store.create_session(NewSession::new(id.clone(), owner.clone())).await.unwrap();
    }
    if let Some(run) = store.live_run(&owner, &id).await.unwrap() {
        // What the process before this one left.
        let run = store
            .take_over(run.id, "next", Some("holder"), std::time::Duration::from_secs(60))
            .await
            .unwrap();
        let version = store.session(&owner, &id).await.unwrap().unwrap().version;
        let lease = run.lease();
        let mut commit = Commit::new(&lease, version, &run.machine);
        commit.end = Some(RunEnd::Interrupted);
        store.commit(commit).await.unwrap();
    }
    loop {
        let machine = RunMachine::new(RunId::new(), id.clone(), Limits::new());
        let begun =
            store.begin_run(Begin::new(id.clone(), owner.clone(), "holder", machine.clone())).await.unwrap();
        let mut version = begun.version;
        for step in 0..5 {
            let append = [version + 1, version + 2].map(|number| Arc::new(Entry::new(message(number))));
            let mut commit = Commit::new(&begun.lease, version, &machine);
            commit.append = &append;
            commit.end = (step == 4).then_some(RunEnd::Interrupted);
            version = store.commit(commit).await.unwrap();
            // One write, so that a line is there whole or is without its end.
            std::io::stdout().lock().write_all(format!("{index} {version}\n").as_bytes()).unwrap();
        }
    }
}

fn message(number: u64) -> Message {
    let text = "Lorem ipsum dolor sit amet. ".repeat(usize::try_from(number % 40).unwrap());
    Message::user(text).with_id(MessageId::parse(&number.to_string()).unwrap())
}

async fn kill_and_look(name: &str, database: &impl Database, place: &str) -> u64 {
    let mut acknowledged = BTreeMap::new();
    for round in 0..ROUNDS {
        // After a different number of commits each time, some of them while the database is being opened.
        let commits = (round * 37) % 211;
        write_until_killed(name, place, commits, &mut acknowledged);
        database.check(place).await;
        look(&*database.open(place).await, &acknowledged).await;
    }
    acknowledged.values().sum::<u64>() / 2
}

/// Starts the writing process, kills it after so many acknowledged commits, and notes everything that it was told.
fn write_until_killed(name: &str, place: &str, commits: u64, acknowledged: &mut BTreeMap<usize, u64>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, place)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut seen = 0;
    loop {
        if seen == commits {
            // SIGKILL. What it has said by now is still in the pipe.
            child.kill().unwrap();
        }
        let mut line = String::new();
        if output.read_line(&mut line).unwrap() == 0 || !line.ends_with('\n') {
            break;
        }
        // The test harness has its say, too.
        let numbers =
            line.trim_end().split_once(' ').map(|(index, version)| (index.parse(), version.parse()));
        if let Some((Ok(index), Ok(version))) = numbers {
            acknowledged.insert(index, version);
            seen += 1;
        }
    }
    let status = child.wait().unwrap();
    assert!(!status.success() && seen >= commits, "it was killed: {status}, {seen} commits");
}

async fn look(store: &dyn Store, acknowledged: &BTreeMap<usize, u64>) {
    let owner = OwnerId::local();
    for (index, known) in acknowledged {
        let id = session_id(*index);
        let session = store.session(&owner, &id).await.unwrap().expect("the session is there");
        let messages = store.messages(&owner, &id, 0, usize::MAX).await.unwrap();
        assert!(
            session.version >= *known,
            "commit {known} of {id} was acknowledged, {} is there",
            session.version
        );
        assert_eq!(session.version % 2, 0, "half of a commit of {id}");
        assert_eq!(messages.len() as u64, session.version);
        for (stored, number) in messages.iter().zip(1..) {
            assert_eq!(stored.seq, number);
            assert_eq!(stored.message.id.as_str(), number.to_string());
            assert_eq!(stored.message.text(), message(number).text());
        }
        let last = messages.last().map(|stored| stored.message.id.clone());
        if let Some(last) = last {
            let run = store.run_of_message(&owner, &id, &last).await.unwrap().expect("its run is there");
            let live = store.live_run(&owner, &id).await.unwrap();
            let is_live = live.is_some_and(|live| live.id == run.id);
            assert_eq!(run.status == RunStatus::Running, is_live);
        }
    }
}
