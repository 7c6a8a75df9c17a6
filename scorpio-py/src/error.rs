//! Errors of the engine as exceptions of the package.

use std::{error::Error as _, fmt};

use pyo3::{intern, prelude::*};
use scorpio_core::{ScorpioError, model::ModelErrorKind};

/// The exception for an error.
pub(crate) fn exception(py: Python<'_>, error: &ScorpioError) -> PyErr {
    make(py, error).unwrap_or_else(|failed| failed)
}

/// The exception for an argument that makes no sense.
pub(crate) fn invalid(wrong: impl fmt::Display) -> PyErr {
    Python::attach(|py| of_class(py, "ConfigurationError", &wrong.to_string()))
}

/// The exception for a store that cannot be opened.
pub(crate) fn store_error(py: Python<'_>, message: &str) -> PyErr {
    of_class(py, "StoreError", message)
}

/// The exception for a journal that does not hold from a step on.
pub(crate) fn journal_error(py: Python<'_>, step: u64, message: &str) -> PyErr {
    let made = py
        .import(intern!(py, "scorpio._errors"))
        .and_then(|errors| errors.call_method1(intern!(py, "_broken_journal"), (step, message)));
    made.map_or_else(|failed| failed, PyErr::from_value)
}

/// The exception by which a tool tells the model what went wrong.
pub(crate) fn tool_error(py: Python<'_>, message: &str) -> PyErr {
    of_class(py, "ToolError", message)
}

fn of_class(py: Python<'_>, class: &str, message: &str) -> PyErr {
    let made =
        py.import(intern!(py, "scorpio._errors")).and_then(|errors| errors.call_method1(class, (message,)));
    made.map_or_else(|failed| failed, PyErr::from_value)
}

fn make(py: Python<'_>, error: &ScorpioError) -> PyResult<PyErr> {
    let model = error.model_error();
    let kind = model.map(|model| model_kind(model.kind()));
    let detail =
        model.map(|model| model.to_string()).or_else(|| error.source().map(|source| source.to_string()));
    let value = py.import(intern!(py, "scorpio._errors"))?.call_method1(
        intern!(py, "_from_engine"),
        (
            error.code(),
            error.message(),
            model.map_or(error.is_retryable(), |model| model.is_retryable()),
            error.retry_after().map(|after| after.as_secs_f64()),
            detail,
            kind,
            model.and_then(|model| model.status()),
            model.and_then(|model| model.request_id()),
        ),
    )?;
    Ok(PyErr::from_value(value))
}

const fn model_kind(kind: ModelErrorKind) -> &'static str {
    match kind {
        ModelErrorKind::RateLimited => "rate_limited",
        ModelErrorKind::Auth => "auth",
        _ => "other",
    }
}
