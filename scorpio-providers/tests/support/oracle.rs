//! The oracle that judges requests by the types of their vendors' own clients.

use std::process::Stdio;

use futures::future::join;
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, process::Command};

/// A variable that `tests/rigs/run` sets.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| {
        panic!("{name} is not set: run this test under `tests/rigs/run`, which starts the servers that it speaks to")
    })
}

/// Shows the bodies of requests, each with its wire, to the oracle, and fails when it refuses one. It takes seconds to start, so it is best
/// asked once.
pub async fn judge(bodies: impl IntoIterator<Item = (&str, Value)>) {
    let lines = bodies.into_iter().map(|(wire, body)| json!({"wire": wire, "body": body}).to_string() + "\n");
    let lines: String = lines.collect();
    assert!(!lines.is_empty(), "nothing was sent");
    let oracle = variable("SCORPIO_RIG_ORACLE");
    let mut words = oracle.split(' ');
    let mut judge = Command::new(words.next().unwrap())
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the oracle starts");
    let mut input = judge.stdin.take().unwrap();
    let write = async move { input.write_all(lines.as_bytes()).await.unwrap() };
    let ((), output) = join(write, judge.wait_with_output()).await;
    let output = output.unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));
}
