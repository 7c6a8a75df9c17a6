//! Decisions on their way to a run: checked against what somebody is really asked, then sent.

use crate::{
    ErrorKind, OwnerId, Result, RunId, ScorpioError, Surface,
    store::{Decision, RunRecord, Signal, Store, StoreErrorKind, ToolExecution},
};

/// Decisions about calls of one run.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    decisions: Vec<(String, Decision)>,
    pub(crate) by: Option<String>,
}

impl Decisions {
    pub(crate) fn add(&mut self, call: &str, decision: Decision) {
        self.decisions.push((call.to_owned(), decision));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.decisions.is_empty()
    }

    /// Sends them. All are checked before the first one is sent.
    pub(crate) async fn send(self, store: &dyn Store, owner: &OwnerId, run: RunId) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let record = store.run(owner, run).await?.filter(|record| record.status.is_live());
        let record =
            record.ok_or_else(|| refused(ErrorKind::NotFound, "There is no such run, or it is over."))?;
        let mut signals = Vec::with_capacity(self.decisions.len());
        for (call, decision) in self.decisions {
            let approval = asked(&record, &call)?;
            check(&decision)?;
            signals.push(Signal::Decide { approval, decision, by: self.by.clone() });
        }
        for signal in signals {
            store.send_signal(owner, run, &signal).await.map_err(|error| match error.kind() {
                StoreErrorKind::AlreadyExists => {
                    refused(ErrorKind::Conflict, "Somebody has decided about this call already.")
                        .with_source(error)
                }
                _ => error.into(),
            })?;
        }
        Ok(())
    }
}

/// The id of the approval that is open for `call`.
fn asked(record: &RunRecord, call: &str) -> Result<String> {
    let is_meant = |execution: &&ToolExecution| {
        let approval = execution.approval.as_ref().map(|approval| approval.id.as_str());
        execution.call_id.as_str() == call || approval == Some(call)
    };
    let execution = record.machine.executions().iter().find(is_meant);
    let Some(execution) = execution else {
        return Err(refused(ErrorKind::NotFound, "This run does not ask about such a call."));
    };
    match &execution.approval {
        Some(approval) if execution.awaits_decision() => Ok(approval.id.clone()),
        Some(_) => Err(refused(ErrorKind::Conflict, "Somebody has decided about this call already.")),
        None => Err(refused(ErrorKind::NotFound, "Nobody is asked about this call.")),
    }
}

fn check(decision: &Decision) -> Result<()> {
    let Decision::Approve { arguments: Some(arguments), .. } = decision else { return Ok(()) };
    if arguments.to::<serde_json::Map<String, serde_json::Value>>().is_err() {
        return Err(refused(ErrorKind::BadRequest, "The arguments of a tool call must be a JSON object."));
    }
    Ok(())
}

fn refused(kind: ErrorKind, text: &'static str) -> ScorpioError {
    ScorpioError::new(kind, Surface::Tool, text)
}
