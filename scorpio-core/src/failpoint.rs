//! Named places between two steps of a run, at which tests end the process. Without the feature `failpoints` they are nothing.

/// The places that a run passes, in the order of its life. `*` stands for what a step is about: `answer`, `start`, `finish`, `pause`,
/// `signal` or `end`.
#[cfg(feature = "failpoints")]
pub const NAMES: [&str; 20] = [
    "begin.before",
    "begin.after",
    "model.before",
    "model.event",
    "model.after",
    "commit.*.before",
    "commit.*.after",
    "commit.*.told",
    "tool.before",
    "tool.after",
    "log.before",
    "log.after",
    "signal.before",
    "signal.after",
    "pause.checked",
    "take_over.before",
    "take_over.after",
    "recover.before",
    "settle.before",
    "settle.after",
];

#[cfg(feature = "failpoints")]
static HANDLER: std::sync::OnceLock<fn(&str)> = std::sync::OnceLock::new();

/// Sets what is done at each place, once for the whole process. A second handler is ignored.
#[cfg(feature = "failpoints")]
pub fn install(handler: fn(&str)) {
    let _ = HANDLER.set(handler);
}

/// The run is at this place.
#[inline]
pub(crate) fn reach(name: &str) {
    #[cfg(feature = "failpoints")]
    if let Some(handler) = HANDLER.get() {
        handler(name);
    }
    #[cfg(not(feature = "failpoints"))]
    let _ = name;
}

/// The run is at this place of a step about `what`.
#[inline]
pub(crate) fn reach_step(what: &str, place: &str) {
    #[cfg(feature = "failpoints")]
    if HANDLER.get().is_some() {
        reach(&format!("commit.{what}.{place}"));
    }
    #[cfg(not(feature = "failpoints"))]
    let _ = (what, place);
}
