//! Ids of the tool calls of one answer. The results are matched by them, also by those who watch the answer arrive.

use std::collections::HashMap;

use crate::{
    Part, ToolCallId,
    model::{ModelEvent, PartKind},
};

/// Gives calls that share an id with an earlier call of the same answer an id of their own, from the first event of the call on.
#[derive(Debug, Default)]
pub(super) struct UniqueIds {
    /// Answers hold a handful of calls, which are found faster than hashed.
    taken: Vec<ToolCallId>,
    renamed: HashMap<u32, ToolCallId>,
}

impl UniqueIds {
    pub(super) fn apply(&mut self, event: &mut ModelEvent) {
        match event {
            ModelEvent::PartStart { index, kind: PartKind::ToolCall { call_id, .. } } => {
                let mut copy = 2;
                let original = call_id.clone();
                while self.taken.contains(call_id) {
                    *call_id = ToolCallId::from(format!("{original}-{copy}"));
                    copy += 1;
                }
                self.taken.push(call_id.clone());
                if *call_id != original {
                    self.renamed.insert(*index, call_id.clone());
                }
            }
            ModelEvent::PartEnd { index, part } => {
                if let (Part::ToolCall(call), Some(renamed)) = (&mut **part, self.renamed.get(index)) {
                    call.call_id = renamed.clone();
                }
            }
            _ => {}
        }
    }
}
