//! A Redis of a test's own, on a socket in a folder of its own.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{FOREVER, variable};

pub struct Server {
    program: String,
    folder: TempDir,
    arguments: Vec<&'static str>,
    process: Option<Child>,
}

impl Server {
    /// A server that forgets everything when it ends. `None` where there is no Redis to test.
    pub fn start() -> Option<Self> {
        Self::start_with(&["--save", "", "--appendonly", "no"])
    }

    /// A server that remembers everything.
    pub fn durable() -> Option<Self> {
        Self::start_with(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
    }

    pub fn start_with(arguments: &[&'static str]) -> Option<Self> {
        let program = variable("SCORPIO_TEST_REDIS_SERVER")?;
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { program, folder, arguments: arguments.to_vec(), process: None };
        server.launch();
        Some(server)
    }

    pub fn launch(&mut self) {
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

    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Sends a signal: `STOP` or `CONT`.
    pub fn signal(&self, name: &str) {
        crate::signal(name, self.process.as_ref().expect("it runs").id());
    }

    /// Sends a command on a connection of its own.
    pub fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let client = redis::Client::open(self.url()).unwrap();
        let mut line = client.get_connection().unwrap();
        let (first, rest) = words.split_first().unwrap();
        redis::cmd(first).arg(rest).query(&mut line).unwrap()
    }

    /// How many connections there are beside the one that asks.
    pub fn connections(&self) -> usize {
        self.command::<String>(&["CLIENT", "LIST"]).lines().count() - 1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}
