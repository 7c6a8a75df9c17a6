//! Every parser against 10,000 seeded mutations of what it expects: whatever comes, it gives a value or a typed error, no cut makes a
//! difference, and what it takes of memory is bounded by what it was given.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Mutex, PoisonError},
};

use peak_alloc::PeakAlloc;
use scorpio_providers::fuzzing::{Random, TARGETS, Target, mutate};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Mutations of each target.
const CASES: usize = 10_000;

/// The most memory that a check may take besides a multiple of its input, in bytes. A schema that stands for more than it says takes the most.
const BASE: usize = 16 << 20;

/// How often a check may hold its input: it reads it in three ways, and what becomes of a byte is told by a pointer or two.
const TIMES: usize = 512;

/// The allocator counts for the whole process, so the targets take turns.
static TURN: Mutex<()> = Mutex::new(());

/// What a target expects: its seeds, and for the wires and for what they are written in the recorded streams.
fn seeds(target: &Target) -> Vec<(String, Vec<u8>)> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let is_wanted = |name: &str| match target.name {
        "messages" => name.starts_with("anthropic-"),
        "gemini" | "responses" => name.starts_with(target.name),
        "chat" => !["anthropic-", "gemini-", "responses-"].iter().any(|wire| name.starts_with(wire)),
        _ => true,
    };
    let is_wire = ["sse", "chat", "responses", "messages", "gemini"].contains(&target.name);
    let folder = if is_wire { tests.join("streams") } else { tests.join("seeds").join(target.name) };
    let mut seeds: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .filter(|(name, _)| is_wanted(name))
        .collect();
    // The order of a folder is not the same everywhere.
    seeds.sort();
    assert!(!seeds.is_empty(), "{} has no seeds", folder.display());
    seeds
}

/// Calls the target, and tells what was wrong and how much memory it took.
fn check(target: &Target, bytes: &[u8]) -> Result<(), String> {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    catch_unwind(AssertUnwindSafe(|| (target.check)(bytes)))
        .map_err(|_| "it panicked, as is told above".to_owned())?;
    let (took, allowed) = (MEMORY.peak_usage().saturating_sub(before), BASE + TIMES * bytes.len());
    match took > allowed {
        true => Err(format!(
            "it took {took} bytes of memory for {} bytes, and {allowed} are allowed",
            bytes.len()
        )),
        false => Ok(()),
    }
}

fn mutations(name: &str) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = seeds(target);
    for (name, seed) in &seeds {
        check(target, seed).unwrap_or_else(|wrong| panic!("{name} as it is: {wrong}"));
    }
    let mut random = Random::new(2_026);
    for case in 0..CASES {
        let (name, seed) = &seeds[case % seeds.len()];
        let mut bytes = seed.clone();
        for _ in 0..=random.below(8) {
            mutate(&mut bytes, &mut random);
        }
        check(target, &bytes).unwrap_or_else(|wrong| {
            panic!("case {case} of {}, from {name}: {wrong}\n{}", target.name, bytes.escape_ascii())
        });
    }
}

macro_rules! mutations {
    ($($target:ident)*) => {
        $(#[test]
        fn $target() {
            mutations(stringify!($target));
        })*

        #[test]
        fn every_target_is_here() {
            assert_eq!(TARGETS.map(|target| target.name), [$(stringify!($target)),*]);
        }
    };
}

mutations! { sse chat responses messages gemini arguments errors headers registry cassette schema stored posted }
