//! Token counts.

use pyo3::prelude::*;
use scorpio_core as core;

use crate::json;

/// Tokens of one model call, or of several added up. The counts mean the same for every provider.
#[derive(Debug, Clone, PartialEq)]
#[pyclass(frozen, eq, module = "scorpio")]
pub(crate) struct Usage(pub(crate) core::Usage);

#[pymethods]
impl Usage {
    #[classattr]
    fn __match_args__() -> (&'static str, &'static str, &'static str, &'static str, &'static str) {
        ("input", "cache_read", "cache_write", "output", "reasoning")
    }

    /// Input tokens that came neither from nor went to a cache.
    #[getter]
    fn input(&self) -> u64 {
        self.0.input
    }

    /// Input tokens that were read from the provider's cache.
    #[getter]
    fn cache_read(&self) -> u64 {
        self.0.cache_read
    }

    /// Input tokens that were written to the provider's cache.
    #[getter]
    fn cache_write(&self) -> u64 {
        self.0.cache_write
    }

    /// Output tokens, those of reasoning among them.
    #[getter]
    fn output(&self) -> u64 {
        self.0.output
    }

    /// Output tokens that were spent on reasoning.
    #[getter]
    fn reasoning(&self) -> u64 {
        self.0.reasoning
    }

    /// All tokens, in and out.
    #[getter]
    fn total(&self) -> u64 {
        self.0.total()
    }

    /// The object that the provider sent; sums have none.
    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.raw.as_ref().map(|raw| json::to_python(py, raw)).transpose()
    }

    fn __repr__(&self) -> String {
        let core::Usage { input, cache_read, cache_write, output, reasoning, .. } = &self.0;
        format!(
            "Usage(input={input}, cache_read={cache_read}, cache_write={cache_write}, output={output}, \
             reasoning={reasoning})"
        )
    }
}
