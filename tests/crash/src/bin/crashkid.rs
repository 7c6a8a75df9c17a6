//! Runs the agent of the scenario until its question is answered, or until it is killed; with four arguments, writes turns beside others.
#![allow(clippy::expect_used, reason = "it is a test")]

use scorpio_crash::{child, kill, turns};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    kill::install();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some(turns) = turns::Turns::from_arguments(&arguments) {
        return turns.write().await;
    }
    child::live(child::Orders::from_arguments(&arguments).expect("the arguments of a child")).await;
}
