//! Python values as JSON text and back, by Python's own `json`.

use pyo3::{prelude::*, sync::PyOnceLock};
use scorpio_core::Json;

use crate::error;

/// The JSON of a Python value.
///
/// # Errors
///
/// `TypeError` or `ValueError` when it has none.
pub(crate) fn from_python(value: &Bound<'_, PyAny>) -> PyResult<Json> {
    static DUMPS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let text = DUMPS.import(value.py(), "scorpio._json", "dumps")?.call1((value,))?;
    parse(&text)
}

/// The JSON in a Python string.
pub(crate) fn parse(text: &Bound<'_, PyAny>) -> PyResult<Json> {
    let text = text.cast::<pyo3::types::PyString>()?;
    // Half a surrogate pair has no UTF-8; it is replaced.
    Json::parse(text.to_string_lossy()).map_err(error::invalid)
}

/// The Python value of some JSON.
pub(crate) fn to_python<'py>(py: Python<'py>, json: &Json) -> PyResult<Bound<'py, PyAny>> {
    loads(py, json.get())
}

/// The Python value of some JSON text.
pub(crate) fn loads<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    static LOADS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    LOADS.import(py, "json", "loads")?.call1((text,))
}

/// Calls a function of the package's own modules with one text.
pub(crate) fn read_by<'py>(
    py: Python<'py>,
    module: &str,
    function: &str,
    text: String,
) -> PyResult<Bound<'py, PyAny>> {
    py.import(module)?.call_method1(function, (text,))
}

/// The spelling of a value that serializes to a JSON string, such as a unit variant of an enum.
pub(crate) fn spelling(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}
