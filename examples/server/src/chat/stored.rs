//! The events of an answer whose log is gone, made up from the messages that are stored.

use std::sync::Arc;

use jiff::Timestamp;
use scorpio_core::{
    Event, EventKind, Message, Part, PartDelta, PartFinished, PartStarted, Role, RunEnd, RunFinished,
    RunStarted, ToolFinished, TurnStarted,
    model::PartKind,
    store::{RunRecord, StoredMessage},
};

/// What a client would have been told of `record`, in fewer and larger pieces.
pub(super) fn events(record: &RunRecord, history: &[StoredMessage]) -> Vec<Arc<Event>> {
    let written = history.iter().map(|stored| &stored.message);
    let written = written.filter(|message| message.run == Some(record.id) && message.role != Role::User);
    let mut log = Log { record, turn: 0, events: Vec::new() };
    log.push(EventKind::RunStarted(RunStarted { message_id: record.machine.message_id().clone() }));
    written.for_each(|message| log.message(message));
    let outcome = record.end.unwrap_or(RunEnd::Interrupted);
    log.push(EventKind::RunFinished(RunFinished { outcome, usage: record.usage().clone() }));
    log.events
}

struct Log<'a> {
    record: &'a RunRecord,
    turn: u32,
    events: Vec<Arc<Event>>,
}

impl Log<'_> {
    fn push(&mut self, kind: EventKind) {
        let seq = self.events.len() as u64 + 1;
        let (session, run) = (self.record.session.clone(), self.record.id);
        self.events.push(Arc::new(Event::new(session, run, seq, Timestamp::now(), kind)));
    }

    fn message(&mut self, message: &Message) {
        if message.role == Role::Assistant {
            self.turn += 1;
            let (turn, message_id) = (self.turn, message.id.clone());
            self.push(EventKind::TurnStarted(TurnStarted { turn, message_id }));
        }
        for (index, part) in (0..).zip(&message.parts) {
            self.part(index, part);
        }
    }

    fn part(&mut self, index: u32, part: &Part) {
        let turn = self.turn;
        let (kind, text) = match part {
            Part::Text(text) => (PartKind::Text, text.text.as_str()),
            Part::Reasoning(reasoning) => (PartKind::Reasoning, reasoning.text.as_str()),
            Part::ToolCall(call) => {
                let (call_id, name) = (call.call_id.clone(), call.name.clone());
                (PartKind::ToolCall { call_id, name }, &*call.arguments)
            }
            Part::ToolResult(result) => {
                let result = result.clone();
                return self.push(EventKind::ToolFinished(ToolFinished { result, duration_ms: 0 }));
            }
            // The stream has no word for the others, or they stand in the history.
            _ => return,
        };
        let text = Arc::from(text);
        self.push(EventKind::PartStarted(PartStarted { turn, index, part: kind }));
        self.push(EventKind::PartDelta(PartDelta { turn, index, text }));
        self.push(EventKind::PartFinished(PartFinished { turn, index, part: part.clone() }));
    }
}

#[cfg(test)]
mod tests;
