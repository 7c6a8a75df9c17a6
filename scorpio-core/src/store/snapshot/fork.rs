//! A session that begins as another one did.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{SessionSnapshot, SnapshotMessage};
use crate::{Role, RunId, SessionId, ToolCallId, store::ToolExecution};

impl SessionSnapshot {
    /// A session of its own, `id`, whose history leads to the message `seq` of this one and goes on from there by itself. Other branches
    /// stay behind, and so do tools that somebody has let run without being asked: that held for this session. Calls that nothing has
    /// answered stay behind with the message that made them. `None` when there is no such message.
    ///
    /// ```
    /// use jiff::Timestamp;
    /// use scorpio_core::{Message, OwnerId, RunId, SessionId, store::{NewSession, Session, SessionSnapshot, SnapshotMessage}};
    /// let new = NewSession::new(SessionId::new(), OwnerId::local());
    /// let mut session = Session::create(new, Timestamp::now());
    /// session.version = 2;
    /// let message = |seq, text| SnapshotMessage::new(seq, seq - 1, true, RunId::new(), Message::user(text));
    /// let snapshot = SessionSnapshot::new(session, vec![message(1, "Hello."), message(2, "And?")], Vec::new());
    /// let fork = snapshot.fork_at(1, SessionId::new()).unwrap();
    /// assert_eq!(fork.messages.len(), 1);
    /// assert!(snapshot.fork_at(3, SessionId::new()).is_none());
    /// ```
    #[must_use]
    pub fn fork_at(&self, seq: u64, id: SessionId) -> Option<Self> {
        let mut kept = self.path_to(seq)?;
        while kept.last().is_some_and(|last| last.message.role == Role::Assistant && has_open_calls(&kept)) {
            kept.pop();
        }
        // The same run may have gone on otherwise on another branch: only what the kept history tells of comes along.
        let called = calls_of(&kept);
        let is_told = |call: &&ToolExecution| called.contains(&(call.run, call.turn, &call.call_id));
        let executions = self.executions.iter().filter(is_told).cloned().collect();
        let now = Timestamp::now();
        let mut session = self.session.clone();
        (session.id, session.created_at, session.updated_at) = (id, now, now);
        session.version = kept.last().map_or(0, |last| last.seq);
        session.approved_tools.clear();
        let messages =
            kept.into_iter().map(|kept| SnapshotMessage { is_current: true, ..kept.clone() }).collect();
        Some(Self { session, messages, executions })
    }

    /// The messages that lead to the message `seq`, and it.
    fn path_to(&self, seq: u64) -> Option<Vec<&SnapshotMessage>> {
        let mut path = Vec::new();
        let mut next = seq;
        for message in self.messages.iter().rev() {
            if message.seq == next {
                next = message.parent;
                path.push(message);
            }
        }
        path.reverse();
        (!path.is_empty() && next == 0).then_some(path)
    }
}

/// The calls that messages make, with their runs and turns: models number their calls anew in each turn.
fn calls_of<'a>(messages: &[&'a SnapshotMessage]) -> HashSet<(RunId, u32, &'a ToolCallId)> {
    let mut turns: HashMap<RunId, u32> = HashMap::new();
    let mut calls = HashSet::new();
    for SnapshotMessage { run, message, .. } in messages {
        let turn = turns.entry(*run).or_default();
        *turn += u32::from(message.role == Role::Assistant);
        calls.extend(message.tool_calls().map(|call| (*run, *turn, &call.call_id)));
    }
    calls
}

/// Whether the last message makes calls. What answers them would follow it.
fn has_open_calls(kept: &[&SnapshotMessage]) -> bool {
    kept.last().is_some_and(|last| last.message.tool_calls().next().is_some())
}
