//! Errors of the engine as exceptions of the package.

use std::error::Error as _;

use pyo3::{exceptions::PyValueError, intern, prelude::*, sync::PyOnceLock, types::PyType};
use scorpio_core::{ScorpioError, model::ModelErrorKind};

/// The exception for an error.
pub(crate) fn exception(py: Python<'_>, error: &ScorpioError) -> PyErr {
    make(py, error).unwrap_or_else(|failed| failed)
}

/// The exception for an id that is none.
pub(crate) fn invalid(error: impl std::fmt::Display) -> PyErr {
    Python::attach(|py| configuration_error(py, &error.to_string()))
}

fn configuration_error(py: Python<'_>, message: &str) -> PyErr {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.import(py, "scorpio._errors", "ConfigurationError");
    match class {
        Ok(class) => PyErr::from_type(class.clone(), message.to_owned()),
        Err(_) => PyValueError::new_err(message.to_owned()),
    }
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
