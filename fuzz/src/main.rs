//! The fuzzer of all targets; `SCORPIO_FUZZ_TARGET` names the one that is fuzzed. What must hold of each is told where the mutation
//! tests have it from, in `scorpio_providers::fuzzing`.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use scorpio_providers::fuzzing::{TARGETS, Target};

static TARGET: OnceLock<Target> = OnceLock::new();

fn chosen() -> Target {
    let name = std::env::var("SCORPIO_FUZZ_TARGET").unwrap_or_default();
    let known = TARGETS.map(|target| target.name).join(", ");
    match TARGETS.into_iter().find(|target| target.name == name) {
        Some(target) => target,
        None => panic!("SCORPIO_FUZZ_TARGET must be one of {known}, and is {name:?}"),
    }
}

fuzz_target!(|bytes: &[u8]| {
    (TARGET.get_or_init(chosen).check)(bytes);
});
