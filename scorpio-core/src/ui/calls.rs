//! Ids of tool calls. Clients tell calls of a message apart by them, but models number them anew in each turn.

use std::collections::HashMap;

use crate::ToolCallId;

/// Gives each call of a message an id of its own, the same way whether the message is streamed or stored.
#[derive(Debug, Default)]
pub(super) struct CallIds(HashMap<ToolCallId, (u32, ToolCallId)>);

impl CallIds {
    /// A new call.
    pub(super) fn open(&mut self, call_id: &ToolCallId) -> ToolCallId {
        let (count, shown) = self.0.entry(call_id.clone()).or_insert_with(|| (0, call_id.clone()));
        *count += 1;
        if *count > 1 {
            *shown = ToolCallId::from(format!("{call_id}#{count}"));
        }
        shown.clone()
    }

    /// The latest call with this id.
    pub(super) fn current(&self, call_id: &ToolCallId) -> ToolCallId {
        self.0.get(call_id).map_or_else(|| call_id.clone(), |(_, shown)| shown.clone())
    }
}
