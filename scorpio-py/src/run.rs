//! One run, as Python holds it: its events, in order, and its outcome.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::StreamExt;
use pyo3::{
    exceptions::{PyRuntimeError, PyStopAsyncIteration, PyStopIteration},
    intern,
    prelude::*,
};
use scorpio_core::{Event, Message, Outcome, Result, ResumeRequest, RunHandle, RunRequest, RunStream};

use crate::{
    courier::{self, LoopCall},
    event::Translator,
    message,
    operation::{Operation, running_loop, settle},
    outcome, runtime,
    tool::Caller,
};

/// How often a waiting thread looks for signals such as Ctrl-C.
const SIGNAL_POLL: Duration = Duration::from_millis(25);

/// A run that is to begin, or one that is to go on.
#[derive(Debug)]
pub(crate) enum Request {
    Begin(Box<RunRequest>),
    Resume(Box<ResumeRequest>),
}

impl Request {
    fn handle(&self) -> RunHandle {
        match self {
            Self::Begin(request) => request.handle(),
            Self::Resume(request) => request.handle(),
        }
    }

    fn with(self, caller: Arc<Caller>) -> Self {
        match self {
            Self::Begin(request) => Self::Begin(Box::new(request.with(caller))),
            Self::Resume(request) => Self::Resume(Box::new(request.with(caller))),
        }
    }

    fn stream(self) -> RunStream {
        match self {
            Self::Begin(request) => request.stream(),
            Self::Resume(request) => request.stream(),
        }
    }

    async fn outcome(self) -> Result<Outcome> {
        match self {
            Self::Begin(request) => (*request).await,
            Self::Resume(request) => (*request).await,
        }
    }
}

/// A run. Dropping it cancels the run.
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct RunCore {
    handle: RunHandle,
    request: Mutex<Option<Request>>,
    events: Option<Arc<Events>>,
    operation: Operation,
}

impl RunCore {
    /// A run that has not begun here. Its events are kept only when they are `watched`.
    pub(crate) fn new(request: Request, watched: bool) -> Self {
        let handle = request.handle();
        let operation = Operation::new(Some(handle.clone()));
        let events = watched.then(Arc::default);
        Self { handle, request: Mutex::new(Some(request)), events, operation }
    }

    fn events(&self) -> PyResult<&Arc<Events>> {
        self.events.as_ref().ok_or_else(|| PyRuntimeError::new_err("the events of this run are not kept"))
    }

    /// What comes after the last event: the exception that the run ended with, once, then nothing.
    fn end(&self, py: Python<'_>, exhausted: PyErr) -> PyErr {
        let told = match &self.events {
            Some(events) => std::mem::replace(&mut events.lock().told, true),
            None => true,
        };
        match self.operation.answer(py) {
            Some(Err(error)) if !told => error,
            _ => exhausted,
        }
    }

    /// Begins the run, unless it has begun.
    fn start(&self, event_loop: Option<&Bound<'_, PyAny>>, py: Python<'_>) -> PyResult<()> {
        let request = self.request.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(request) = request else { return Ok(()) };
        let request = request.with(Caller::current(py, event_loop)?);
        let (events, operation) = (self.events.clone(), self.operation.clone());
        runtime::spawn_run(self.handle.clone(), async move {
            let ended = match &events {
                Some(events) => {
                    let mut stream = request.stream();
                    while let Some(event) = stream.next().await {
                        events.push(event);
                    }
                    stream.outcome().await
                }
                None => request.outcome().await,
            };
            operation.finish(outcome::answer(ended));
            if let Some(events) = events {
                events.close();
            }
        })
    }
}

#[pymethods]
impl RunCore {
    /// The run's id.
    #[getter]
    fn run_id(&self) -> String {
        self.handle.run_id().to_string()
    }

    /// Whether it has begun.
    #[getter]
    fn has_begun(&self) -> bool {
        self.request.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Begins the run, whose `async` tools run on `event_loop`, and gives what ends with its outcome.
    #[pyo3(signature = (event_loop = None))]
    fn begin(&self, py: Python<'_>, event_loop: Option<&Bound<'_, PyAny>>) -> PyResult<Operation> {
        self.start(event_loop, py)?;
        Ok(self.operation.clone())
    }

    /// Stops the run.
    fn cancel(&self) {
        self.handle.cancel();
    }

    /// Adds a message, as `_messages.to_engine` writes it, to the run.
    fn steer(&self, text: &str) -> PyResult<bool> {
        let message: Message = message::read(text)?;
        Ok(self.handle.steer(message))
    }

    fn __aiter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __anext__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let py = slf.py();
        let this = slf.get();
        let events = this.events()?;
        let mut waiter = None;
        loop {
            match events.next(waiter.take())? {
                Next::Event(event) => {
                    let ready = Ready::value(events.translate(py, event)?);
                    return Ok(Bound::new(py, ready)?.into_any());
                }
                Next::End => {
                    let ready = Ready::error(this.end(py, PyStopAsyncIteration::new_err(())));
                    return Ok(Bound::new(py, ready)?.into_any());
                }
                Next::Waiting(future) => return Ok(future.into_bound(py)),
                Next::Nothing => {
                    let event_loop = running_loop(py)?;
                    this.start(Some(&event_loop), py)?;
                    let future = event_loop.call_method0(intern!(py, "create_future"))?;
                    let wake = slf.getattr(intern!(py, "_wake"))?;
                    waiter = Some((LoopCall::new(&event_loop, wake, &future), future.unbind()));
                }
            }
        }
    }

    /// Gives the next event to a future, unless somebody has cancelled it: then the event stays for the next one.
    fn _wake(&self, future: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = future.py();
        if future.call_method0(intern!(py, "done"))?.is_truthy()? {
            return Ok(());
        }
        let events = self.events()?;
        let answer = match events.next(None)? {
            Next::Event(event) => events.translate(py, event),
            _ => Err(self.end(py, PyStopAsyncIteration::new_err(()))),
        };
        settle(future, answer)
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.start(None, py)?;
        let events = self.events()?;
        loop {
            match events.next(None)? {
                Next::Event(event) => return events.translate(py, event),
                Next::End => return Err(self.end(py, PyStopIteration::new_err(()))),
                Next::Waiting(_) | Next::Nothing => {}
            }
            py.detach(|| events.wait(SIGNAL_POLL));
            if let Err(interrupt) = py.check_signals() {
                self.cancel();
                return Err(interrupt);
            }
        }
    }
}

impl Drop for RunCore {
    fn drop(&mut self) {
        self.handle.cancel();
    }
}

impl fmt::Debug for RunCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunCore").field("run", &self.handle.run_id()).finish_non_exhaustive()
    }
}

/// The events that have come and have not been asked for.
#[derive(Default)]
struct Events {
    state: Mutex<State>,
    came: Condvar,
    translator: Mutex<Translator>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Arc<Event>>,
    closed: bool,
    /// Whether the error that the run ended with was raised.
    told: bool,
    waiting: Option<LoopCall>,
}

enum Next {
    Event(Arc<Event>),
    Waiting(Py<PyAny>),
    Nothing,
    End,
}

impl Events {
    fn push(&self, event: Arc<Event>) {
        self.change(|state| state.queue.push_back(event));
    }

    fn close(&self) {
        self.change(|state| state.closed = true);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let waiting = {
            let mut state = self.lock();
            change(&mut state);
            state.waiting.take()
        };
        self.came.notify_all();
        courier::make_soon(waiting.into_iter().collect());
    }

    /// The next event, if it is there; else `waiter` is told when it is.
    fn next(&self, waiter: Option<(LoopCall, Py<PyAny>)>) -> PyResult<Next> {
        let mut state = self.lock();
        if let Some(event) = state.queue.pop_front() {
            return Ok(Next::Event(event));
        }
        if state.closed {
            return Ok(Next::End);
        }
        let Some((call, future)) = waiter else { return Ok(Next::Nothing) };
        state.waiting = Some(call);
        Ok(Next::Waiting(future))
    }

    fn translate(&self, py: Python<'_>, event: Arc<Event>) -> PyResult<Py<PyAny>> {
        self.translator.lock().unwrap_or_else(PoisonError::into_inner).translate(py, event)
    }

    fn wait(&self, time: Duration) {
        let nothing = |state: &mut State| state.queue.is_empty() && !state.closed;
        drop(self.came.wait_timeout_while(self.lock(), time, nothing));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something to await that does not wait.
#[pyclass(module = "scorpio._scorpio")]
struct Ready(Option<PyResult<Py<PyAny>>>);

impl Ready {
    fn value(value: Py<PyAny>) -> Self {
        Self(Some(Ok(value)))
    }

    fn error(error: PyErr) -> Self {
        Self(Some(Err(error)))
    }
}

#[pymethods]
impl Ready {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&mut self) -> PyResult<Py<PyAny>> {
        match self.0.take() {
            Some(Ok(value)) => Err(PyStopIteration::new_err((value,))),
            Some(Err(error)) => Err(error),
            None => Err(PyRuntimeError::new_err("it was awaited already")),
        }
    }
}
