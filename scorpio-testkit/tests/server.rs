//! The provider as a server and as a program.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]
#![cfg(feature = "program")]

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, Command, Stdio},
};

use scorpio_testkit::{Fault, Script, StrictProvider, Turn};
use serde_json::{Value, json};

fn client() -> reqwest::Client {
    // The first wins: all are the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

async fn send(url: &str, method: reqwest::Method, body: String) -> (u16, Value) {
    let request = client()
        .request(method, url)
        .header("x-api-key", "secret-key")
        .header("anthropic-version", "2026-10-21");
    let response = request.body(body).send().await.unwrap();
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
}

async fn post(url: String, body: &Value) -> (u16, Value) {
    send(&url, reqwest::Method::POST, body.to_string()).await
}

async fn get(url: String) -> Value {
    send(&url, reqwest::Method::GET, String::new()).await.1
}

fn hi() -> Value {
    json!({"model": "claude", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]})
}

/// A conversation in which the model has thought and called.
async fn after_calls(url: &str) -> Value {
    let mut body = hi();
    body["tools"] = json!([{"name": "add", "input_schema": {"type": "object"}}]);
    let (status, answer) = post(format!("{url}/v1/messages"), &body).await;
    assert_eq!(status, 200, "{answer}");
    let mut content = answer["content"].clone();
    let id = content[1]["id"].clone();
    content[0].as_object_mut().unwrap().remove("citations");
    let result = json!([{"type": "tool_result", "tool_use_id": id, "content": "42"}]);
    let messages = body["messages"].as_array_mut().unwrap();
    messages.push(json!({"role": "assistant", "content": content}));
    messages.push(json!({"role": "user", "content": result}));
    body
}

/// The program, which ends with the test.
struct Program {
    child: Child,
    url: String,
}

impl Program {
    fn command(arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scorpio-testkit"));
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn start(script: &str) -> Self {
        let mut child = Self::command(&["--port", "0", "--script", "-"]).spawn().unwrap();
        let mut input: ChildStdin = child.stdin.take().unwrap();
        input.write_all(script.as_bytes()).unwrap();
        drop(input);
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SCRIPT: &str = r#"{"choose": "by_history", "turns": [
    {"say": [{"reasoning": "Hm."}, {"call": {"name": "add", "arguments": {"a": 1}}}]},
    {"say": [{"text": "42."}]}
]}"#;

#[tokio::test]
async fn a_program_that_was_killed_goes_on_where_it_was() {
    let first = Program::start(SCRIPT);
    let body = after_calls(&first.url).await;
    drop(first);
    let second = Program::start(SCRIPT);
    let (status, answer) = post(format!("{}/v1/messages", second.url), &body).await;
    assert_eq!((status, &answer["content"][0]["text"]), (200, &json!("42.")), "{answer}");
    // And it still knows what it did not issue.
    let mut forged = body.clone();
    forged["messages"][1]["content"][0]["thinking"] = json!("Ha.");
    let (status, answer) = post(format!("{}/v1/messages", second.url), &forged).await;
    assert_eq!((status, &answer["error"]["type"]), (400, &json!("invalid_request_error")));
    let asked = get(format!("{}/__scorpio/requests", second.url)).await;
    let verdicts: Vec<&Value> =
        asked["requests"].as_array().unwrap().iter().map(|asked| &asked["verdict"]).collect();
    assert_eq!(verdicts, ["answered", "refused"]);
    assert_eq!(asked["requests"][1]["rule"], "thinking_kept");
    assert_eq!(asked["requests"][0]["body"], body);
    assert!(!asked.to_string().contains("secret-key"));
}

#[tokio::test]
async fn the_script_can_be_replaced_and_the_requests_forgotten() {
    let program = Program::start(SCRIPT);
    let script = format!("{}/__scorpio/script", program.url);
    let (status, answer) =
        post(script.clone(), &json!({"choose": "in_order", "turns": [{"say": [{"txt": "x"}]}]})).await;
    assert_eq!(status, 422);
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("`turns[0].say[0]`") && error.contains("`txt`"), "{error}");
    let turns = json!([{"say": [{"text": "New."}]}]);
    assert_eq!(post(script, &json!({"choose": "in_order", "turns": turns})).await.0, 200);
    let (_, answer) = post(format!("{}/v1/messages", program.url), &hi()).await;
    assert_eq!(answer["content"][0]["text"], "New.");
    let requests = format!("{}/__scorpio/requests", program.url);
    assert_eq!(get(requests.clone()).await["requests"].as_array().unwrap().len(), 1);
    send(&requests, reqwest::Method::DELETE, String::new()).await;
    assert_eq!(get(requests).await["requests"], json!([]));
    let (status, _) = post(format!("{}/v1/nothing", program.url), &hi()).await;
    assert_eq!(status, 404);
    assert_eq!(get(format!("{}/health", program.url)).await["status"], "ok");
}

#[test]
fn a_bad_script_is_named_with_its_place() {
    let mut child = Program::command(&["--script", "-"]).spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(br#"{"choose": "in_order", "turns": [{"stop": "never"}]}"#)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains("`turns[0].stop`") && said.contains("never"), "{said}");
    let output = Program::command(&["--script", "/nowhere/script.json"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(2) && said.contains("/nowhere/script.json"), "{said}");
    let help = Program::command(&["--help"]).output().unwrap();
    assert!(help.status.success() && String::from_utf8(help.stdout).unwrap().contains("--script"));
}

#[tokio::test]
async fn a_server_ends_with_its_handle_and_breaks_connections_when_it_is_told_to() {
    let turns = [Turn::text("Hi there").fault(Fault::reset().after_events(1)), Turn::text("Hi")];
    let running = StrictProvider::new(Script::in_order(turns)).serve().await.unwrap();
    let url = format!("{}/v1/messages", running.url());
    let mut body = hi();
    body["stream"] = json!(true);
    let request = || {
        let request = client().post(&url).header("x-api-key", "k").header("anthropic-version", "2026-10-21");
        request.body(body.to_string())
    };
    let broken = request().send().await.unwrap();
    assert_eq!(broken.status(), 200);
    broken.bytes().await.unwrap_err();
    let whole = request().send().await.unwrap().text().await.unwrap();
    assert!(whole.contains("message_stop"));
    assert_eq!(running.provider().asked().len(), 2);
    drop(running);
    // The connection is gone as soon as the task has ended.
    while client().get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}
