//! Exact frames, exact messages, exact complaints. Most of the events come from real runs.

mod approvals;
mod client;
mod endings;
mod history;
mod stream;
mod tools;

use std::{sync::Arc, time::Duration};

use futures::StreamExt;
use jiff::Timestamp;

use super::UiStream;
use crate::{
    Agent, Event, EventKind, Message, MessageId, OwnerId, Part, PartDelta, PartFinished, PartStarted,
    RunFinished, RunId, RunStarted, RunStream, SessionId, ToolCallPart, TurnStarted, Usage,
    event::RunEnd,
    model::{Model, PartKind, Scripted},
    store::{MemoryStore, Store, StoredMessage},
    tool::{Approve, SharedTool, Tool, ToolContext, ToolError, ToolSpec, erase},
};

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Nothing {}

/// A tool that does what the test says.
struct Does<F>(&'static str, F);

impl<F, R> Tool for Does<F>
where
    F: Fn(ToolContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, ToolError>> + Send,
{
    type Input = Nothing;
    type Output = String;

    fn spec(&self) -> ToolSpec {
        ToolSpec::new(self.0, "Does what the test says.")
    }

    async fn call(&self, cx: &ToolContext, _input: Nothing) -> Result<String, ToolError> {
        (self.1)(cx.clone()).await
    }
}

fn tool<F, R>(name: &'static str, does: F) -> SharedTool
where
    F: Fn(ToolContext) -> R + Send + Sync + 'static,
    R: Future<Output = Result<String, ToolError>> + Send + 'static,
{
    erase(Does(name, does))
}

/// An agent on a script, and its one session.
struct Rig {
    agent: Agent,
    store: Arc<MemoryStore>,
    session: SessionId,
}

impl Rig {
    fn new(script: Scripted, tools: impl IntoIterator<Item = SharedTool>) -> Self {
        Self::asking(script, tools, Approve::declared())
    }

    /// One whose tools need somebody's word where `policy` says so.
    fn asking(script: Scripted, tools: impl IntoIterator<Item = SharedTool>, policy: Approve) -> Self {
        let store = Arc::new(MemoryStore::new());
        let builder = Agent::builder("test")
            .with_model(Model::new(script, "any"))
            .store(store.clone())
            .approve(policy)
            .stream_resets(0);
        let builder = tools.into_iter().fold(builder, |builder, tool| builder.shared_tool(tool));
        let builder = builder.tool_timeout(Duration::from_secs(5));
        Self { agent: builder.build().unwrap(), store, session: SessionId::new() }
    }

    fn begin(&self, text: &str) -> RunStream {
        self.agent.run(text).session(&self.session).stream()
    }

    /// The frames of a whole run.
    async fn frames(&self, text: &str) -> Vec<String> {
        let events: Vec<Arc<Event>> = self.begin(text).collect().await;
        frames(events.iter().map(|event| event.kind.clone()))
    }

    async fn stored(&self) -> Vec<StoredMessage> {
        self.store.messages(&OwnerId::local(), &self.session, 0, 1_000).await.unwrap()
    }

    /// What a client is shown of the session.
    async fn shown(&self) -> serde_json::Value {
        serde_json::to_value(super::messages(&self.stored().await)).unwrap()
    }
}

/// Events at a fixed time, so that nothing is measured unless the test says so.
fn event(seq: u64, at_ms: i64, kind: EventKind) -> Event {
    let kind = match kind {
        EventKind::RunStarted(_) => {
            EventKind::RunStarted(RunStarted { message_id: MessageId::parse("M").unwrap() })
        }
        EventKind::ToolFinished(mut finished) if at_ms == 0 => {
            finished.duration_ms = 0;
            EventKind::ToolFinished(finished)
        }
        kind => kind,
    };
    let (session, run) = (SessionId::parse("chat").unwrap(), RunId::from(uuid::Uuid::nil()));
    Event::new(session, run, seq, Timestamp::from_millisecond(at_ms).unwrap(), kind)
}

fn body(kinds: impl IntoIterator<Item = EventKind>) -> String {
    let (mut encoder, mut body) = (UiStream::new(), String::new());
    for (seq, kind) in (1..).zip(kinds) {
        encoder.encode(&event(seq, 0, kind), &mut body);
    }
    body
}

/// The data of each frame, as text.
fn frames(kinds: impl IntoIterator<Item = EventKind>) -> Vec<String> {
    data(&body(kinds))
}

fn data(body: &str) -> Vec<String> {
    let frames = body.strip_suffix("\n\n").unwrap_or_default().split("\n\n");
    frames.map(|frame| frame.split_once("data: ").unwrap().1.to_owned()).collect()
}

/// What every run begins with here, what the test expects, and what every run ends with.
fn whole<'a>(between: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let mut whole = vec![r#"{"type":"start","messageId":"M"}"#];
    whole.extend(between);
    whole.push("[DONE]");
    whole
}

fn started() -> EventKind {
    EventKind::RunStarted(RunStarted { message_id: MessageId::new() })
}

fn turn(turn: u32) -> EventKind {
    EventKind::TurnStarted(TurnStarted { turn, message_id: MessageId::new() })
}

fn part(turn: u32, index: u32, part: PartKind) -> EventKind {
    EventKind::PartStarted(PartStarted { turn, index, part })
}

fn delta(turn: u32, index: u32, text: &str) -> EventKind {
    EventKind::PartDelta(PartDelta { turn, index, text: text.into() })
}

fn finished(turn: u32, index: u32, part: Part) -> EventKind {
    EventKind::PartFinished(PartFinished { turn, index, part })
}

fn call(id: &str) -> PartKind {
    PartKind::ToolCall { call_id: id.into(), name: "echo".into() }
}

fn called(id: &str) -> Part {
    Part::ToolCall(ToolCallPart::new(id, "echo", "{}"))
}

fn text(text: &str) -> Part {
    Message::assistant(text).parts.remove(0)
}

fn over(outcome: RunEnd) -> EventKind {
    EventKind::RunFinished(RunFinished { outcome, usage: Usage::default() })
}
