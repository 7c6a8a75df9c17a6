//! A model whose answers are written down beforehand: for tests, and under the demo.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use futures::stream;

use super::{
    CallContext, Capabilities, FinishReason, LlmProvider, ModelError, ModelErrorKind, ModelEvent,
    ModelRequest, ModelStream, PartKind, ProviderId, WireKey, assemble::finished_part,
};
use crate::{ToolCallId, Usage};

pub(super) const WIRE: WireKey = "scripted";

/// A provider that plays turns in order, one for each model call, and remembers what it was asked.
///
/// ```
/// use scorpio_core::{Agent, model::{Model, Scripted, ScriptedTurn}, tool};
///
/// /// Add two numbers.
/// #[tool]
/// fn add(a: f64, b: f64) -> f64 { a + b }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> scorpio_core::Result<()> {
/// let script = Scripted::new()
///     .turn(ScriptedTurn::new().tool_call("call_1", "add", r#"{"a": 2, "b": 40}"#))
///     .text("It is 42.");
/// let agent = Agent::builder("test").with_model(Model::new(script.clone(), "any")).tool(add).build()?;
/// assert_eq!(agent.run("What is 2 + 40?").await?.text(), "It is 42.");
/// assert_eq!(script.requests().len(), 2);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Scripted {
    id: ProviderId,
    script: Arc<Mutex<Script>>,
}

#[derive(Default)]
struct Script {
    turns: VecDeque<ScriptedTurn>,
    requests: Vec<ModelRequest>,
}

impl Scripted {
    /// A script without turns.
    #[allow(clippy::new_without_default)]
    pub fn new() -> Self {
        Self { id: "scripted".into(), script: Arc::default() }
    }

    /// Appends a turn. Scripts may grow while they are played.
    #[must_use]
    pub fn turn(self, turn: ScriptedTurn) -> Self {
        self.lock().turns.push_back(turn);
        self
    }

    /// Appends a turn of one text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.turn(ScriptedTurn::new().text(text))
    }

    /// What it was asked so far.
    pub fn requests(&self) -> Vec<ModelRequest> {
        self.lock().requests.clone()
    }

    /// How many turns have not been played.
    pub fn remaining(&self) -> usize {
        self.lock().turns.len()
    }

    fn lock(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Scripted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scripted").field("remaining", &self.remaining()).finish()
    }
}

#[async_trait]
impl LlmProvider for Scripted {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        Capabilities::all()
    }

    fn wire(&self, _model: &str) -> WireKey {
        WIRE
    }

    async fn stream(&self, request: ModelRequest, _cx: &CallContext) -> Result<ModelStream, ModelError> {
        let turn = {
            let mut script = self.lock();
            script.requests.push(request);
            script.turns.pop_front()
        };
        let over = || ModelError::new(ModelErrorKind::Configuration, "the script has no further turn");
        turn.ok_or_else(over).and_then(ScriptedTurn::play)
    }
}

enum Action {
    Emit(ModelEvent),
    Wait(Duration),
    Fail(ModelError),
}

/// One answer of a script: parts, pauses and faults, in order.
///
/// ```
/// use std::time::Duration;
/// use scorpio_core::model::ScriptedTurn;
/// let turn = ScriptedTurn::new().reasoning("Hm.").delay(Duration::from_millis(50)).text("Yes.");
/// # let _ = turn;
/// ```
#[derive(Default)]
pub struct ScriptedTurn {
    actions: VecDeque<Action>,
    parts: u32,
    pace: Option<Duration>,
    calls: bool,
    usage: Usage,
    finish: Option<FinishReason>,
    refusal: Option<ModelError>,
    cut: bool,
}

impl ScriptedTurn {
    /// An answer without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// A text, streamed word by word.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.deltas(text.split_inclusive(' '))
    }

    /// A text, streamed in these pieces.
    #[must_use]
    pub fn deltas<'a>(self, deltas: impl IntoIterator<Item = &'a str>) -> Self {
        self.part(PartKind::Text, deltas)
    }

    /// Reasoning, streamed word by word.
    #[must_use]
    pub fn reasoning(self, text: &str) -> Self {
        self.part(PartKind::Reasoning, text.split_inclusive(' '))
    }

    /// A tool call. Several in a turn are called at once.
    #[must_use]
    pub fn tool_call(mut self, call_id: impl Into<ToolCallId>, name: &str, arguments: &str) -> Self {
        self.calls = true;
        let kind = PartKind::ToolCall { call_id: call_id.into(), name: name.into() };
        self.part(kind, [arguments])
    }

    /// A pause.
    #[must_use]
    pub fn delay(mut self, pause: Duration) -> Self {
        self.actions.push_back(Action::Wait(pause));
        self
    }

    /// A pause before every delta of the parts that follow.
    #[must_use]
    pub fn paced(mut self, pause: Duration) -> Self {
        self.pace = Some(pause);
        self
    }

    /// What the call costs.
    #[must_use]
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = usage;
        self
    }

    /// Why the model stops. Unset, it is what the parts call for.
    #[must_use]
    pub fn finish(mut self, reason: FinishReason) -> Self {
        self.finish = Some(reason);
        self
    }

    /// Emits an event that no other method makes, such as [`ModelEvent::FellBack`].
    #[must_use]
    pub fn event(mut self, event: ModelEvent) -> Self {
        self.emit(event);
        self
    }

    /// Fails here, in the middle of the answer.
    #[must_use]
    pub fn error(mut self, error: ModelError) -> Self {
        self.actions.push_back(Action::Fail(error));
        self
    }

    /// Refuses the call before anything is streamed.
    #[must_use]
    pub fn refuse(mut self, error: ModelError) -> Self {
        self.refusal = Some(error);
        self
    }

    /// Ends the stream here, without a finish, as a broken connection does. The last part stays open.
    #[must_use]
    pub fn cut(mut self) -> Self {
        if let Some(Action::Emit(ModelEvent::PartEnd { .. })) = self.actions.back() {
            self.actions.pop_back();
        }
        self.cut = true;
        self
    }

    fn part<'a>(mut self, kind: PartKind, deltas: impl IntoIterator<Item = &'a str>) -> Self {
        let index = self.parts;
        self.parts += 1;
        self.emit(ModelEvent::PartStart { index, kind: kind.clone() });
        let mut whole = String::new();
        for delta in deltas {
            if let Some(pause) = self.pace {
                self.actions.push_back(Action::Wait(pause));
            }
            whole.push_str(delta);
            self.emit(ModelEvent::Delta { index, text: delta.into() });
        }
        self.emit(ModelEvent::PartEnd { index, part: Box::new(finished_part(kind, whole)) });
        self
    }

    fn emit(&mut self, event: ModelEvent) {
        if !self.cut {
            self.actions.push_back(Action::Emit(event));
        }
    }

    pub(super) fn play(mut self) -> Result<ModelStream, ModelError> {
        if let Some(error) = self.refusal {
            return Err(error);
        }
        if !self.cut {
            let by_parts = if self.calls { FinishReason::ToolCalls } else { FinishReason::Stop };
            let reason = self.finish.unwrap_or(by_parts);
            let usage = std::mem::take(&mut self.usage);
            self.actions.push_back(Action::Emit(ModelEvent::Usage(usage)));
            self.actions.push_back(Action::Emit(ModelEvent::Finish { reason }));
        }
        Ok(Box::pin(stream::unfold(self.actions, async |mut actions| {
            loop {
                match actions.pop_front()? {
                    Action::Wait(pause) => tokio::time::sleep(pause).await,
                    Action::Emit(event) => return Some((Ok(event), actions)),
                    Action::Fail(error) => return Some((Err(error), VecDeque::new())),
                }
            }
        })))
    }
}

impl fmt::Debug for ScriptedTurn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedTurn").field("parts", &self.parts).finish_non_exhaustive()
    }
}
