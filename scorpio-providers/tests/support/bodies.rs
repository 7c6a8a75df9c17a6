//! The bodies of requests, kept for the oracle. Under `tests/rigs/run`, which shows it all of them once the tests are done, they go to a
//! file of their test; without it they go nowhere.

use std::{fs::OpenOptions, io::Write, path::Path};

use serde_json::{Value, json};

/// Keeps the body of a request to an address, unless it is one that no type of the vendor's describes.
pub fn keep(path: &str, body: &[u8]) {
    let Some(folder) = std::env::var_os("SCORPIO_RIG_BODIES") else { return };
    let Some(wire) = wire(path) else { return };
    let body: Value = serde_json::from_slice(body).unwrap();
    let line = json!({"wire": wire, "body": body}).to_string() + "\n";
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("unnamed").replace("::", ".");
    let file = Path::new(&folder).join(format!("{test}-{}.jsonl", std::process::id()));
    // In one piece, as other threads of the test may write to the same file.
    let mut file = OpenOptions::new().create(true).append(true).open(file).unwrap();
    file.write_all(line.as_bytes()).unwrap();
}

/// The oracle's name of the wire whose address this is. Messages on Vertex AI has no types of its own, and what is not a call of a model
/// has no name.
fn wire(path: &str) -> Option<&'static str> {
    let path = path.split('?').next().unwrap_or_default();
    let ends = [
        ("/chat/completions", "openai-chat"),
        ("/responses", "openai-responses"),
        ("/messages", "anthropic-messages"),
        (":streamGenerateContent", "gemini-generate-content"),
    ];
    ends.into_iter().find_map(|(end, wire)| path.ends_with(end).then_some(wire))
}
