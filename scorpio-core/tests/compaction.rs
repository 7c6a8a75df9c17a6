//! Conversations that are too long for a model, through the public face of the engine.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::sync::Arc;

use futures::StreamExt;
use scorpio_core::{
    Agent, AgentBuilder, Compaction, EventKind, Message, OwnerId, SessionId, Usage,
    model::{Model, ModelError, ModelErrorKind, Scripted, ScriptedTurn},
    store::{MemoryStore, Store},
};

const LONG: &str = "All work and no play makes Jack a dull boy. ";

struct Rig {
    store: Arc<MemoryStore>,
    script: Scripted,
    writer: Scripted,
    session: SessionId,
}

impl Rig {
    fn new(script: Scripted, writer: Scripted) -> Self {
        Self { store: Arc::default(), script, writer, session: SessionId::new() }
    }

    fn builder(&self, threshold: u64) -> AgentBuilder {
        let writer = Model::new(self.writer.clone(), "writer");
        let compaction = Compaction::new().threshold(threshold).keep(200).model(writer);
        Agent::builder("patient")
            .with_model(Model::new(self.script.clone(), "any"))
            .store(self.store.clone())
            .compact(compaction)
            .stream_resets(0)
    }

    async fn say(&self, threshold: u64, text: &str) -> scorpio_core::Result<String> {
        let agent = self.builder(threshold).build().unwrap();
        Ok(agent.run(text).session(&self.session).await?.text())
    }

    fn seen(&self, request: usize) -> Vec<String> {
        self.script.requests()[request].transcript.messages().map(Message::text).collect()
    }

    async fn history(&self) -> Vec<Message> {
        let stored = self.store.messages(&OwnerId::local(), &self.session, 0, 100).await.unwrap();
        stored.into_iter().map(|stored| stored.message).collect()
    }
}

fn overflow() -> ScriptedTurn {
    ScriptedTurn::new().refuse(ModelError::new(ModelErrorKind::ContextOverflow, "prompt is too long"))
}

#[tokio::test]
async fn a_long_history_is_summed_up_and_stays() {
    let answer = ScriptedTurn::new().text(&LONG.repeat(60)).usage(Usage::new(5_000, 700));
    let rig = Rig::new(
        Scripted::new().turn(answer).text("Yes.").text("Still."),
        Scripted::new().text("They typed."),
    );
    rig.say(4_000, &LONG.repeat(60)).await.unwrap();
    assert_eq!(rig.say(4_000, "Do you remember?").await.unwrap(), "Yes.");
    let seen = rig.seen(1);
    assert_eq!(seen.len(), 2);
    assert!(seen[1].contains("They typed.") || seen[0].contains("They typed."), "{seen:?}");
    assert!(seen.iter().any(|text| text == "Do you remember?"));
    let history = rig.history().await;
    assert_eq!(history.len(), 5, "two questions, two answers and the summary");
    let summary = history.iter().find(|message| message.replaces.is_some()).unwrap();
    assert_eq!(summary.replaces.as_ref(), Some(&history[1].id));

    // A later run sees the summary, and asks for no other.
    assert_eq!(rig.say(4_000, "And now?").await.unwrap(), "Still.");
    let seen = rig.seen(2);
    assert!(seen[0].contains("They typed.") && seen.len() == 4, "{seen:?}");
    assert_eq!(rig.writer.remaining(), 0);
}

#[tokio::test]
async fn a_history_that_the_provider_refuses_is_summed_up_once() {
    let script = Scripted::new().text(&LONG.repeat(50)).turn(overflow()).text("Better.");
    let rig = Rig::new(script, Scripted::new().text("They typed."));
    rig.say(1_000_000, &LONG.repeat(50)).await.unwrap();
    assert_eq!(rig.say(1_000_000, "Well?").await.unwrap(), "Better.");
    assert!(rig.seen(2).iter().any(|text| text.contains("They typed.")));
}

#[tokio::test]
async fn a_history_that_is_refused_twice_fails_and_loses_nothing() {
    let script = Scripted::new().text(&LONG.repeat(50)).turn(overflow()).turn(overflow());
    let rig = Rig::new(script, Scripted::new().text("They typed.").text("They typed on."));
    rig.say(1_000_000, &LONG.repeat(50)).await.unwrap();
    assert!(rig.say(1_000_000, "Well?").await.is_err());
    assert_eq!(rig.writer.remaining(), 1, "it is not tried for ever");
    assert_eq!(rig.history().await.len(), 4);
}

#[tokio::test]
async fn without_a_summary_the_run_goes_on_as_it_is() {
    let answer = ScriptedTurn::new().text(&LONG.repeat(60)).usage(Usage::new(5_000, 700));
    let broken = ScriptedTurn::new().refuse(ModelError::new(ModelErrorKind::Overloaded, "busy"));
    let rig = Rig::new(Scripted::new().turn(answer).text("Yes."), Scripted::new().turn(broken));
    rig.say(4_000, &LONG.repeat(60)).await.unwrap();
    assert_eq!(rig.say(4_000, "Do you remember?").await.unwrap(), "Yes.");
    assert_eq!(rig.seen(1).len(), 3);
}

#[tokio::test]
async fn a_summary_that_is_no_shorter_is_not_taken() {
    let answer = ScriptedTurn::new().text(&LONG.repeat(60)).usage(Usage::new(5_000, 700));
    let rig = Rig::new(Scripted::new().turn(answer).text("Yes."), Scripted::new().text(&LONG.repeat(120)));
    rig.say(4_000, &LONG.repeat(60)).await.unwrap();
    rig.say(4_000, "Do you remember?").await.unwrap();
    assert_eq!(rig.history().await.len(), 4);
}

#[tokio::test]
async fn whoever_watches_is_told() {
    let answer = ScriptedTurn::new().text(&LONG.repeat(60)).usage(Usage::new(5_000, 700));
    let rig = Rig::new(Scripted::new().turn(answer).text("Yes."), Scripted::new().text("They typed."));
    rig.say(4_000, &LONG.repeat(60)).await.unwrap();
    let agent = rig.builder(4_000).build().unwrap();
    let events: Vec<_> = agent.run("Well?").session(&rig.session).stream().collect().await;
    assert!(events.iter().any(|event| matches!(event.kind, EventKind::Compacted(_))));
}
