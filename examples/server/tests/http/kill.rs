//! `kill -9` in the middle of a tool. The test is the server, too: it starts itself again to be killed.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use scorpio_core::{
    model::{Demo, Model},
    schemars,
    tool::{RetryClass, Tool, ToolContext, ToolError, ToolSpec},
};
use scorpio_server::{App, SigningKey, Stores, serve};
use scorpio_store::SqliteStore;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
};

use crate::harness::{PATIENCE, SEED, client, post};

/// The folder of a server that is to be killed.
const FOLDER: &str = "SCORPIO_TEST_FOLDER";
const READY: &str = "ready at ";

/// A tool that writes down each start, and only ever ends when it is started a second time.
#[derive(Debug)]
struct Slow {
    name: &'static str,
    retry: RetryClass,
    ledger: PathBuf,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[schemars(crate = "scorpio_core::schemars")]
struct Anything {}

impl Tool for Slow {
    type Input = Anything;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new(self.name, "Ends when it is started a second time.").with_retry(self.retry)
    }

    async fn call(&self, cx: &ToolContext, _: Anything) -> Result<String, ToolError> {
        let mut ledger = std::fs::OpenOptions::new().create(true).append(true).open(&self.ledger).unwrap();
        writeln!(ledger, "{}", cx.idempotency_key()).unwrap();
        ledger.sync_all().unwrap();
        if starts(&self.ledger).len() == 1 {
            std::future::pending::<()>().await;
        }
        Ok("Done at last.".to_owned())
    }
}

/// The idempotency keys of the starts.
fn starts(ledger: &Path) -> Vec<String> {
    std::fs::read_to_string(ledger).unwrap_or_default().lines().map(str::to_owned).collect()
}

async fn be_killed(folder: &Path) {
    let store = SqliteStore::open(folder.join("scorpio.db")).await.unwrap();
    let slow = |name, retry| Slow { name, retry, ledger: folder.join("ledger") };
    let app = App::builder(Model::new(Demo::new(), "demo"))
        .stores(Stores::of(Arc::new(store)).sole_user())
        .signing_key(SigningKey::from_seed(SEED))
        .tool(slow("calculate", RetryClass::Idempotent))
        .tool(slow("current_time", RetryClass::AtMostOnce))
        .build()
        .unwrap();
    app.recover().await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ready = format!("{READY}http://{}\n", listener.local_addr().unwrap());
    std::io::stdout().write_all(ready.as_bytes()).unwrap();
    serve(listener, app, std::future::pending(), Duration::ZERO).await;
}

/// Starts a server on this folder, in a process of its own.
async fn start(test: &str, folder: &Path) -> (Child, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]).env(FOLDER, folder);
    let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let base = async {
        loop {
            let line = out.next_line().await.unwrap().expect("the server says where it is");
            if let Some((_, base)) = line.split_once(READY) {
                return base.to_owned();
            }
        }
    };
    let base = tokio::time::timeout(PATIENCE, base).await.unwrap();
    (child, base)
}

/// Asks the question, kills the server while its tool runs, and starts the next one. Gives what is needed to talk to that one.
async fn kill_in_the_tool(test: &str, folder: &Path, question: &str) -> (Child, String, String) {
    let client = client();
    let (mut first, base) = start(test, folder).await;
    let guest: Value =
        client.post(format!("{base}/api/auth/guest")).send().await.unwrap().json().await.unwrap();
    let token = guest["access_token"].as_str().unwrap().to_owned();
    let asked =
        client.post(format!("{base}/api/chat")).bearer_auth(&token).json(&post("chat-1", "m1", question));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let ledger = folder.join("ledger");
    let started = async {
        while starts(&ledger).is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, started).await.unwrap();
    first.kill().await.unwrap();
    let (next, base) = start(test, folder).await;
    (next, base, token)
}

/// Waits until the last message says what became of the answer.
async fn ended(base: &str, token: &str) -> Value {
    let asking = async {
        loop {
            let request = client().get(format!("{base}/api/messages?chatId=chat-1")).bearer_auth(token);
            let stored: Value = request.send().await.unwrap().json().await.unwrap();
            if stored["messages"][1]["metadata"].get("status").is_some() {
                return stored;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap()
}

#[tokio::test]
async fn a_tool_that_may_run_again_does_so_with_the_same_key() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return be_killed(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let test = "kill::a_tool_that_may_run_again_does_so_with_the_same_key";
    let (mut next, base, token) = kill_in_the_tool(test, folder.path(), "What is 12*34?").await;
    let stored = ended(&base, &token).await;
    assert_eq!(stored["messages"][1]["metadata"]["status"], "complete", "{stored}");
    assert!(stored.to_string().contains("Done at last."), "{stored}");
    let starts = starts(&folder.path().join("ledger"));
    assert_eq!(starts.len(), 2);
    assert_eq!(starts[0], starts[1]);
    next.kill().await.unwrap();
}

#[tokio::test]
async fn a_tool_that_must_not_run_twice_asks_first() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return be_killed(Path::new(&folder)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let test = "kill::a_tool_that_must_not_run_twice_asks_first";
    let (mut next, base, token) = kill_in_the_tool(test, folder.path(), "What time is it in Tokyo?").await;
    let path = format!("{base}/api/chat/chat-1/approvals");
    let asking = async {
        loop {
            let pending = client().get(&path).bearer_auth(&token).send().await.unwrap();
            let pending: Value = pending.json().await.unwrap();
            if let Some(asked) = pending["approvals"].get(0) {
                return asked.clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let asked = tokio::time::timeout(PATIENCE, asking).await.unwrap();
    assert_eq!((&asked["reason"], &asked["tool"]), (&json!("outcome_unknown"), &json!("current_time")));
    assert_eq!(starts(&folder.path().join("ledger")).len(), 1, "nothing ran in the meantime");
    let answer = client().post(format!("{path}/{}", asked["id"].as_str().unwrap())).bearer_auth(&token);
    let answer = answer.json(&json!({"decision": "approve"})).send().await.unwrap();
    assert_eq!(answer.status(), 202);
    let stored = ended(&base, &token).await;
    assert_eq!(stored["messages"][1]["metadata"]["status"], "complete", "{stored}");
    assert_eq!(starts(&folder.path().join("ledger")).len(), 2);
    next.kill().await.unwrap();
}
