//! How a child ends itself at a named place, or writes down which places it passes.

use std::{
    collections::HashMap,
    sync::{LazyLock, Mutex},
};

/// A place and how often it is passed before the process ends: `commit.finish.after:2`.
pub const AT: &str = "SCORPIO_CRASH_AT";

/// A file for the names of the places that are passed, one a line.
pub const TRACE: &str = "SCORPIO_CRASH_TRACE";

static PASSED: LazyLock<Mutex<HashMap<String, u32>>> = LazyLock::new(Mutex::default);

struct Plan {
    at: Option<(String, u32)>,
    trace: Option<std::path::PathBuf>,
}

static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let at = std::env::var(AT).ok().map(|at| {
        let (name, nth) = at.rsplit_once(':').expect("a place and a number");
        (name.to_owned(), nth.parse().expect("a number"))
    });
    Plan { at, trace: std::env::var_os(TRACE).map(Into::into) }
});

/// Obeys the environment.
pub fn install() {
    if PLAN.at.is_some() || PLAN.trace.is_some() {
        scorpio_core::failpoint::install(pass);
    }
}

fn pass(name: &str) {
    let mut passed = PASSED.lock().unwrap();
    let count = passed.entry(name.to_owned()).or_default();
    *count += 1;
    if let Some(path) = &PLAN.trace {
        use std::io::Write;
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(path).unwrap();
        writeln!(file, "{name}:{count}").unwrap();
    }
    if PLAN.at.as_ref().is_some_and(|(at, nth)| at == name && nth == count) {
        // Nobody cleans up after this, and nobody else gets to run while the lock is held.
        let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
        loop {
            std::thread::park();
        }
    }
}
