//! Tools that are Python functions.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use pyo3::{
    intern,
    prelude::*,
    sync::PyOnceLock,
    types::{PyString, PyTuple},
};
use scorpio_core::{
    Json, Trust,
    store::Statement,
    tool::{
        BoxFuture, DynTool, Effects, RetryClass, ToolContext as Context, ToolError, ToolOutput, ToolSpec,
        UnknownOutcome,
    },
};
use tokio::sync::oneshot;

use crate::{courier, error, json, model};

/// What a tool of a run needs to know about the Python side that began it, or that goes on with it.
pub(crate) struct Caller {
    /// The `contextvars` of the caller: tools see what it saw.
    variables: Py<PyAny>,
    /// The loop that `async` tools run on; unset, that of the package's own thread.
    event_loop: Option<Py<PyAny>>,
}

impl Caller {
    /// The caller of this function. Several runs may have the same.
    pub(crate) fn current(py: Python<'_>, event_loop: Option<&Bound<'_, PyAny>>) -> PyResult<Arc<Self>> {
        static COPY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let variables = COPY.import(py, "contextvars", "copy_context")?.call0()?.unbind();
        let event_loop = event_loop.map(|event_loop| event_loop.clone().unbind());
        Ok(Arc::new(Self { variables, event_loop }))
    }
}

/// A tool of Python.
pub(crate) struct PythonTool {
    spec: ToolSpec,
    tool: Arc<Py<PyAny>>,
    is_async: bool,
}

impl PythonTool {
    /// Reads a `scorpio.Tool`.
    pub(crate) fn new(tool: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = tool.py();
        let text = |name: &str| -> PyResult<String> { tool.getattr(name)?.extract() };
        let mut spec = ToolSpec::new(text("name")?, text("description")?)
            .with_parameters(json::from_python(&tool.getattr(intern!(py, "parameters"))?)?)
            .with_retry(match text("retry")?.as_str() {
                "pure" => RetryClass::Pure,
                "idempotent" => RetryClass::Idempotent,
                "transactional" => RetryClass::Transactional,
                _ => RetryClass::AtMostOnce,
            })
            .with_unknown_outcome(match text("on_unknown")?.as_str() {
                "fail" => UnknownOutcome::Fail,
                _ => UnknownOutcome::Ask,
            })
            .with_approval(tool.getattr(intern!(py, "approval"))?.is_truthy()?)
            .with_effects(match text("effects")?.as_str() {
                "none" => Effects::None,
                "read_private" => Effects::ReadPrivate,
                "egress" => Effects::Egress,
                _ => Effects::Write,
            });
        if tool.getattr(intern!(py, "trusted"))?.is_truthy()? {
            spec = spec.with_trust(Trust::Trusted);
        }
        if let Some(seconds) = tool.getattr(intern!(py, "timeout"))?.extract::<Option<f64>>()? {
            spec = spec.with_timeout(model::seconds(seconds)?);
        }
        let is_async = tool.getattr(intern!(py, "is_async"))?.is_truthy()?;
        Ok(Self { spec, tool: Arc::new(tool.clone().unbind()), is_async })
    }

    async fn run(&self, cx: &Context, arguments: &str) -> Result<ToolOutput, ToolError> {
        let caller = cx.get::<Arc<Caller>>().ok_or_else(|| ToolError::new("The tool has no caller."))?;
        let (sender, receiver) = oneshot::channel();
        let state = Arc::new(CallState { sender: Mutex::new(Some(sender)), ..CallState::default() });
        let call = PendingCall {
            tool: Arc::clone(&self.tool),
            cx: cx.clone(),
            arguments: arguments.to_owned(),
            state: Arc::clone(&state),
        };
        let abandon = Abandon(state);
        let is_async = self.is_async;
        courier::send(move |py| {
            let state = Arc::clone(&call.state);
            if let Err(error) = call.start(py, &caller, is_async) {
                state.answer(Err(failed(error)));
            }
        });
        let answer = receiver.await;
        drop(abandon);
        answer.map_err(|_| ToolError::new("The tool was cancelled."))?
    }
}

impl DynTool for PythonTool {
    fn spec(&self) -> &ToolSpec {
        &self.spec
    }

    fn call<'a>(
        &'a self,
        cx: &'a Context,
        arguments: &'a str,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        Box::pin(self.run(cx, arguments))
    }
}

/// What the engine and Python both know of a call.
#[derive(Default)]
struct CallState {
    sender: Mutex<Option<oneshot::Sender<Result<ToolOutput, ToolError>>>>,
    /// Whether nobody waits for the answer any more.
    abandoned: AtomicBool,
    /// The event loop and the task there that runs an `async` tool.
    task: Mutex<Option<(Py<PyAny>, Py<PyAny>)>>,
}

impl CallState {
    fn answer(&self, answer: Result<ToolOutput, ToolError>) {
        lock(&self.task).take();
        if let Some(sender) = lock(&self.sender).take() {
            // Nobody waits for the answer of a call that was abandoned.
            let _ = sender.send(answer);
        }
    }

    /// Cancels the task, if there is one.
    fn cancel(&self) {
        let Some((event_loop, task)) = lock(&self.task).take() else { return };
        courier::send(move |py| {
            // It fails only when the loop is closed, and the task with it.
            let _ = workers(py).and_then(|workers| workers.call_method1("cancel_task", (event_loop, task)));
        });
    }
}

/// Tells the tool, once this is dropped, that nobody waits for its answer.
struct Abandon(Arc<CallState>);

impl Drop for Abandon {
    fn drop(&mut self) {
        self.0.abandoned.store(true, Ordering::Relaxed);
        self.0.cancel();
    }
}

/// One call of a tool, as `_workers` sees it. When it is dropped without an answer, as by a loop that is closed, the call has failed.
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct PendingCall {
    tool: Arc<Py<PyAny>>,
    cx: Context,
    arguments: String,
    state: Arc<CallState>,
}

impl PendingCall {
    fn start(self, py: Python<'_>, caller: &Caller, is_async: bool) -> PyResult<()> {
        // Two calls cannot be inside of one context at once.
        let variables = caller.variables.bind(py).call_method0(intern!(py, "copy"))?;
        let call = Bound::new(py, self)?;
        if is_async {
            let event_loop = caller.event_loop.as_ref().map(|event_loop| event_loop.bind(py));
            workers(py)?.call_method1(intern!(py, "start_on_loop"), (call, variables, event_loop))?;
        } else {
            workers(py)?.call_method1(intern!(py, "start_in_thread"), (call, variables))?;
        }
        Ok(())
    }
}

#[pymethods]
impl PendingCall {
    #[getter]
    fn tool<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.tool.bind(py).clone()
    }

    #[getter]
    fn context(&self) -> ToolContext {
        ToolContext { cx: self.cx.clone(), state: Arc::clone(&self.state) }
    }

    #[getter]
    fn arguments(&self) -> &str {
        &self.arguments
    }

    /// Whether nobody waits for the answer any more.
    #[getter]
    fn abandoned(&self) -> bool {
        self.state.abandoned.load(Ordering::Relaxed)
    }

    /// What to cancel when nobody waits any more.
    fn started(&self, event_loop: Py<PyAny>, task: Py<PyAny>) {
        *lock(&self.state.task) = Some((event_loop, task));
        // It may have been abandoned in between, by somebody who saw no task.
        if self.abandoned() {
            self.state.cancel();
        }
    }

    /// The answer: whether it went well, what the model reads, and what went wrong, for the operator.
    fn finish(&self, went_well: bool, text: &Bound<'_, PyString>, cause: Option<String>) {
        // Half a surrogate pair has no UTF-8; it is replaced.
        let text = text.to_string_lossy().into_owned();
        self.state.answer(match (went_well, cause) {
            (true, _) => Json::parse(text).map(ToolOutput::json).map_err(ToolError::from),
            (false, Some(cause)) => Err(ToolError::new(text).with_source(cause)),
            (false, None) => Err(ToolError::new(text)),
        });
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        self.state.answer(Err(ToolError::new("The tool was cancelled.")));
    }
}

impl fmt::Debug for PendingCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PendingCall").field(self.cx.call_id()).finish()
    }
}

fn workers(py: Python<'_>) -> PyResult<Bound<'_, PyModule>> {
    py.import(intern!(py, "scorpio._workers"))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a tool knows about its call, and can say while it runs. A function asks for it by an argument annotated with this class.
#[pyclass(frozen, module = "scorpio")]
pub(crate) struct ToolContext {
    cx: Context,
    state: Arc<CallState>,
}

#[pymethods]
impl ToolContext {
    /// A context for calling a tool by hand, as tests do.
    #[staticmethod]
    fn detached() -> Self {
        Self { cx: Context::detached(), state: Arc::default() }
    }

    /// The run.
    #[getter]
    fn run_id(&self) -> String {
        self.cx.run().to_string()
    }

    /// The session of the run.
    #[getter]
    fn session(&self) -> &str {
        self.cx.session().as_str()
    }

    /// Whose session it is.
    #[getter]
    fn owner(&self) -> &str {
        self.cx.owner().as_str()
    }

    /// The call, as the model named it.
    #[getter]
    fn call_id(&self) -> &str {
        self.cx.call_id().as_str()
    }

    /// The same at every attempt of this call and of no other: the one to give to a service that takes an `Idempotency-Key`.
    #[getter]
    fn idempotency_key(&self) -> &str {
        self.cx.idempotency_key()
    }

    /// Whether nobody waits for the answer any more. A plain function that takes long should look now and then.
    #[getter]
    fn cancelled(&self) -> bool {
        self.state.abandoned.load(Ordering::Relaxed) || self.cx.cancellation().is_cancelled()
    }

    /// Tells those who watch how far the tool is: anything that has a JSON form.
    #[pyo3(signature = (progress, /))]
    fn progress(&self, progress: &Bound<'_, PyAny>) -> PyResult<()> {
        self.cx.progress(json::from_python(progress)?);
        Ok(())
    }

    /// Sends data to the user interface. A later one of the same name and `id` replaces it.
    #[pyo3(signature = (name, data, *, id = None))]
    fn emit_data(&self, name: &str, data: &Bound<'_, PyAny>, id: Option<String>) -> PyResult<()> {
        self.cx.emit_data(name, id, json::from_python(data)?);
        Ok(())
    }

    /// Says something to the database of the store, in the transaction that records this call's answer.
    #[pyo3(signature = (sql, /, *parameters))]
    fn execute(&self, sql: String, parameters: &Bound<'_, PyTuple>) -> PyResult<()> {
        let mut statement = Statement::new(sql);
        for parameter in parameters {
            let parameter: serde_json::Value = json::from_python(&parameter)?.to().map_err(error::invalid)?;
            statement = statement.bind(parameter);
        }
        self.cx.execute(statement).map_err(|refused| error::tool_error(parameters.py(), refused.message()))
    }

    /// What was said to the database so far.
    #[getter]
    fn executed<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Vec<Bound<'py, PyAny>>)>> {
        let executed = self.cx.executed();
        let read = executed.iter().map(|statement| {
            let parameters = statement.parameters().iter().map(|parameter| json::to_python(py, parameter));
            Ok((statement.sql().to_owned(), parameters.collect::<PyResult<_>>()?))
        });
        read.collect()
    }

    fn __repr__(&self) -> String {
        format!("<scorpio.ToolContext of call {}>", self.cx.call_id())
    }
}

impl fmt::Debug for ToolContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cx.fmt(f)
    }
}

impl fmt::Debug for PythonTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PythonTool").field(&self.spec.name).finish()
    }
}

/// What went wrong in the package itself.
fn failed(error: PyErr) -> ToolError {
    ToolError::new("The tool failed.").with_source(error.to_string())
}
