//! Runs the agent of the scenario until its question is answered, or until it is killed.
#![allow(clippy::expect_used, reason = "it is a test")]

use scorpio_crash::{child, kill};

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    kill::install();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    child::live(child::Orders::from_arguments(&arguments).expect("the arguments of a child")).await;
}
