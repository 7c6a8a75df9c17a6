//! A server of a test's own, which keeps its data in a folder of its own.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use scorpio_store::{MongoStore, mongodb::MongoOptions};
use tempfile::TempDir;

use crate::harness::variable;

/// How long a command of a store of these tests may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(2);

/// What must have happened by then counts as hung.
const FOREVER: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    program: String,
    folder: TempDir,
    port: u16,
    process: Option<Child>,
}

impl Server {
    /// `None` where there is no MongoDB to test.
    pub(crate) fn start() -> Option<Self> {
        let program = variable("SCORPIO_TEST_MONGODB_SERVER")?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        // Another process may take the port between this look and the start; then the server does not start, and the test says so.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut server = Self { program, folder, port, process: None };
        server.launch();
        Some(server)
    }

    /// Starts it, with the data that it had.
    pub(crate) fn launch(&mut self) {
        let process = Command::new(&self.program)
            .arg("--data-dir")
            .arg(self.folder.path().join("data"))
            .arg("--pid-file")
            .arg(self.folder.path().join("pid"))
            .arg("--log-file")
            .arg(self.folder.path().join("log"))
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut process = process.expect("the server starts");
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(process.try_wait().unwrap().is_none(), "the server has ended");
            assert!(start.elapsed() < FOREVER, "the server does not answer");
            std::thread::sleep(Duration::from_millis(10));
        }
        self.process = Some(process);
    }

    pub(crate) fn url(&self) -> String {
        format!("mongodb://127.0.0.1:{}/test", self.port)
    }

    pub(crate) async fn open(&self) -> MongoStore {
        let options =
            MongoOptions::new().with_server_selection_timeout(TIMEOUT).with_operation_timeout(TIMEOUT);
        MongoStore::connect_with(&self.url(), options).await.unwrap()
    }

    /// Ends it as a crash would.
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
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Waits for something that must not hang.
pub(crate) async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(FOREVER, work).await.expect("it ends")
}
