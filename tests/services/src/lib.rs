//! Where the services are that `tests/services/run` starts, and servers of a test's own, which it may stop, starve and freeze.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    missing_debug_implementations,
    missing_docs,
    reason = "all of it is for tests"
)]

pub mod postgres;
pub mod redis;

use std::{
    env,
    process::Command,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// What must have happened by then counts as hung.
pub const FOREVER: Duration = Duration::from_secs(60);

/// The value of a variable that `tests/services/run` sets. Without it a test does nothing, says so, and fails in CI.
pub fn variable(name: &str) -> Option<String> {
    let value = env::var(name).ok();
    if value.is_none() {
        assert!(env::var_os("CI").is_none(), "{name} is not set: run the tests through tests/services/run");
        eprintln!("NOT TESTED: {name} is not set; run this through tests/services/run");
    }
    value
}

/// A name that no other test uses, in this process or another that runs.
pub fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Sends a signal to a process, by its number: `STOP`, `CONT` or `KILL`.
pub fn signal(name: &str, process: u32) {
    // The shell's own, as a machine may have no program of this name.
    let status = Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap();
    assert!(status.success());
}
