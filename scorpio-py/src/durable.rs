//! The runs in a store, for a process that did not begin them: told something, looked at, and taken up.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use pyo3::{IntoPyObjectExt, prelude::*};
use scorpio_core::{Result, Runtime, run::Worker, store::RunRecord, tool::Extensions};

use crate::{
    agent::AgentCore,
    approval, error, json, message, model,
    operation::{Answer, Operation},
    runtime,
    store::{EventLogCore, StoreCore, owner_id, run_id, session_id},
    tool::Caller,
};

/// The runs in a store.
#[pyclass(frozen, module = "scorpio._scorpio")]
pub(crate) struct RuntimeCore {
    runtime: Runtime,
    worker: Mutex<Option<Worker>>,
}

#[pymethods]
impl RuntimeCore {
    #[new]
    #[pyo3(signature = (store, *, agents, event_log, interval, sole_user))]
    fn new(
        store: &Bound<'_, StoreCore>,
        agents: Vec<Bound<'_, AgentCore>>,
        event_log: Option<&Bound<'_, EventLogCore>>,
        interval: Option<f64>,
        sole_user: bool,
    ) -> PyResult<Self> {
        let mut runtime = Runtime::new(store.get().store());
        for agent in agents {
            runtime = runtime.agent(agent.get().agent().clone());
        }
        if let Some(log) = event_log {
            runtime = runtime.event_log(log.get().log());
        }
        if let Some(seconds) = interval {
            runtime = runtime.interval(model::seconds(seconds)?);
        }
        if sole_user {
            runtime = runtime.sole_user();
        }
        Ok(Self { runtime, worker: Mutex::default() })
    }

    /// Takes up what nobody drives, and ends with how many runs that were. Their `async` tools run on `event_loop`.
    #[pyo3(signature = (event_loop = None))]
    fn recover(&self, py: Python<'_>, event_loop: Option<&Bound<'_, PyAny>>) -> PyResult<Operation> {
        let runtime = self.called_from(py, event_loop)?;
        Operation::spawn(async move { answer(runtime.recover().await, |py, taken| taken.into_py_any(py)) })
    }

    /// Begins to look for runs again and again, unless it does so already.
    #[pyo3(signature = (event_loop = None))]
    fn start(&self, py: Python<'_>, event_loop: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let runtime = self.called_from(py, event_loop)?;
        let tokio = runtime::handle()?;
        let _entered = tokio.enter();
        self.worker().get_or_insert_with(|| runtime.start());
        Ok(())
    }

    /// Ends that.
    fn stop(&self) -> PyResult<Operation> {
        let worker = self.worker().take();
        Operation::spawn(async move {
            if let Some(worker) = worker {
                worker.stop().await;
            }
            answer(Ok(()), |py, ()| Ok(py.None()))
        })
    }

    /// A run, as JSON text that `_runtime` reads.
    fn run(&self, owner: &str, run: &str) -> PyResult<Operation> {
        let (runtime, owner, run) = (self.runtime.clone(), owner_id(owner)?, run_id(run)?);
        Operation::spawn(async move { answer(runtime.run(&owner, run).await, write_run) })
    }

    /// The calls of a session that wait for a decision.
    fn approvals(&self, owner: &str, session: &str) -> PyResult<Operation> {
        let (runtime, owner, session) = (self.runtime.clone(), owner_id(owner)?, session_id(session)?);
        Operation::spawn(async move {
            answer(runtime.approvals(&owner, &session).await, |py, calls| approval::pending(py, calls))
        })
    }

    /// Stops a run.
    fn stop_run(&self, owner: &str, run: &str) -> PyResult<Operation> {
        let (runtime, owner, run) = (self.runtime.clone(), owner_id(owner)?, run_id(run)?);
        Operation::spawn(async move { answer(runtime.stop(&owner, run).await, |py, ()| Ok(py.None())) })
    }

    /// Adds a message, as `_messages.to_engine` writes it, to a run.
    fn steer(&self, owner: &str, run: &str, text: &str) -> PyResult<Operation> {
        let (runtime, owner, run) = (self.runtime.clone(), owner_id(owner)?, run_id(run)?);
        let message = message::read(text)?;
        Operation::spawn(
            async move { answer(runtime.steer(&owner, run, message).await, |py, ()| Ok(py.None())) },
        )
    }

    /// Decides about a call. If its run goes on here, its `async` tools run on `event_loop`.
    #[pyo3(signature = (owner, run, call, decision, by, event_loop = None))]
    #[allow(clippy::too_many_arguments)]
    fn decide(
        &self,
        py: Python<'_>,
        owner: &str,
        run: &str,
        call: String,
        decision: &str,
        by: Option<String>,
        event_loop: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Operation> {
        let runtime = self.called_from(py, event_loop)?;
        let (owner, run, decision) = (owner_id(owner)?, run_id(run)?, approval::decision(decision)?);
        Operation::spawn(async move {
            answer(runtime.decide(&owner, run, &call, decision, by).await, |py, ()| Ok(py.None()))
        })
    }
}

impl RuntimeCore {
    /// The runtime, for which the tools of runs that go on here have this caller.
    fn called_from(&self, py: Python<'_>, event_loop: Option<&Bound<'_, PyAny>>) -> PyResult<Runtime> {
        let caller = Caller::current(py, event_loop)?;
        Ok(self.runtime.clone().extensions(move |_| {
            let mut extensions = Extensions::new();
            extensions.insert(Arc::clone(&caller));
            extensions
        }))
    }

    fn worker(&self) -> MutexGuard<'_, Option<Worker>> {
        self.worker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn answer<T: Send + Sync + 'static>(
    result: Result<T>,
    write: impl Fn(Python<'_>, &T) -> PyResult<Py<PyAny>> + Send + Sync + 'static,
) -> Answer {
    Box::new(move |py| match &result {
        Ok(value) => write(py, value),
        Err(failed) => Err(error::exception(py, failed)),
    })
}

fn write_run(py: Python<'_>, record: &RunRecord) -> PyResult<Py<PyAny>> {
    let text = serde_json::json!({
        "id": record.id,
        "session": record.session,
        "owner": record.owner,
        "agent": record.machine.agent(),
        "status": record.status,
        "end": record.end,
        "turn": record.machine.turn(),
        "recoveries": record.recoveries,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "wakes_at": record.wake_at,
    });
    json::read_by(py, "scorpio._runtime", "run_from_engine", text.to_string()).map(Bound::unbind)
}

impl fmt::Debug for RuntimeCore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.runtime.fmt(f)
    }
}
