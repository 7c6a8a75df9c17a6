//! What tests need that talk to a service.

use std::{
    env,
    sync::atomic::{AtomicU32, Ordering},
};

/// The value of a variable that `tests/services/run` sets. Without it a test does nothing, says so, and fails in CI.
#[allow(clippy::print_stderr, reason = "what was not tested must be seen")]
pub(crate) fn variable(name: &str) -> Option<String> {
    let value = env::var(name).ok();
    if value.is_none() {
        assert!(env::var_os("CI").is_none(), "{name} is not set: run the tests through tests/services/run");
        eprintln!("NOT TESTED: {name} is not set; run this through tests/services/run");
    }
    value
}

/// A name that no other test uses, in this process or another that runs.
pub(crate) fn unique_name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
