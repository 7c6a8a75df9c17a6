//! The tool calls of one turn, from planned to answered.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Rules, RunMachine};
use crate::{
    Json, Message, MessageId, Part, Provenance, Role, ToolCallPart, ToolName, ToolOutcome, ToolResultPart,
    store::{Approval, ApprovalReason, Decision, ExecutionStatus, ToolExecution},
    tool::{ProposedCall, RetryClass, Verdict},
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Calls(Vec<ToolExecution>);

/// Plans the calls of an assistant message.
pub(super) fn plan(machine: &RunMachine, message: &Message, rules: &Rules<'_>, at: Timestamp) -> Calls {
    let executions = message.tool_calls().zip(0..).map(|(call, index)| {
        let spec = rules.tools.get(&call.name).map(|tool| tool.spec());
        let mut execution = ToolExecution {
            run: machine.run(),
            turn: machine.turn(),
            index,
            call_id: call.call_id.clone(),
            tool: call.name.clone(),
            arguments: call.arguments.clone(),
            idempotency_key: idempotency_key(machine, index, &call.name, &call.arguments),
            retry: spec.map_or(RetryClass::AtMostOnce, |spec| spec.retry),
            status: ExecutionStatus::Pending,
            attempts: 0,
            approval: None,
            result: None,
            error: None,
            started_at: None,
            finished_at: None,
        };
        match verdict(machine, call, rules) {
            Verdict::Allow => {}
            Verdict::Ask => ask(&mut execution, ApprovalReason::Policy, rules, at),
            Verdict::Deny(reason) => deny(&mut execution, &format!("Not allowed: {reason}"), at),
        }
        execution
    });
    Calls(executions.collect())
}

fn verdict(machine: &RunMachine, call: &ToolCallPart, rules: &Rules<'_>) -> Verdict {
    let Some(policy) = rules.policy else { return Verdict::Allow };
    let spec = rules.tools.get(&call.name).map(|tool| tool.spec());
    let (session, run) = (machine.session(), machine.run());
    let proposed = ProposedCall { session, run, name: &call.name, spec, arguments: &call.arguments };
    match policy.verdict(&proposed) {
        Verdict::Ask if machine.approved_tools().contains(&call.name) => Verdict::Allow,
        // There is nothing to approve: the model is told that there is no such tool.
        Verdict::Ask if spec.is_none() => Verdict::Allow,
        verdict => verdict,
    }
}

fn ask(execution: &mut ToolExecution, reason: ApprovalReason, rules: &Rules<'_>, at: Timestamp) {
    let key = execution.idempotency_key.get(..24).unwrap_or(&execution.idempotency_key);
    let id = format!("{key}-{}", execution.attempts);
    let mut approval = Approval::new(id, reason, hex(&Sha256::digest(execution.arguments.as_bytes())), at);
    approval.expires_at = rules.patience.and_then(|patience| at.checked_add(patience).ok());
    execution.approval = Some(approval);
    execution.status = match reason {
        ApprovalReason::OutcomeUnknown => ExecutionStatus::OutcomeUnknown,
        ApprovalReason::Policy => ExecutionStatus::AwaitingApproval,
    };
}

fn deny(execution: &mut ToolExecution, text: &str, at: Timestamp) {
    execution.status = ExecutionStatus::Denied;
    close(execution, text, ToolOutcome::Denied, at);
}

/// Answers a call in the engine's own words.
fn close(execution: &mut ToolExecution, text: &str, outcome: ToolOutcome, at: Timestamp) {
    execution.finished_at = Some(at);
    execution.result = Some(ToolResultPart::new(
        execution.call_id.clone(),
        execution.tool.clone(),
        Json::string(text),
        outcome,
        Provenance::System,
    ));
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
    hex(&hash.finalize()).into()
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

const UNKNOWN: &str = "Interrupted while it ran. It is not known whether it took effect.";

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

    /// Whether all that is not finished waits for somebody.
    pub(super) fn only_decisions_are_left(&self) -> bool {
        self.0.iter().filter(|execution| execution.result.is_none()).all(ToolExecution::awaits_decision)
    }

    pub(super) fn start(&mut self, index: u32, at: Timestamp) -> Option<ToolExecution> {
        let execution = self.unfinished(index).filter(|call| call.status == ExecutionStatus::Pending)?;
        execution.status = ExecutionStatus::Running;
        execution.attempts += 1;
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
        let execution = self.unfinished(index).filter(|call| !call.awaits_decision())?;
        finish(execution, result, error, at);
        Some(execution.clone())
    }

    /// Takes in a decision. Answers what changed: nothing, if nobody waits for this decision.
    pub(super) fn decide(
        &mut self,
        id: &str,
        decision: &Decision,
        by: Option<&str>,
        at: Timestamp,
    ) -> Vec<ToolExecution> {
        let is_asked = |execution: &&mut ToolExecution| {
            execution.awaits_decision()
                && execution.approval.as_ref().is_some_and(|approval| approval.id == id)
        };
        let Some(execution) = self.0.iter_mut().find(is_asked) else { return Vec::new() };
        settle(execution, decision, by, at);
        let tool = execution.tool.clone();
        let mut changed = vec![execution.clone()];
        if let Decision::Approve { always: true, .. } = decision {
            let (others, plain) = (self.open_of(&tool), Decision::approve());
            changed.extend(others.map(|other| {
                settle(other, &plain, by, at);
                other.clone()
            }));
        }
        changed
    }

    /// Calls of this tool that somebody is asked about because of a policy.
    fn open_of(&mut self, tool: &ToolName) -> impl Iterator<Item = &mut ToolExecution> {
        self.0.iter_mut().filter(move |execution| {
            execution.status == ExecutionStatus::AwaitingApproval && execution.tool == *tool
        })
    }

    /// Refuses what nobody has answered in time.
    pub(super) fn expire(&mut self, at: Timestamp) -> Vec<ToolExecution> {
        let is_late = |execution: &&mut ToolExecution| {
            let expires_at = execution.approval.as_ref().and_then(|approval| approval.expires_at);
            execution.awaits_decision() && expires_at.is_some_and(|expires_at| expires_at <= at)
        };
        let late = self.0.iter_mut().filter(is_late);
        late.map(|execution| {
            settle(execution, &Decision::deny("nobody answered in time"), None, at);
            execution.clone()
        })
        .collect()
    }

    /// When the next approval is late.
    pub(super) fn next_expiry(&self) -> Option<Timestamp> {
        let open = self.0.iter().filter(|execution| execution.awaits_decision());
        open.filter_map(|execution| execution.approval.as_ref()?.expires_at).min()
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

    /// Calls that were started and have no result.
    pub(super) fn started(&mut self) -> impl Iterator<Item = &mut ToolExecution> {
        self.0
            .iter_mut()
            .filter(|execution| execution.status == ExecutionStatus::Running && execution.result.is_none())
    }

    fn unfinished(&mut self, index: u32) -> Option<&mut ToolExecution> {
        let index = usize::try_from(index).ok()?;
        self.0.get_mut(index).filter(|execution| execution.result.is_none())
    }
}

fn finish(execution: &mut ToolExecution, mut result: ToolResultPart, error: Option<String>, at: Timestamp) {
    let decision = execution.approval.as_ref().and_then(|approval| approval.decision.as_ref());
    if let Some(Decision::Approve { arguments: Some(arguments), .. }) = decision {
        // The model must not believe that it ran as it had asked.
        let answer = result.output.display_text();
        let note =
            format!("[It ran with other arguments, as the user wished: {}]\n{answer}", arguments.get());
        result.output = Json::string(&note);
    }
    execution.status = if result.is_error() { ExecutionStatus::Failed } else { ExecutionStatus::Completed };
    execution.result = Some(result);
    execution.error = error;
    execution.finished_at = Some(at);
}

/// Writes a decision down and does what it says.
fn settle(execution: &mut ToolExecution, decision: &Decision, by: Option<&str>, at: Timestamp) {
    let Some(approval) = &mut execution.approval else { return };
    approval.decision = Some(decision.clone());
    approval.decided_by = by.map(str::to_owned);
    approval.decided_at = Some(at);
    match (decision, approval.reason) {
        (Decision::Approve { arguments, .. }, _) => {
            if let Some(arguments) = arguments {
                execution.arguments = arguments.get().into();
            }
            execution.status = ExecutionStatus::Pending;
        }
        (Decision::Deny { reason }, ApprovalReason::Policy) => {
            let text = match reason {
                Some(reason) => format!("Not run: the user did not allow it ({reason})."),
                None => "Not run: the user did not allow it.".to_owned(),
            };
            deny(execution, &text, at);
        }
        (Decision::Deny { reason }, ApprovalReason::OutcomeUnknown) => {
            let reason = reason
                .as_ref()
                .map(|reason| format!(" It is not tried again: {reason}."))
                .unwrap_or_default();
            close(execution, &format!("{UNKNOWN}{reason}"), ToolOutcome::Interrupted { started: true }, at);
        }
    }
}

fn interrupt(execution: &mut ToolExecution, at: Timestamp) {
    let started = matches!(execution.status, ExecutionStatus::Running | ExecutionStatus::OutcomeUnknown);
    let (status, text) = if started {
        (ExecutionStatus::OutcomeUnknown, UNKNOWN)
    } else {
        (ExecutionStatus::Cancelled, "Not run: the answer ended before the tool was started.")
    };
    execution.status = status;
    close(execution, text, ToolOutcome::Interrupted { started }, at);
}

/// What becomes of calls that were started by a process that is gone.
pub(super) mod recovery {
    use super::*;
    use crate::tool::{Reconciled, UnknownOutcome};

    /// A call that ended the process this often is not started again.
    const STARTS: u32 = 3;

    /// Deals with `execution`, which was started and has no result.
    pub(in super::super) fn recover(
        execution: &mut ToolExecution,
        reconciled: Option<Reconciled<ToolResultPart>>,
        rules: &Rules<'_>,
        at: Timestamp,
    ) {
        let policy =
            rules.tools.get(&execution.tool).map(|tool| tool.spec().unknown_outcome).unwrap_or_default();
        match (reconciled, policy) {
            (Some(Reconciled::Done(result)), _) => finish(execution, result, None, at),
            (Some(Reconciled::NotDone), _) => execution.status = ExecutionStatus::Pending,
            _ if execution.retry.may_run_again() && execution.attempts < STARTS => {
                execution.status = ExecutionStatus::Pending;
            }
            _ if execution.retry.may_run_again() => poison(execution, at),
            (_, UnknownOutcome::Fail) => interrupt(execution, at),
            (_, UnknownOutcome::Ask | UnknownOutcome::Probe) => {
                ask(execution, ApprovalReason::OutcomeUnknown, rules, at);
            }
        }
    }

    fn poison(execution: &mut ToolExecution, at: Timestamp) {
        let text = format!(
            "Interrupted: it was started {STARTS} times, and each time the process that ran it ended before it answered. It is \
             not started again."
        );
        execution.status = ExecutionStatus::Failed;
        execution.error = Some("poison: each start ended the process".to_owned());
        close(execution, &text, ToolOutcome::Interrupted { started: true }, at);
    }
}
