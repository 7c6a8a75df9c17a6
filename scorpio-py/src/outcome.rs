//! How a run went.

use pyo3::prelude::*;
use scorpio_core::{Outcome, Result};

use crate::{approval, error, json, message, operation::Answer, usage::Usage};

/// How a run went, without the shape of its answer, which Python adds.
#[derive(Debug)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct OutcomeCore(Outcome);

#[pymethods]
impl OutcomeCore {
    #[getter]
    fn text(&self) -> String {
        self.0.text()
    }

    #[getter]
    fn status(&self) -> &'static str {
        match &self.0 {
            Outcome::Done { .. } => "done",
            Outcome::Paused { .. } => "paused",
            _ => "stopped",
        }
    }

    #[getter]
    fn reason(&self) -> String {
        match &self.0 {
            Outcome::Done { reason, .. } => json::spelling(reason),
            Outcome::Stopped { reason, .. } => json::spelling(reason),
            Outcome::Paused { .. } => "approval".to_owned(),
            _ => "other".to_owned(),
        }
    }

    #[getter]
    fn pending(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        approval::pending(py, self.0.pending())
    }

    #[getter]
    fn usage(&self) -> Usage {
        Usage(self.0.usage().clone())
    }

    #[getter]
    fn cost_usd(&self) -> f64 {
        self.0.report().cost_usd
    }

    #[getter]
    fn turns(&self) -> u32 {
        self.0.report().turns
    }

    #[getter]
    fn uncertain_calls(&self) -> u32 {
        self.0.report().uncertain_calls
    }

    #[getter]
    fn run_id(&self) -> String {
        self.0.report().run.to_string()
    }

    #[getter]
    fn session(&self) -> &str {
        self.0.report().session.as_str()
    }

    #[getter]
    fn messages(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        message::write(py, self.0.report().messages())
    }
}

/// What a run that ended so gives to those who wait for it.
pub(crate) fn answer(ended: Result<Outcome>) -> Answer {
    Box::new(move |py| match &ended {
        Ok(outcome) => Ok(Py::new(py, OutcomeCore(outcome.clone()))?.into_any()),
        Err(error) => Err(error::exception(py, error)),
    })
}
