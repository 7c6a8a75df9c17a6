//! Runs whose process died.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use jiff::Timestamp;
use scorpio_core::{
    Agent, Event, EventKind, Limits, MessageStatus, OwnerId, PartDelta, PartStarted, RunEnd, RunId,
    RunStarted, SessionId,
    model::{Model, PartKind, Scripted},
    run::{Presumed, RunMachine, settle_abandoned},
    store::{Begin, EventLog, MemoryEventLog, MemoryStore, NewSession, Store},
};

/// A run of a process that is gone, with the beginning of an answer in the log.
async fn abandoned(store: &dyn Store, log: &dyn EventLog, session: &SessionId, ttl: Duration) -> RunId {
    let run = RunId::new();
    store.create_session(NewSession::new(session.clone(), OwnerId::local())).await.unwrap();
    let machine = RunMachine::new(run, session.clone(), Limits::new());
    let message_id = machine.message_id().clone();
    let mut begin = Begin::new(session.clone(), OwnerId::local(), "a process that is gone", machine);
    begin.input = Some("Tell me a story.".into());
    begin.ttl = ttl;
    store.begin_run(begin).await.unwrap();
    let kinds = [
        EventKind::RunStarted(RunStarted { message_id }),
        EventKind::PartStarted(PartStarted { turn: 1, index: 0, part: PartKind::Text }),
        EventKind::PartDelta(PartDelta { turn: 1, index: 0, text: "Once upon ".into() }),
        EventKind::PartDelta(PartDelta { turn: 1, index: 0, text: "a time".into() }),
    ];
    let events: Vec<Arc<Event>> = (1..)
        .zip(kinds)
        .map(|(seq, kind)| Arc::new(Event::new(session.clone(), run, seq, Timestamp::now(), kind)))
        .collect();
    log.append(run, &events).await.unwrap();
    run
}

#[tokio::test]
async fn a_start_settles_what_a_dead_process_left() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let log: Arc<dyn EventLog> = Arc::new(MemoryEventLog::new());
    let session = SessionId::new();
    let run = abandoned(&*store, &*log, &session, Duration::from_secs(3600)).await;

    assert_eq!(settle_abandoned(&store, Some(&log), Presumed::Alive).await.unwrap(), 0, "its lease stands");
    assert_eq!(settle_abandoned(&store, Some(&log), Presumed::Dead).await.unwrap(), 1);
    assert_eq!(settle_abandoned(&store, Some(&log), Presumed::Dead).await.unwrap(), 0);

    let messages = store.messages(&OwnerId::local(), &session, 0, 10).await.unwrap();
    assert_eq!(messages[1].message.text(), "Once upon a time");
    assert_eq!(messages[1].message.status, MessageStatus::Interrupted);
    let events: Vec<_> = log.follow(run, 0).await.unwrap().map(Result::unwrap).collect().await;
    assert_eq!(events.last().unwrap().seq, 5);
    assert!(
        matches!(&events.last().unwrap().kind, EventKind::RunFinished(end) if end.outcome == RunEnd::Interrupted)
    );
}

#[tokio::test]
async fn the_next_run_settles_one_whose_lease_ran_out() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let log: Arc<dyn EventLog> = Arc::new(MemoryEventLog::new());
    let session = SessionId::new();
    abandoned(&*store, &*log, &session, Duration::ZERO).await;
    let script = Scripted::new().text("Where was I?");
    let agent = Agent::builder("test").with_model(Model::new(script.clone(), "any"));
    let agent = agent.store(store.clone()).event_log(log).build().unwrap();
    assert_eq!(agent.run("Go on.").session(&session).await.unwrap().text(), "Where was I?");
    let seen: Vec<String> =
        script.requests()[0].transcript.messages().map(|message| message.text()).collect();
    assert_eq!(seen, ["Tell me a story.", "Once upon a time", "Go on."]);
}
