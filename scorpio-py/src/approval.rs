//! Approvals: policies that are written in Python, what somebody is asked, and what is decided.

use pyo3::prelude::*;
use scorpio_core::{
    Decision,
    store::ToolExecution,
    tool::{Approve, ProposedCall, Verdict},
};

use crate::{error, json};

/// What the model is told when nobody could say whether a tool may run.
const NO_VERDICT: &str = "whether it may run could not be told.";

/// Reads a policy, as `_approvals.written_policy` writes it: a word, a list of names, or a function.
pub(crate) fn policy(written: &Bound<'_, PyAny>) -> PyResult<Approve> {
    if let Ok(word) = written.extract::<String>() {
        return match word.as_str() {
            "declared" => Ok(Approve::declared()),
            "destructive" => Ok(Approve::destructive()),
            "all" => Ok(Approve::all()),
            other => Err(error::invalid(format!("{other:?} is no policy of approval"))),
        };
    }
    if let Ok(names) = written.extract::<Vec<String>>() {
        return Ok(Approve::tools(names));
    }
    let judge = Judge(written.clone().unbind());
    Ok(Approve::when(move |call| judge.verdict(call)))
}

/// A function of Python that decides about tool calls.
struct Judge(Py<PyAny>);

impl Judge {
    /// What it says. A function that fails, or that cannot be asked any more, allows nothing.
    fn verdict(&self, call: &ProposedCall<'_>) -> Verdict {
        // There is no such tool, and the model is told so.
        let Some(spec) = call.spec else { return Verdict::Allow };
        let effects = json::spelling(&spec.effects);
        let asked = Python::try_attach(|py| -> PyResult<(String, String)> {
            let (run, session) = (call.run.to_string(), call.session.as_str());
            self.0.bind(py).call1((call.name.as_str(), call.arguments, effects, run, session))?.extract()
        });
        match asked {
            Some(Ok((verdict, reason))) => match verdict.as_str() {
                "allow" => Verdict::Allow,
                "ask" => Verdict::Ask,
                _ => Verdict::Deny(reason),
            },
            Some(Err(_)) | None => Verdict::Deny(NO_VERDICT.to_owned()),
        }
    }
}

/// Reads a decision, as `_approvals.written_decision` writes it.
pub(crate) fn decision(text: &str) -> PyResult<Decision> {
    serde_json::from_str(text).map_err(error::invalid)
}

/// A decision as the package's own `Approve` or `Deny`.
pub(crate) fn write_decision<'py>(py: Python<'py>, decision: &Decision) -> PyResult<Bound<'py, PyAny>> {
    let text = serde_json::to_string(decision).map_err(error::invalid)?;
    json::read_by(py, "scorpio._approvals", "decision_from_engine", text)
}

/// Calls that wait, as the package's own `PendingApproval`s.
pub(crate) fn pending(py: Python<'_>, calls: &[ToolExecution]) -> PyResult<Py<PyAny>> {
    let text = serde_json::to_string(calls).map_err(error::invalid)?;
    json::read_by(py, "scorpio._approvals", "pending_from_engine", text).map(Bound::unbind)
}
