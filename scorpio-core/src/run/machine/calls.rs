//! The tool calls of one turn, from planned to answered.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::RunMachine;
use crate::{
    Json, Message, MessageId, Part, Provenance, Role, ToolOutcome, ToolResultPart,
    store::{ExecutionStatus, ToolExecution},
    tool::RetryClass,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Calls(Vec<ToolExecution>);

/// Plans the calls of an assistant message.
pub(super) fn plan(machine: &RunMachine, message: &Message, retry: impl Fn(&str) -> RetryClass) -> Calls {
    let executions = message.tool_calls().zip(0..).map(|(call, index)| ToolExecution {
        run: machine.run(),
        turn: machine.turn(),
        index,
        call_id: call.call_id.clone(),
        tool: call.name.clone(),
        arguments: call.arguments.clone(),
        idempotency_key: idempotency_key(machine, index, &call.name, &call.arguments),
        retry: retry(&call.name),
        status: ExecutionStatus::Pending,
        attempts: 0,
        result: None,
        error: None,
        started_at: None,
        finished_at: None,
    });
    Calls(executions.collect())
}

/// SHA-256 over what makes a call this call and no other, in hexadecimal. The ids that models make are not in it: they are not
/// to be trusted for uniqueness.
fn idempotency_key(machine: &RunMachine, index: u32, tool: &str, arguments: &str) -> Arc<str> {
    let mut hash = Sha256::new();
    for field in [machine.session().as_str().as_bytes(), machine.run().as_uuid().as_bytes()] {
        hash.update(field);
        hash.update([0]);
    }
    hash.update(machine.turn().to_be_bytes());
    hash.update(index.to_be_bytes());
    hash.update(tool.as_bytes());
    hash.update([0]);
    hash.update(arguments.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in hash.finalize() {
        hex.extend([byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)));
    }
    hex.into()
}

impl Calls {
    pub(super) fn executions(&self) -> &[ToolExecution] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn all_finished(&self) -> bool {
        self.0.iter().all(|execution| execution.result.is_some())
    }

    pub(super) fn start(&mut self, index: u32, at: Timestamp) -> Option<ToolExecution> {
        let execution = self.unfinished(index)?;
        execution.status = ExecutionStatus::Running;
        execution.attempts = execution.attempts.saturating_add(1);
        execution.started_at = Some(at);
        Some(execution.clone())
    }

    pub(super) fn finish(
        &mut self,
        index: u32,
        result: ToolResultPart,
        error: Option<String>,
        at: Timestamp,
    ) -> Option<ToolExecution> {
        let execution = self.unfinished(index)?;
        execution.status =
            if result.is_error() { ExecutionStatus::Failed } else { ExecutionStatus::Completed };
        execution.result = Some(result);
        execution.error = error;
        execution.finished_at = Some(at);
        Some(execution.clone())
    }

    /// The message that answers every call, in order. Calls without a result are answered with the truth about them; those are told
    /// as well.
    pub(super) fn close(&mut self, at: Timestamp) -> (Message, Vec<ToolExecution>) {
        let mut changed = Vec::new();
        for execution in self.0.iter_mut().filter(|execution| execution.result.is_none()) {
            interrupt(execution, at);
            changed.push(execution.clone());
        }
        let results = self.0.iter().filter_map(|execution| execution.result.clone());
        (Message::at(at, MessageId::new(), Role::Tool, results.map(Part::ToolResult).collect()), changed)
    }

    fn unfinished(&mut self, index: u32) -> Option<&mut ToolExecution> {
        let index = usize::try_from(index).ok()?;
        self.0.get_mut(index).filter(|execution| execution.result.is_none())
    }
}

fn interrupt(execution: &mut ToolExecution, at: Timestamp) {
    let started = execution.status == ExecutionStatus::Running;
    let (status, text) = if started {
        (ExecutionStatus::OutcomeUnknown, "Interrupted while it ran. It is not known whether it took effect.")
    } else {
        (ExecutionStatus::Cancelled, "Not run: the answer ended before the tool was started.")
    };
    execution.status = status;
    execution.finished_at = Some(at);
    // The engine wrote this text, not the tool.
    execution.result = Some(ToolResultPart::new(
        execution.call_id.clone(),
        execution.tool.clone(),
        Json::string(text),
        ToolOutcome::Interrupted { started },
        Provenance::System,
    ));
}
