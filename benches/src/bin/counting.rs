//! The clients once more, with an allocator that counts. It is a program of its own so that counting slows down nothing that
//! is timed.

use std::{alloc::System, process::ExitCode};

use scorpio_benches::Allocations;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn main() -> ExitCode {
    scorpio_benches::run(Some(|| {
        let so_far = ALLOCATOR.stats();
        Allocations { count: so_far.allocations + so_far.reallocations, bytes: so_far.bytes_allocated }
    }))
}
