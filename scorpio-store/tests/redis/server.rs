//! A server of a test's own, on a socket in a folder of its own.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use scorpio_core::{Event, EventKind, PartDelta, RunEnd, RunFinished, RunId, SessionId, Usage};
use scorpio_store::{RedisStore, redis::RedisOptions};
use std::sync::Arc;
use tempfile::TempDir;

use crate::support::variable;

/// How long a store of these tests waits for its server, and for a run.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(1);
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// What must have happened by then counts as hung.
const FOREVER: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    program: String,
    folder: TempDir,
    arguments: Vec<&'static str>,
    process: Option<Child>,
}

impl Server {
    /// A server that forgets everything when it ends. `None` where there is no Redis to test.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&["--save", "", "--appendonly", "no"])
    }

    /// A server that remembers everything.
    pub(crate) fn durable() -> Option<Self> {
        Self::start_with(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
    }

    pub(crate) fn start_with(arguments: &[&'static str]) -> Option<Self> {
        let program = variable("SCORPIO_TEST_REDIS_SERVER")?;
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { program, folder, arguments: arguments.to_vec(), process: None };
        server.launch();
        Some(server)
    }

    pub(crate) fn launch(&mut self) {
        let process = Command::new(&self.program)
            .args(["--port", "0", "--unixsocket"])
            .arg(self.socket())
            .arg("--dir")
            .arg(self.folder.path())
            .args(&self.arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        self.process = Some(process.expect("redis-server starts"));
        let start = Instant::now();
        loop {
            let client = redis::Client::open(self.url()).unwrap();
            let answer =
                client.get_connection().and_then(|mut line| redis::cmd("PING").query::<String>(&mut line));
            match answer {
                Ok(_) => return,
                // It is there, and wants a password.
                Err(error) if error.code() == Some("NOAUTH") => return,
                Err(error) => assert!(start.elapsed() < FOREVER, "redis-server does not answer: {error}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Sends a signal: `STOP` or `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.process.as_ref().expect("it runs").id();
        // The shell's own, as a machine may have no program of this name.
        let status = Command::new("sh").args(["-c", &format!("kill -{name} {id}")]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) async fn open(&self) -> RedisStore {
        self.open_with(options()).await
    }

    pub(crate) async fn open_with(&self, options: RedisOptions) -> RedisStore {
        RedisStore::connect_with(&self.url(), options).await.unwrap()
    }

    /// Sends a command past the store.
    pub(crate) fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url()).unwrap();
        let mut line = client.get_connection().unwrap();
        let (first, rest) = words.split_first().unwrap();
        redis::cmd(first).arg(rest).query(&mut line).unwrap()
    }

    /// How many connections there are beside the one that asks.
    pub(crate) fn connections(&self) -> usize {
        self.command::<String>(&["CLIENT", "LIST"]).lines().count() - 1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(crate) fn options() -> RedisOptions {
    RedisOptions::new().with_timeout(TIMEOUT).with_patience(PATIENCE)
}

/// Waits for something that must not hang.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(FOREVER, work).await.expect("it ends")
}

/// A run to log.
#[derive(Clone)]
pub(crate) struct Run {
    pub(crate) id: RunId,
    session: SessionId,
}

impl Run {
    pub(crate) fn new() -> Self {
        Self { id: RunId::new(), session: SessionId::new() }
    }

    pub(crate) fn key(&self) -> String {
        format!("scorpio:events:{}", self.id)
    }

    pub(crate) fn delta(&self, seq: u64) -> Arc<Event> {
        self.event(seq, EventKind::PartDelta(PartDelta { turn: 1, index: 0, text: "word ".into() }))
    }

    pub(crate) fn deltas(&self, seqs: std::ops::RangeInclusive<u64>) -> Vec<Arc<Event>> {
        seqs.map(|seq| self.delta(seq)).collect()
    }

    pub(crate) fn finish(&self, seq: u64) -> Arc<Event> {
        let kind =
            EventKind::RunFinished(RunFinished { outcome: RunEnd::Interrupted, usage: Usage::default() });
        self.event(seq, kind)
    }

    fn event(&self, seq: u64, kind: EventKind) -> Arc<Event> {
        Arc::new(Event::new(self.session.clone(), self.id, seq, jiff::Timestamp::now(), kind))
    }
}
