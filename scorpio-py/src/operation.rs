//! Work of the engine that Python waits for: on an event loop, by a future, or in a thread, without holding the global lock.

use std::{
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use pyo3::{intern, prelude::*, sync::PyOnceLock};
use scorpio_core::RunHandle;

use crate::{
    courier::{self, LoopCall},
    runtime,
};

/// Makes the Python value, or the exception, that work ended with. It may be asked more than once.
pub(crate) type Answer = Box<dyn Fn(Python<'_>) -> PyResult<Py<PyAny>> + Send + Sync>;

/// How often a waiting thread looks for signals such as Ctrl-C.
const SIGNAL_POLL: Duration = Duration::from_millis(25);

/// How long a thread that was interrupted waits at most for the run to leave its session in order. It takes a few milliseconds.
const INTERRUPT_GRACE: Duration = Duration::from_millis(500);

/// Work that is going, or done.
#[derive(Clone)]
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct Operation(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    ended: Condvar,
    /// What to cancel when a waiting thread is interrupted.
    run: Option<RunHandle>,
}

#[derive(Default)]
struct State {
    answer: Option<Arc<Answer>>,
    waiting: Vec<LoopCall>,
}

impl Operation {
    /// Work that has not ended. `run` is cancelled when a thread that waits for it is interrupted.
    pub(crate) fn new(run: Option<RunHandle>) -> Self {
        Self(Arc::new(Shared { state: Mutex::default(), ended: Condvar::new(), run }))
    }

    /// Begins work on the runtime.
    pub(crate) fn spawn(work: impl Future<Output = Answer> + Send + 'static) -> PyResult<Self> {
        let operation = Self::new(None);
        let ended = operation.clone();
        runtime::handle()?.spawn(async move { ended.finish(work.await) });
        Ok(operation)
    }

    /// Ends it, and tells those who wait.
    pub(crate) fn finish(&self, answer: Answer) {
        let waiting = {
            let mut state = self.lock();
            state.answer = Some(Arc::new(answer));
            std::mem::take(&mut state.waiting)
        };
        self.0.ended.notify_all();
        courier::make_soon(waiting);
    }

    /// What it ended with, if it has.
    pub(crate) fn answer(&self, py: Python<'_>) -> Option<PyResult<Py<PyAny>>> {
        let answer = self.lock().answer.clone();
        answer.map(|answer| answer(py))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A future of the running event loop that is given to `function` when the work is over.
    fn when_ended<'py>(&self, function: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = function.py();
        let event_loop = running_loop(py)?;
        let future = event_loop.call_method0(intern!(py, "create_future"))?;
        let call = LoopCall::new(&event_loop, function.clone(), &future);
        {
            let mut state = self.lock();
            if state.answer.is_none() {
                state.waiting.push(call);
                return Ok(future);
            }
        }
        function.call1((&future,))?;
        Ok(future)
    }

    /// Waits for the end, at most for `time`. Answers whether it has come.
    fn wait_for(&self, time: Duration) -> bool {
        let pending = |state: &mut State| state.answer.is_none();
        let waited = self.0.ended.wait_timeout_while(self.lock(), time, pending);
        waited.unwrap_or_else(PoisonError::into_inner).0.answer.is_some()
    }
}

#[pymethods]
impl Operation {
    /// A future of the running event loop, for the result.
    fn future<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let resolve = slf.getattr(intern!(slf.py(), "_resolve"))?;
        slf.get().when_ended(resolve)
    }

    /// A future of the running event loop that gives `None` when the work is over, however it ended.
    fn settled<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        let release = slf.getattr(intern!(slf.py(), "_release"))?;
        slf.get().when_ended(release)
    }

    /// Gives the result to a future.
    fn _resolve(&self, future: &Bound<'_, PyAny>) -> PyResult<()> {
        match self.answer(future.py()) {
            Some(answer) => settle(future, answer),
            None => Ok(()),
        }
    }

    /// Gives `None` to a future.
    #[allow(clippy::unused_self)]
    fn _release(&self, future: &Bound<'_, PyAny>) -> PyResult<()> {
        settle(future, Ok(future.py().None()))
    }

    /// Blocks this thread until the work is done. Signals are heeded: when one raises, the run is cancelled first.
    fn wait(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        loop {
            self.wait_settled(py)?;
            if let Some(answer) = self.answer(py) {
                return answer;
            }
        }
    }

    /// As `wait`, without the result.
    fn wait_settled(&self, py: Python<'_>) -> PyResult<()> {
        while !py.detach(|| self.wait_for(SIGNAL_POLL)) {
            if let Err(interrupt) = py.check_signals() {
                if let Some(run) = &self.0.run {
                    run.cancel();
                    py.detach(|| self.wait_for(INTERRUPT_GRACE));
                }
                return Err(interrupt);
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").finish_non_exhaustive()
    }
}

/// The event loop that runs in this thread.
pub(crate) fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static GET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    GET.import(py, "asyncio", "get_running_loop")?.call0()
}

/// Gives a result to a future, unless somebody has cancelled it.
pub(crate) fn settle(future: &Bound<'_, PyAny>, answer: PyResult<Py<PyAny>>) -> PyResult<()> {
    let py = future.py();
    if future.call_method0(intern!(py, "done"))?.is_truthy()? {
        return Ok(());
    }
    match answer {
        Ok(value) => future.call_method1(intern!(py, "set_result"), (value,)),
        Err(error) => future.call_method1(intern!(py, "set_exception"), (error,)),
    }
    .map(drop)
}
