//! A PostgreSQL of a test's own, which it may stop, starve and freeze.

use std::{
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::variable;

/// Whom the server runs as when the tests run as root, as which it refuses to: nobody.
const NOBODY: u32 = 65_534;

pub struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Server {
    /// A new server. `None` where there is no PostgreSQL to test.
    pub fn start() -> Option<Self> {
        let programs = PathBuf::from(variable("SCORPIO_TEST_POSTGRES_PROGRAMS")?);
        // Another process may take the port before the server does: then it does not start, and the test says so.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs, folder: tempfile::tempdir().unwrap(), port };
        server.give(server.folder.path());
        server.run(
            "initdb",
            &["--username", "scorpio", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
        );
        server.resume();
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("postgres://scorpio@127.0.0.1:{}/postgres", self.port)
    }

    /// The process that the others are children of.
    pub fn process(&self) -> u32 {
        let path = self.folder.path().join("data/postmaster.pid");
        std::fs::read_to_string(path).unwrap().lines().next().unwrap().parse().unwrap()
    }

    /// A folder of its own that the server may write to.
    pub fn make_folder(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir(&path).unwrap();
        self.give(&path);
        path
    }

    /// Makes a folder or file the server's own.
    pub fn give(&self, path: &Path) {
        if is_root() {
            std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }

    /// Starts it, or starts it again.
    pub fn resume(&self) {
        let folder = self.folder.path().display();
        let options = format!("-p {} -k {folder} -c listen_addresses=127.0.0.1", self.port);
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
    }

    /// Stops it as a crash would: without a checkpoint, and without asking its clients.
    pub fn stop(&self) {
        self.run("pg_ctl", &["-w", "-m", "immediate", "stop"]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        command
            .args(arguments)
            .env("PGDATA", self.folder.path().join("data"))
            .current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if is_root() {
            command.uid(NOBODY).gid(NOBODY);
        }
        let status = command.status().unwrap();
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(status.success(), "{program} {arguments:?}: {status}\n{log}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if !std::thread::panicking() || self.folder.path().join("data/postmaster.pid").exists() {
            self.stop();
        }
    }
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}
