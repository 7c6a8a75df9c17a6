//! Tools that are Python functions.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use pyo3::{intern, prelude::*, sync::PyOnceLock};
use scorpio_core::{
    Trust,
    tool::{
        BoxFuture, DynTool, Effects, RetryClass, ToolContext as Context, ToolError, ToolOutput, ToolSpec,
    },
};
use tokio::sync::oneshot;

use crate::{
    courier::{self, LoopCall},
    error, json,
};

/// What a tool of a run needs to know about the Python side that began it.
pub(crate) struct Caller {
    /// The `contextvars` of the caller: tools see what it saw.
    variables: Py<PyAny>,
    /// The loop that `async` tools run on; unset, that of the package's own thread.
    event_loop: Option<Py<PyAny>>,
}

impl Caller {
    /// The caller of this function.
    pub(crate) fn current(py: Python<'_>, event_loop: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        static COPY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let variables = COPY.import(py, "contextvars", "copy_context")?.call0()?.unbind();
        Ok(Self { variables, event_loop: event_loop.map(|event_loop| event_loop.clone().unbind()) })
    }

    fn event_loop<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.event_loop {
            Some(event_loop) => Ok(event_loop.bind(py).clone()),
            None => py.import(intern!(py, "scorpio._loop"))?.call_method0(intern!(py, "background_loop")),
        }
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
                _ => RetryClass::AtMostOnce,
            })
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
            spec = spec.with_timeout(Duration::try_from_secs_f64(seconds).map_err(error::invalid)?);
        }
        let is_async = tool.getattr(intern!(py, "is_async"))?.is_truthy()?;
        Ok(Self { spec, tool: Arc::new(tool.clone().unbind()), is_async })
    }

    async fn run(&self, cx: &Context, arguments: &str) -> Result<ToolOutput, ToolError> {
        let caller = cx.get::<Caller>().ok_or_else(|| ToolError::new("The tool has no caller."))?;
        let abandoned = Abandoned::default();
        let call = Call {
            tool: Arc::clone(&self.tool),
            context: ToolContext { cx: cx.clone(), abandoned: Arc::clone(&abandoned.0) },
            arguments: arguments.to_owned(),
            caller,
        };
        let result = if self.is_async {
            call.on_event_loop().await
        } else {
            tokio::task::spawn_blocking(|| call.in_this_thread()).await?
        };
        drop(abandoned);
        result?.into_result()
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

/// Tells a tool, once this is dropped, that nobody waits for its answer.
#[derive(Default)]
struct Abandoned(Arc<AtomicBool>);

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What a call of `Tool._call_sync` or `Tool._call_async` answered.
struct Answer {
    went_well: bool,
    text: String,
    /// For the operator.
    cause: Option<String>,
}

impl Answer {
    fn read(answer: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (went_well, text, cause): (bool, Bound<'_, PyAny>, Option<String>) = answer.extract()?;
        let text = text.cast::<pyo3::types::PyString>()?.to_string_lossy().into_owned();
        Ok(Self { went_well, text, cause })
    }

    fn into_result(self) -> Result<ToolOutput, ToolError> {
        if self.went_well {
            let json = scorpio_core::Json::parse(self.text)?;
            return Ok(ToolOutput::json(json));
        }
        let error = ToolError::new(self.text);
        Err(match self.cause {
            Some(cause) => error.with_source(cause),
            None => error,
        })
    }
}

/// One call of a tool.
struct Call {
    tool: Arc<Py<PyAny>>,
    context: ToolContext,
    arguments: String,
    caller: Arc<Caller>,
}

impl Call {
    /// Runs a plain function, with the global lock held while Python runs.
    fn in_this_thread(self) -> Result<Answer, ToolError> {
        let ended = Python::try_attach(|py| {
            let function = self.tool.bind(py).getattr(intern!(py, "_call_sync"))?;
            // Two calls cannot be inside of one context at once.
            let variables = self.caller.variables.bind(py).call_method0(intern!(py, "copy"))?;
            let answer =
                variables.call_method1(intern!(py, "run"), (function, self.context, self.arguments))?;
            Answer::read(&answer)
        });
        ended.ok_or_else(|| ToolError::new("The program is ending."))?.map_err(failed)
    }

    /// Runs an `async` function as a task of the caller's event loop. Dropping the future cancels the task.
    async fn on_event_loop(self) -> Result<Answer, ToolError> {
        let (sender, receiver) = oneshot::channel();
        let task =
            Arc::new(Task(Mutex::new(TaskState { sender: Some(sender), handle: None, cancelled: false })));
        let cancel = CancelOnDrop(Arc::clone(&task));
        courier::send(move |py| {
            if let Err(error) = PendingCall::schedule(py, self, Arc::clone(&task)) {
                task.answer(Err(failed(error)));
            }
        });
        let answer = receiver.await;
        drop(cancel);
        answer.map_err(|_| ToolError::new("The tool was cancelled."))?
    }
}

/// The task of an event loop that runs a call.
struct Task(Mutex<TaskState>);

struct TaskState {
    sender: Option<oneshot::Sender<Result<Answer, ToolError>>>,
    handle: Option<TaskHandle>,
    cancelled: bool,
}

struct TaskHandle {
    event_loop: Py<PyAny>,
    task: Py<PyAny>,
}

impl Task {
    fn answer(&self, answer: Result<Answer, ToolError>) {
        let mut state = self.lock();
        state.handle = None;
        if let Some(sender) = state.sender.take() {
            // Nobody waits for the answer of a call that was cancelled.
            let _ = sender.send(answer);
        }
    }

    fn lock(&self) -> MutexGuard<'_, TaskState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cancels a task that has not answered when this is dropped.
struct CancelOnDrop(Arc<Task>);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let handle = {
            let mut state = self.0.lock();
            state.cancelled = true;
            state.sender = None;
            state.handle.take()
        };
        let Some(TaskHandle { event_loop, task }) = handle else { return };
        courier::send(move |py| {
            let cancel = |event_loop: &Bound<'_, PyAny>| -> PyResult<()> {
                let cancel = task.bind(py).getattr(intern!(py, "cancel"))?;
                event_loop.call_method1(intern!(py, "call_soon_threadsafe"), (cancel,)).map(drop)
            };
            // It fails only when the loop is closed, and the task with it.
            let _ = cancel(event_loop.bind(py));
        });
    }
}

/// A call on its way to an event loop, and its task's callback there.
#[pyclass(frozen, module = "scorpio._scorpio")]
struct PendingCall {
    call: Mutex<Option<Call>>,
    task: Arc<Task>,
    event_loop: Py<PyAny>,
}

impl PendingCall {
    fn schedule(py: Python<'_>, call: Call, task: Arc<Task>) -> PyResult<()> {
        let event_loop = call.caller.event_loop(py)?;
        let variables = call.caller.variables.bind(py).call_method0(intern!(py, "copy"))?;
        let pending = Self { call: Mutex::new(Some(call)), task, event_loop: event_loop.clone().unbind() };
        let pending = Bound::new(py, pending)?;
        let start = pending.getattr(intern!(py, "_start"))?;
        LoopCall::new(&event_loop, start, pending.as_any()).make(py, Some(variables))
    }

    fn start(&self, pending: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = pending.py();
        let call = self.call.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(call) = call.filter(|_| !self.task.lock().cancelled) else { return Ok(()) };
        let function = call.tool.bind(py).getattr(intern!(py, "_call_async"))?;
        let coroutine = function.call1((call.context, call.arguments))?;
        let handle = self.event_loop.bind(py).call_method1(intern!(py, "create_task"), (coroutine,))?;
        let ended = pending.getattr(intern!(py, "_ended"))?;
        handle.call_method1(intern!(py, "add_done_callback"), (ended,))?;
        let cancelled = {
            let mut state = self.task.lock();
            let event_loop = self.event_loop.clone_ref(py);
            state.handle = Some(TaskHandle { event_loop, task: handle.clone().unbind() });
            state.cancelled
        };
        if cancelled {
            handle.call_method0(intern!(py, "cancel"))?;
        }
        Ok(())
    }
}

#[pymethods]
impl PendingCall {
    /// Makes the task. Called by the event loop.
    fn _start(&self, pending: &Bound<'_, PyAny>) {
        if let Err(error) = self.start(pending) {
            self.task.answer(Err(failed(error)));
        }
    }

    /// The task is over. Called by the event loop.
    fn _ended(&self, task: &Bound<'_, PyAny>) {
        let py = task.py();
        let answer = task.call_method0(intern!(py, "result")).and_then(|answer| Answer::read(&answer));
        self.task.answer(
            answer.map_err(|error| ToolError::new("The tool was cancelled.").with_source(error.to_string())),
        );
    }
}

/// What a tool knows about its call, and can say while it runs. A function asks for it by an argument annotated with this class.
#[derive(Debug)]
#[pyclass(frozen, module = "scorpio")]
pub(crate) struct ToolContext {
    cx: Context,
    abandoned: Arc<AtomicBool>,
}

#[pymethods]
impl ToolContext {
    /// A context for calling a tool by hand, as tests do.
    #[staticmethod]
    fn detached() -> Self {
        Self { cx: Context::detached(), abandoned: Arc::default() }
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
        self.abandoned.load(Ordering::Relaxed) || self.cx.cancellation().is_cancelled()
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

    fn __repr__(&self) -> String {
        format!("<scorpio.ToolContext of call {}>", self.cx.call_id())
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
