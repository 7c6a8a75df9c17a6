//! Measures Scorpio against a hand-written agent loop: `cargo run --release -p scorpio-benches`.

use std::process::ExitCode;

fn main() -> ExitCode {
    scorpio_benches::run(None)
}
