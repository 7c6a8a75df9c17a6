//! The binary, as somebody starts it, stops it, and pulls its plug.

use std::{path::Path, process::Stdio, time::Duration};

use reqwest::Client;
use scorpio_core::{
    EventKind,
    store::{Claimable, EventLog, Store},
};
use scorpio_store::SqliteStore;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
    sync::oneshot,
};

use crate::harness::{PATIENCE, client};

pub(crate) fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_scorpio-server"));
    let of_others = ["SCORPIO_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_"];
    for (name, _) in std::env::vars() {
        if of_others.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    // Nobody listens there, whatever runs on this machine.
    command.env("OLLAMA_HOST", "127.0.0.1:1");
    command.args(["--addr", "127.0.0.1:0", "--data"]).arg(data);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) base: String,
    out: Lines<BufReader<ChildStdout>>,
    greeting: Vec<String>,
}

pub(crate) async fn start(mut command: Command) -> Server {
    let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut greeting = Vec::new();
    while greeting.len() < 3 {
        let line = tokio::time::timeout(PATIENCE, out.next_line()).await.unwrap().unwrap();
        greeting.push(line.expect("the server greets"));
    }
    let base = greeting[0].strip_prefix("Scorpio is ready at ").unwrap().to_owned();
    Server { child, base, out, greeting }
}

/// How a server that does not start says why.
async fn refusal(mut command: Command) -> String {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.unwrap().unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

pub(crate) async fn guest(client: &Client, base: &str) -> (String, String) {
    let answer = client.post(format!("{base}/api/auth/guest")).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    (answer.json::<Value>().await.unwrap()["access_token"].as_str().unwrap().to_owned(), cookie)
}

async fn send(client: &Client, base: &str, token: &str, id: &str, text: &str) -> reqwest::Response {
    let message = json!({"id": id, "role": "user", "parts": [{"type": "text", "text": text}]});
    let request = client.post(format!("{base}/api/chat")).bearer_auth(token);
    request.json(&json!({"id": "chat-1", "message": message})).send().await.unwrap()
}

pub(crate) async fn messages(client: &Client, base: &str, token: &str) -> Value {
    let request = client.get(format!("{base}/api/messages?chatId=chat-1")).bearer_auth(token);
    request.send().await.unwrap().json().await.unwrap()
}

#[cfg(unix)]
async fn terminate(server: &mut Server) -> i32 {
    let pid = server.child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
    tokio::time::timeout(PATIENCE, server.child.wait()).await.unwrap().unwrap().code().unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn it_greets_serves_and_says_goodbye() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = start(command(&folder.path().join("data"))).await;
    assert!(server.base.starts_with("http://127.0.0.1:") && !server.base.ends_with(":0"), "{}", server.base);
    assert!(server.greeting[1].contains("scripted:demo"), "{:?}", server.greeting);
    assert!(server.greeting[2].contains(folder.path().to_str().unwrap()), "{:?}", server.greeting);
    let client = client();
    let (token, _) = guest(&client, &server.base).await;
    let body = send(&client, &server.base, &token, "m1", "Why is the sky blue?").await.text().await.unwrap();
    assert!(body.contains(r#""delta":"blue ""#), "{body}");
    let page = client.get(&server.base).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), 200);

    let second = refusal(command(&folder.path().join("data"))).await;
    assert!(second.contains("another scorpio-server uses this folder"), "{second}");
    assert_eq!(terminate(&mut server).await, 0);
    assert_eq!(server.out.next_line().await.unwrap().as_deref(), Some("Goodbye."));

    let mut again = start(command(&folder.path().join("data"))).await;
    assert_eq!(messages(&client, &again.base, &token).await["messages"].as_array().unwrap().len(), 2);
    assert_eq!(terminate(&mut again).await, 0);
}

/// A provider that says `Half of ` and then nothing, until it is told that nobody will ask any more.
async fn provider_that_stalls() -> (String, oneshot::Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    let (closed, is_closed) = oneshot::channel();
    let mut closed = Some(closed);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let closed = closed.take();
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                let _ = connection.read(&mut request).await;
                let chunk = json!({
                    "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-5-mini",
                    "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Half of "}, "finish_reason": null}],
                });
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
                let _ = connection.write_all(format!("{head}data: {chunk}\n\n").as_bytes()).await;
                while connection.read(&mut request).await.is_ok_and(|read| read > 0) {}
                closed.map(|closed| closed.send(()));
            });
        }
    });
    (base, is_closed)
}

/// Waits until the only answer that is being written has `text` on the disk: the log is written a moment after it is told.
async fn wait_until_logged(database: &Path, text: &str) {
    let store = SqliteStore::open(database).await.unwrap();
    let runs = store.claimable_runs(Claimable::new(1).sole_holder("nobody")).await.unwrap();
    let logged = async {
        loop {
            let events = store.read(runs[0].id, 0, 100).await.unwrap();
            let has_text =
                |kind: &EventKind| matches!(kind, EventKind::PartDelta(delta) if &*delta.text == text);
            if events.iter().any(|event| has_text(&event.kind)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, logged).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_was_said_outlives_a_process_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let (provider, is_closed) = provider_that_stalls().await;
    let mut with_provider = command(folder.path());
    with_provider.env("OPENAI_API_KEY", "key").env("OPENAI_BASE_URL", provider);
    let mut server = start(with_provider).await;
    assert!(server.greeting[1].contains("openai:gpt-5-mini"), "{:?}", server.greeting);
    let client = client();
    let (token, cookie) = guest(&client, &server.base).await;
    let mut answer = send(&client, &server.base, &token, "m1", "Hello?").await;
    let mut read = String::new();
    while !read.contains("Half of ") {
        let piece = tokio::time::timeout(PATIENCE, answer.chunk()).await.unwrap().unwrap().unwrap();
        read.push_str(std::str::from_utf8(&piece).unwrap());
    }
    wait_until_logged(&folder.path().join("scorpio.db"), "Half of ").await;
    server.child.kill().await.unwrap();
    tokio::time::timeout(PATIENCE, is_closed).await.unwrap().unwrap();

    let again = start(command(folder.path())).await;
    let request = client.post(format!("{}/api/auth/refresh", again.base)).header("cookie", cookie);
    let refreshed = request.header("x-scorpio-request", "1").send().await.unwrap();
    assert_eq!(refreshed.status(), 200, "the cookie outlives the process");
    let stored = messages(&client, &again.base, &token).await;
    assert_eq!(stored["messages"][0]["id"], "m1", "{stored}");
    assert_eq!(stored["messages"][1]["metadata"]["status"], "interrupted", "{stored}");
    assert_eq!(stored["messages"][1]["parts"][1]["text"], "Half of ", "{stored}");
    let repeated = send(&client, &again.base, &token, "m1", "Hello?").await.text().await.unwrap();
    assert!(repeated.contains(r#""type":"error""#) && repeated.ends_with("data: [DONE]\n\n"), "{repeated}");
    let next = send(&client, &again.base, &token, "m2", "Why is the sky blue?").await.text().await.unwrap();
    assert!(next.contains(r#""finishReason":"stop""#), "{next}");
    assert_eq!(messages(&client, &again.base, &token).await["messages"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn an_answer_whose_process_is_killed_goes_on_in_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let client = client();
    let mut first = start(command(folder.path())).await;
    let (token, _) = guest(&client, &first.base).await;
    let mut answer = send(&client, &first.base, &token, "m1", "Count to 60").await;
    let mut read = String::new();
    while !read.contains(r#""delta":", 9""#) {
        let piece = tokio::time::timeout(PATIENCE, answer.chunk()).await.unwrap().unwrap().unwrap();
        read.push_str(std::str::from_utf8(&piece).unwrap());
    }
    let seen = read.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap().to_owned();
    first.child.kill().await.unwrap();

    let next = start(command(folder.path())).await;
    let request = client.get(format!("{}/api/chat/chat-1/stream", next.base)).bearer_auth(&token);
    let rest = request.header("last-event-id", seen).send().await.unwrap();
    assert_eq!(rest.status(), 200);
    let rest = tokio::time::timeout(PATIENCE, rest.text()).await.unwrap().unwrap();
    assert!(rest.contains(r#""type":"data-recovered""#) && rest.ends_with("data: [DONE]\n\n"), "{rest}");
    let stored = messages(&client, &next.base, &token).await;
    assert_eq!(stored["messages"][1]["metadata"]["status"], "complete", "{stored}");
    let numbers = (1..=60).map(|number| number.to_string()).collect::<Vec<_>>().join(", ");
    assert_eq!(stored["messages"][1]["parts"][1]["text"], numbers);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_with_what_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    let told = async |name: &str, value: &str| {
        let mut command = command(&folder.path().join("data"));
        command.env(name, value);
        refusal(command).await
    };
    for (name, value, expected) in [
        ("SCORPIO_DATABASE_URL", "mysql://u:secret@h/d", "there is no database `mysql`"),
        ("SCORPIO_DATABASE_URL", "scorpio.db", "it is no address"),
        ("SCORPIO_DATABASE_URL", "sqlite://", "it names no file"),
        ("SCORPIO_APPROVAL", "some", "--approval"),
    ] {
        let told = told(name, value).await;
        assert!(told.contains(expected) && !told.contains("secret"), "{value}: {told}");
    }
    let file = folder.path().join("elsewhere.db");
    let mut named = command(&folder.path().join("data"));
    named.env("SCORPIO_DATABASE_URL", format!("sqlite://{}", file.display()));
    let mut server = start(named).await;
    guest(&client(), &server.base).await;
    assert!(file.exists(), "the file that was named is the one that is used");
    server.child.kill().await.unwrap();
}

#[tokio::test]
async fn a_wrong_value_names_its_flag_and_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let table: &[(&[&str], &[&str])] = &[
        (
            &["--public-url", "chat.example.com"],
            &["--public-url", "it must look like https://chat.example.com"],
        ),
        (&["--cors-origin", "*"], &["--cors-origin", "it must look like"]),
        (&["--log-format", "xml"], &["--log-format", "pretty, json"]),
        (&["--min-password-length", "4"], &["--min-password-length", "4 is not in 8..=64"]),
        (&["--guest-messages", "many"], &["--guest-messages", "invalid digit"]),
        (&["--model", "gpt-5-mini"], &["--model gpt-5-mini", "openai:gpt-5-mini"]),
        (&["--model", "scripted:other"], &["--model scripted:other"]),
        (&["--model", "openai:gpt-5-mini"], &["--model openai:gpt-5-mini", "OPENAI_API_KEY"]),
        (&["--trusted-proxy", "10.0.0.0/8"], &["--trusted-proxy"]),
        (&["--embedder", "other:model"], &["--embedder other:model", "there is no such embedder"]),
        (&["--embedder", "openai:text-embedding-3-small"], &["--embedder openai:", "OPENAI_API_KEY"]),
    ];
    for (arguments, expected) in table {
        let mut command = command(folder.path());
        let told = refusal({
            command.args(*arguments);
            command
        })
        .await;
        for text in *expected {
            assert!(told.contains(text), "{arguments:?}: {told}");
        }
    }
    let mut by_variable = command(folder.path());
    by_variable.env("SCORPIO_GUEST_MESSAGES", "many");
    assert!(refusal(by_variable).await.contains("--guest-messages"));
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut occupied = Command::new(env!("CARGO_BIN_EXE_scorpio-server"));
    occupied.args(["--addr", &address, "--data"]).arg(folder.path());
    let told = refusal(occupied).await;
    assert!(told.contains(&format!("--addr {address}: cannot listen there")), "{told}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let told = refusal(command(&file.join("data"))).await;
    assert!(told.contains("--data"), "{told}");
}

/// A provider that answers everything with this.
async fn provider(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = vec![0; 65_536];
                let _ = connection.read(&mut request).await;
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
                let answer = format!("{head}content-length: {}\r\n\r\n{answer}", answer.len());
                let _ = connection.write_all(answer.as_bytes()).await;
            });
        }
    });
    base
}

#[tokio::test]
async fn the_doctor_prints_what_it_finds_and_fails_when_something_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("models.toml");
    let base = provider(r#"{"data":[{"id":"small"}]}"#).await;
    let doctor = async |model: &str| {
        let providers = format!("[providers.acme]\nkind = \"openai\"\nbase_url = \"{base}\"\n");
        std::fs::write(&file, format!("{providers}[roles.chat]\nmodel = \"acme:{model}\"\n")).unwrap();
        let mut command = command(&folder.path().join("data"));
        let output = command.arg("doctor").arg("--models").arg(&file).output().await.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, told) = doctor("small").await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains(&format!("ok        The provider `acme` answers at {base}")), "{told}");
    let (code, told) = doctor("smal").await;
    assert_eq!(code, Some(1), "{told}");
    assert!(told.contains("wrong     The role `chat` uses `acme:smal`"), "{told}");
    assert!(!folder.path().join("data").exists(), "the doctor needs no data");
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_names_the_models_and_a_flag_picks_one_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("models.toml");
    let models = "[[models]]\nid = \"demo\"\nname = \"Demo\"\nmodel = \"scripted:demo\"\n\
                  [[models]]\nid = \"far\"\nname = \"Far\"\nmodel = \"ollama:far\"\n";
    std::fs::write(&file, models).unwrap();
    let mut with_file = command(&folder.path().join("data"));
    with_file.env("SCORPIO_MODELS", &file);
    let mut server = start(with_file).await;
    assert_eq!(server.greeting[1], "  model  scripted:demo, and 1 more to choose from");
    // A server that serves also listens for signals.
    guest(&client(), &server.base).await;
    assert_eq!(terminate(&mut server).await, 0);
    let mut one = command(&folder.path().join("data"));
    one.env("SCORPIO_MODELS", &file).args(["--model", "ollama:near"]);
    let mut server = start(one).await;
    assert_eq!(server.greeting[1], "  model  ollama:near");
    guest(&client(), &server.base).await;
    assert_eq!(terminate(&mut server).await, 0);
}

#[tokio::test]
async fn models_that_cannot_be_set_up_are_told_with_their_roles() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("models.toml");
    let refused = async |toml: &str| {
        std::fs::write(&file, toml).unwrap();
        let mut command = command(&folder.path().join("data"));
        command.arg("--models").arg(&file);
        refusal(command).await
    };
    let told =
        refused("[roles.chat]\nmodel = \"scripted:demo\"\n[roles.title]\nmodel = \"openai:small\"").await;
    assert!(
        told.contains("the model of the role `title`, openai:small: OPENAI_API_KEY is not set"),
        "{told}"
    );
    assert!(told.contains("`scorpio-server doctor` says more"), "{told}");
    let told = refused("[roles.chat]\nmodle = 1").await;
    let place = format!("--models {}, line 2: roles.chat", file.display());
    assert!(told.contains(&place) && told.contains("unknown field `modle`"), "{told}");
}
