//! Sessions as files, and sessions that begin as others did.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;

use scorpio_core::{
    Agent, Message, OwnerId, SessionId, dangling_tool_calls,
    model::{Model, Scripted, ScriptedTurn},
    store::{MemoryStore, SessionSnapshot, Store},
    tool,
};

/// Say it back.
#[tool(pure)]
fn echo(text: String) -> String {
    text
}

/// Send it out.
#[tool(approval)]
fn send(text: String) -> String {
    text
}

/// A session with two answers, the second of which waits for somebody.
async fn session() -> (Arc<MemoryStore>, SessionId, SessionSnapshot) {
    let call = |tool: &str| ScriptedTurn::new().tool_call("a", tool, r#"{"text": "1.0"}"#);
    let script = Scripted::new().turn(call("echo")).text("One.").turn(call("echo")).turn(call("send"));
    let store = Arc::new(MemoryStore::new());
    let builder = Agent::builder("test").with_model(Model::new(script, "any")).store(store.clone());
    let agent = builder.tool(echo).tool(send).build().unwrap();
    let id = SessionId::new();
    agent.run("First?").session(&id).await.unwrap();
    assert!(agent.run("Second?").session(&id).await.unwrap().is_paused());
    let snapshot = store.export_session(&OwnerId::local(), &id).await.unwrap().unwrap();
    (store, id, snapshot)
}

fn texts(snapshot: &SessionSnapshot) -> Vec<String> {
    snapshot.messages.iter().map(|message| message.message.text()).collect()
}

#[tokio::test]
async fn a_file_holds_all_of_it_to_the_byte() {
    let (_, _, snapshot) = session().await;
    let lines = snapshot.to_json_lines();
    assert_eq!(lines.lines().count(), 1 + snapshot.messages.len() + snapshot.executions.len());
    let read = SessionSnapshot::from_json_lines(&lines).unwrap();
    assert_eq!(read, snapshot);
    assert_eq!(read.to_json_lines(), lines);
    assert_eq!(SessionSnapshot::from_json_lines(&lines.replace('\n', "\r\n\n")).unwrap(), snapshot);
}

#[tokio::test]
async fn a_file_that_is_none_names_the_line() {
    let (_, _, snapshot) = session().await;
    let lines = snapshot.to_json_lines();
    let complaint = |text: &str| SessionSnapshot::from_json_lines(text).unwrap_err().to_string();
    assert_eq!(complaint(""), "line 1: there is no session");
    let second = lines.lines().nth(1).unwrap();
    assert_eq!(complaint(second), "line 1: the session must come first");
    assert_eq!(
        complaint(&format!("{lines}{lines}")),
        format!("line {}: there is a second session", lines.lines().count() + 1)
    );
    let cut = &lines[..lines.find('\n').unwrap() + 20];
    assert!(complaint(cut).starts_with("line 2: EOF while parsing"), "{}", complaint(cut));
    let newer = lines.replacen(r#""version":1"#, r#""version":2"#, 1);
    assert_eq!(complaint(&newer), "line 1: it is of version 2, and this program reads up to 1");
    assert!(complaint("{\"other\":{}}").starts_with("line 1: unknown variant `other`"));
}

#[tokio::test]
async fn a_fork_ends_where_it_was_asked_to_and_is_a_history() {
    let (store, _, snapshot) = session().await;
    for message in &snapshot.messages {
        let fork = snapshot.fork_at(message.seq, SessionId::new()).unwrap();
        fork.check().unwrap();
        let history: Vec<&Message> = fork.messages.iter().map(|message| &message.message).collect();
        let history: Vec<Message> = history.into_iter().cloned().collect();
        assert!(dangling_tool_calls(&history).is_empty(), "at {}", message.seq);
        assert!(fork.executions.iter().all(|call| call.result.is_some()));
        store.import_session(fork).await.unwrap();
    }
    let first = snapshot.fork_at(4, SessionId::new()).unwrap();
    assert_eq!((texts(&first).last().unwrap().as_str(), first.executions.len()), ("One.", 1));
    // The call that waits stays behind; what was done before it comes along.
    let last = snapshot.fork_at(snapshot.messages.last().unwrap().seq, SessionId::new()).unwrap();
    assert_eq!((last.messages.len(), snapshot.messages.len()), (7, 8));
    assert!(snapshot.fork_at(99, SessionId::new()).is_none());
}
