use scorpio_core::{
    Agent, MessageStatus, OwnerId, SessionId,
    model::{Model, Scripted, ScriptedTurn},
    store::{MemoryEventLog, MemoryStore, Store},
    tool,
    ui::UiStream,
};

use super::*;

/// Add two numbers.
#[tool]
fn add(a: f64, b: f64) -> f64 {
    a + b
}

fn encode(events: &[Arc<Event>]) -> Vec<String> {
    let (mut encoder, mut body) = (UiStream::new(), String::new());
    for event in events {
        let mut event = Event::clone(event);
        // How long a tool took is not stored.
        if let EventKind::ToolFinished(finished) = &mut event.kind {
            finished.duration_ms = 0;
        }
        encoder.encode(&event, &mut body);
    }
    body.lines().filter_map(|line| line.strip_prefix("data: ").map(str::to_owned)).collect()
}

#[tokio::test]
async fn says_the_same_as_the_log_did_in_larger_pieces() {
    let script = Scripted::new()
        .turn(ScriptedTurn::new().reasoning("Hm.").tool_call("call_1", "add", r#"{"a":1,"b":2}"#))
        .text("It-is-3.");
    let (store, log) = (Arc::new(MemoryStore::new()), Arc::new(MemoryEventLog::new()));
    let agent = Agent::builder("test").with_model(Model::new(script, "any")).tool(add);
    let agent = agent.store(store.clone()).event_log(log).build().unwrap();
    let (session, owner) = (SessionId::new(), OwnerId::local());
    let mut stream = agent.run("1 + 2?").session(&session).stream();
    let run = stream.handle().run_id();
    let mut live = Vec::new();
    while let Some(event) = futures::StreamExt::next(&mut stream).await {
        live.push(event);
    }
    let record = store.run(&owner, run).await.unwrap().unwrap();
    let history = store.messages(&owner, &session, 0, 100).await.unwrap();
    assert!(history.iter().all(|stored| stored.message.status == MessageStatus::Complete));
    assert_eq!(encode(&events(&record, &history)), encode(&live));
}
