//! A server of a test's own, which it may stop, starve and freeze.

use std::{
    net::TcpListener,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use crate::harness::variable;

/// Whom the server runs as when the tests run as root, as which it refuses to: nobody.
const NOBODY: u32 = 65_534;

pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Server {
    pub(crate) fn start() -> Option<Self> {
        let programs = PathBuf::from(variable("SCORPIO_TEST_POSTGRES_PROGRAMS")?);
        // Another process may take the port before the server does: then it does not start, and the test says so.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs, folder: tempfile::tempdir().unwrap(), port };
        if is_root() {
            std::os::unix::fs::chown(server.folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        server.run(
            "initdb",
            &["--username", "scorpio", "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync"],
        );
        server.resume();
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://scorpio@127.0.0.1:{}/postgres", self.port)
    }

    /// Starts it, or starts it again.
    pub(crate) fn resume(&self) {
        let folder = self.folder.path().display();
        let options = format!("-p {} -k {folder} -c listen_addresses=127.0.0.1", self.port);
        let log = self.folder.path().join("log");
        self.run("pg_ctl", &["-w", "-l", log.to_str().unwrap(), "-o", &options, "start"]);
    }

    /// Stops it as a crash would: without a checkpoint, and without asking its clients.
    pub(crate) fn stop(&self) {
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

/// Sends a signal to a process of a server, by its number.
pub(crate) fn signal(name: &str, process: i32) {
    let status = Command::new("kill").args([format!("-{name}"), process.to_string()]).status().unwrap();
    assert!(status.success());
}
